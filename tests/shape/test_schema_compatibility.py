"""The schemas against every released copy, and the checker against a schema broken in every way."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from shape.compat import BOTH, DATA, READERS, Hurts, breaks
from shape.freeze_schemas import SCHEMAS, SUMS, files, freeze, sums
from support.schema_validation import assert_valid_event
from telex.wire import schemas

RELEASES = sorted((path for path in (SCHEMAS / "released").iterdir() if path.is_dir()), key=lambda path: int(path.name))
NEWEST = RELEASES[-1]
FREEZE = "python tests/shape/freeze_schemas.py NUMBER (the next; or --again with one that nobody has installed yet)"
READ_BY_TELEX = frozenset({"catalogue", "taxonomy"})
"""Schemas of what telex reads: a later release must accept what was written for an earlier one, not the reverse."""


def loader(root: Path, replaced: dict[str, dict] | None = None):
    """Loads from a directory, with some schemas replaced."""

    def load(name: str) -> bytes:
        if replaced and name in replaced:
            return json.dumps(replaced[name]).encode()
        try:
            return (root / f"{name}.json").read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    return load


def names(root: Path) -> list[str]:
    return [name.removesuffix(".json") for name in files(root) if name.endswith(".json") and "examples/" not in name]


CASES = [pytest.param(release, name, id=f"{release.name}-{name}") for release in RELEASES for name in names(release)]


@pytest.mark.parametrize(("release", "name"), CASES)
def test_a_schema_breaks_nobody_who_lives_by_a_released_one(release, name):
    found = breaks(name, loader(release), loader(SCHEMAS))
    assert [b for b in found if name not in READ_BY_TELEX or Hurts.OLD_DATA in b.hurts] == []


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_released_copy_is_never_touched(release):
    assert sums(files(release)) == (release / SUMS).read_text("utf-8")


def test_every_schema_is_frozen():
    """One that is in no release yet could change unseen."""
    assert set(schemas.schema_names()) <= set(names(NEWEST)), f"freeze it: {FREEZE}"


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_channels_and_messages_of_a_release_are_still_there(release):
    released, current = (yaml.safe_load((root / "asyncapi.yaml").read_bytes()) for root in (release, SCHEMAS))
    for key, channel in released["channels"].items():
        assert current["channels"][key]["address"] == channel["address"]
        assert channel["messages"].keys() <= current["channels"][key]["messages"].keys()
    for key, message in released["components"]["messages"].items():
        assert current["components"]["messages"][key]["name"] == message["name"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_every_example_of_a_release_is_still_valid(release):
    examples = [data for name, data in files(release).items() if name.startswith("examples/telex.")]
    assert len(examples) >= 10
    for data in examples:
        assert_valid_event(json.loads(data))


def test_what_is_frozen_is_a_whole_copy_and_is_not_frozen_twice(tmp_path):
    for name, data in files(SCHEMAS).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    frozen = freeze(tmp_path, 7, again=False)
    assert files(frozen) == files(SCHEMAS)
    (frozen / "article" / "1.json").write_text("{}")
    assert sums(files(frozen)) != (frozen / SUMS).read_text("utf-8")
    with pytest.raises(FileExistsError):
        freeze(tmp_path, 7, again=False)
    assert files(freeze(tmp_path, 7, again=True)) == files(SCHEMAS)


# The checker itself: every released schema of what telex writes, broken at every place.

WRITTEN = [name for name in names(NEWEST) if name not in READ_BY_TELEX]


def released(name: str) -> dict:
    return json.loads(loader(NEWEST)(name))


def places(schema, path=()):
    """Where in the file each schema with properties, items or neither stands; the root is ()."""
    yield path
    for word in ("properties", "$defs"):
        for key, member in schema.get(word, {}).items():
            yield from places(member, (*path, word, key))
    if "items" in schema:
        yield from places(schema["items"], (*path, "items"))


def changed(schema: dict, path: tuple[str, ...], change) -> dict:
    """A copy of the schema with `change` made to the part at `path`."""
    fresh = copy.deepcopy(schema)
    part = fresh
    for step in path:
        part = part[step]
    change(part)
    return fresh


def at(schema, path):
    for step in path:
        schema = schema[step]
    return schema


def judged(name: str, mutant: dict) -> frozenset[Hurts]:
    """Whom the checker says the mutant hurts."""
    found = breaks(name, loader(NEWEST), loader(NEWEST, {name: mutant}))
    return frozenset().union(*(b.hurts for b in found))


def objects(schema):
    return [path for path in places(schema) if "properties" in at(schema, path)]


def values(schema):
    return [path for path in places(schema) if {"type", "const", "enum"} & at(schema, path).keys() and path]


def members(schema):
    return [(path, key) for path in objects(schema) for key in at(schema, path)["properties"]]


def _drop(key, *, required):
    def change(part):
        del part["properties"][key]
        if required:
            part["required"] = [name for name in part["required"] if name != key]

    return change


@pytest.mark.parametrize("name", WRITTEN)
def test_dropping_any_member_is_caught(name):
    schema = released(name)
    assert members(schema)
    for path, key in members(schema):
        for required in (False, True):
            assert judged(name, changed(schema, path, _drop(key, required=required))) == BOTH, (path, key)


@pytest.mark.parametrize("name", WRITTEN)
def test_no_longer_requiring_any_member_is_caught(name):
    schema = released(name)
    for path in objects(schema):
        for key in at(schema, path)["required"]:
            mutant = changed(schema, path, lambda part, key=key: part["required"].remove(key))
            assert judged(name, mutant) == READERS, (path, key)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_new_member_may_be_optional_but_not_required_nor_may_an_object_close(name):
    schema = released(name)
    for path in objects(schema):
        optional = changed(schema, path, lambda part: part["properties"].update(added={"type": "string"}))
        assert judged(name, optional) == frozenset(), path
        required = changed(optional, path, lambda part: part["required"].append("added"))
        assert judged(name, required) == DATA, path
        closed = changed(schema, path, lambda part: part.update(additionalProperties=False))
        assert judged(name, closed) == DATA, path


@pytest.mark.parametrize("name", WRITTEN)
def test_changing_any_type_is_caught(name):
    schema = released(name)
    for path in values(schema):
        kinds = at(schema, path).get("type")
        if kinds is None:
            continue
        known = [kinds] if isinstance(kinds, str) else kinds
        other = "boolean" if "boolean" not in known else "string"
        for wrong, hurts in (
            (other, BOTH),
            ([*known, other], READERS),
            ([*known, "null"] if "null" not in known else [kind for kind in known if kind != "null"], None),
        ):
            mutant = changed(schema, path, lambda part, wrong=wrong: part.update(type=wrong))
            found = judged(name, mutant)
            assert found == (hurts or (DATA if "null" in known else READERS)), (path, wrong)


def test_narrowing_and_widening_any_enum_is_caught():
    seen = 0
    for name in WRITTEN:
        schema = released(name)
        for path in values(schema):
            for value in at(schema, path).get("enum", ()):
                narrow = changed(schema, path, lambda part, value=value: part["enum"].remove(value))
                assert judged(name, narrow) == DATA, (name, path, value)
                seen += 1
            if "enum" in at(schema, path):
                assert judged(name, changed(schema, path, lambda part: part["enum"].append("new"))) == READERS
                assert judged(name, changed(schema, path, lambda part: part.pop("enum"))) == READERS
            elif "const" in at(schema, path):
                assert judged(name, changed(schema, path, lambda part: part.update(const="new"))) == BOTH
            else:
                assert judged(name, changed(schema, path, lambda part: part.update(enum=["new"]))) == DATA
    assert seen > 20


def test_lifting_changing_or_adding_any_rule_is_caught():
    seen = 0
    for name in WRITTEN:
        schema = released(name)
        for path in values(schema):
            for word in at(schema, path).keys() & {"format", "pattern", "minLength", "minimum", "maximum"}:
                assert judged(name, changed(schema, path, lambda part, word=word: part.pop(word))) == READERS
                other = changed(schema, path, lambda part, word=word: part.update({word: "other"}))
                assert judged(name, other) == BOTH
                seen += 1
            for word in ("not", "minProperties", "if", "unheardOf"):
                assert judged(name, changed(schema, path, lambda part, word=word: part.update({word: {}}))) == DATA
    assert seen > 30


def test_a_list_of_other_items_and_a_reference_to_another_thing_are_caught():
    schema = released("article/1")
    lists = [path for path in places(schema) if "items" in at(schema, path)]
    assert len(lists) > 10
    for path in lists:
        assert judged("article/1", changed(schema, path, lambda part: part.update(items={"type": "boolean"}))) == BOTH
        assert judged("article/1", changed(schema, path, lambda part: part.pop("items"))) == READERS
    for path in (path for path in places(schema) if "$ref" in at(schema, path)):
        other = {"$ref": "#/$defs/change" if at(schema, path)["$ref"] != "#/$defs/change" else "#/$defs/media"}
        assert judged("article/1", changed(schema, path, lambda part, other=other: part.update(other))) == BOTH


def test_other_words_for_people_and_another_order_break_nobody():
    for name in WRITTEN:
        schema = released(name)
        for path in places(schema):
            reworded = changed(
                schema, path, lambda part: part.update(title="Other", description="Other.", examples=[1])
            )
            assert judged(name, reworded) == frozenset()
        for path in objects(schema):
            turned = changed(schema, path, lambda part: part["required"].reverse())
            assert judged(name, turned) == frozenset()


def test_a_definition_written_out_where_it_is_used_is_the_same_schema():
    schema = released("article/1")
    inline = changed(schema, ("properties",), lambda part: part.update(source=schema["$defs"]["source"]))
    assert judged("article/1", inline) == frozenset()


def test_a_break_is_seen_through_references_between_files():
    mutant = changed(released("article/1"), (), _drop("title", required=True))
    for kind in ("published", "updated", "withdrawn"):
        name = f"events/telex.article.{kind}"
        found = breaks(name, loader(NEWEST), loader(NEWEST, {"article/1": mutant}))
        assert {b.path for b in found} == {"$.data.title"}


def test_a_branch_taken_away_and_a_schema_taken_away_are_caught():
    name = "events/telex.feed.gap"
    schema = released(name)
    assert judged(name, changed(schema, (), lambda part: part.update(allOf=[]))) == BOTH
    assert judged(name, changed(schema, (), lambda part: part["allOf"].append({"type": "object"}))) == BOTH

    def empty(name: str) -> bytes:
        raise KeyError(name)

    assert [b.what for b in breaks(name, loader(NEWEST), empty)] == ["the schema is gone"]


def test_the_checker_and_a_validator_agree_on_who_is_hurt():
    """What the checker says of old data, a validator of the mutant says of the released example."""
    schema = released("article/1")
    article = json.loads((NEWEST / "examples" / "telex.article.published.json").read_bytes())["data"]
    for change, valid in (
        (lambda part: part["properties"].update(added={"type": "string"}), True),
        (lambda part: part["required"].append("added"), False),
        (lambda part: part["properties"]["language"].update(type="null"), False),
        (lambda part: part["properties"]["language"].update(type=["string", "null", "array"]), True),
        (lambda part: part["properties"]["published_at_source"]["enum"].remove("feed"), False),
        (lambda part: part["properties"]["published_at_source"]["enum"].append("new"), True),
    ):
        mutant = changed(schema, (), change)
        assert Draft202012Validator(mutant).is_valid(article) is valid
        assert (Hurts.OLD_DATA not in judged("article/1", mutant)) is valid


def test_what_telex_reads_may_accept_more_but_not_less():
    closed = {"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"], "additionalProperties": False}
    more = closed | {"properties": {"a": {"enum": ["x", "y"]}, "b": {}}, "required": []}

    def hurt(old: dict, new: dict) -> frozenset[Hurts]:
        found = breaks("c", lambda _: json.dumps(old).encode(), lambda _: json.dumps(new).encode())
        return frozenset().union(*(b.hurts for b in found))

    assert hurt(closed, more) == READERS
    assert hurt(more, closed) == BOTH
