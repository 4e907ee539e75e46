"""What a page says of its article in JSON-LD (schema.org): graphs, arrays, references and broken JSON included."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]

BROKEN = "page.jsonld_broken"
_SCRIPTS = 40
_CHARACTERS = 2 * 1024 * 1024
_NODES = 4000
_ARTICLE = re.compile(r"(?:^|[/:])(?:\w*Article|BlogPosting|LiveBlogPosting|SocialMediaPosting|Report|Review)$")
_INTO = ("@graph", "mainEntity", "mainEntityOfPage")
_WRAPPER = re.compile(
    r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\]\]>|/\*\]\]>\*/|\]\]>)?[\s;]*$"
)
_COMMA = re.compile(r",(\s*[}\]])")
_FIELD = re.compile(r'"(headline|datePublished|dateModified)"\s*:\s*"((?:[^"\\]|\\.){1,500})"')
_AUTHOR = re.compile(r'"author"\s*:\s*[\[{][^\]}]{0,500}?"name"\s*:\s*"((?:[^"\\]|\\.){1,200})"')


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote it; `agency` where the page says that it is an organisation."""

    name: str
    url: str | None
    agency: bool


@dataclass(frozen=True, slots=True)
class ArticleNode:
    """The article as JSON-LD has it; dates as written. `free` is isAccessibleForFree, `live` a live blog."""

    headline: str | None = None
    description: str | None = None
    body: str | None = None
    people: tuple[Person, ...] = ()
    published: str | None = None
    modified: str | None = None
    image: str | None = None
    language: str | None = None
    publisher: str | None = None
    free: bool | None = None
    live: bool = False


def read(tree: Any) -> tuple[ArticleNode, bool]:
    """The page's article, empty where there is none, and whether some JSON was broken."""
    roots: list[Any] = []
    salvaged: list[Node] = []
    broken = False
    size = 0
    for text in _scripts(tree):
        size += len(text)
        if size > _CHARACTERS:
            break
        value = _load(text)
        if value is None:
            broken = True
            salvaged.append(_salvage(text))
        else:
            roots.append(value)
    nodes = list(_nodes([*roots, *salvaged]))
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [node for node in nodes if _is_article(node)]
    if not articles:
        return ArticleNode(publisher=_site(nodes)), broken
    # The first has the most to say where a page has several (a WebPage's stub, then the article).
    best = max(enumerate(articles), key=lambda pair: (_weight(pair[1]), -pair[0]))[1]
    return _article(best, known, _site(nodes)), broken


def _scripts(tree: Any) -> Iterator[str]:
    count = 0
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            count += 1
            if count > _SCRIPTS:
                return
            yield script.text


def _load(text: str) -> Any:
    plain = _WRAPPER.sub("", text)
    for attempt in (plain, _COMMA.sub(r"\1", plain), html.unescape(plain) if "&quot;" in plain else ""):
        if not attempt:
            continue
        try:
            return json.JSONDecoder(strict=False).raw_decode(attempt.lstrip())[0]
        except (ValueError, RecursionError):
            continue
    return None


def _salvage(text: str) -> Node:
    """The fields that stand plainly in JSON that no reader takes."""
    node: Node = {}
    for name, value in _FIELD.findall(text[:_CHARACTERS]):
        node.setdefault(name, _unescaped(value))
    author = _AUTHOR.search(text)
    if author:
        node["author"] = {"name": _unescaped(author[1])}
    if node:
        node["@type"] = "NewsArticle"
    return node


def _unescaped(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"', strict=False))
    except ValueError:
        return value


def _nodes(roots: list[Any]) -> Iterator[Node]:
    """The nodes that stand for the page: not the items of its lists, nor the updates of a live blog."""
    waiting, seen = list(reversed(roots)), 0
    while waiting and seen < _NODES:
        value = waiting.pop()
        seen += 1
        if isinstance(value, list):
            waiting.extend(reversed(value[:_NODES]))
        elif isinstance(value, dict):
            yield value
            waiting.extend(value[key] for key in reversed(_INTO) if isinstance(value.get(key), (dict, list)))


def _is_article(node: Node) -> bool:
    return any(_ARTICLE.search(kind) for kind in _texts(node.get("@type")))


def _weight(node: Node) -> int:
    return sum(bool(node.get(key)) for key in ("headline", "datePublished", "author", "articleBody"))


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _text(value: Any) -> str | None:
    for one in value if isinstance(value, list) else [value]:
        found = one.get("@value") if isinstance(one, dict) else one
        if isinstance(found, str) and found.strip():
            return found
    return None


def _article(node: Node, known: dict[str, Node], site: str | None) -> ArticleNode:
    people = tuple(_people(node.get("author"), known)) or tuple(_people(node.get("creator"), known))
    return ArticleNode(
        headline=_text(node.get("headline")) or _text(node.get("name")),
        description=_text(node.get("description")),
        body=_text(node.get("articleBody")),
        people=people,
        published=_text(node.get("datePublished")) or _text(node.get("dateCreated")),
        modified=_text(node.get("dateModified")),
        image=_address(node.get("image"), known) or _text(node.get("thumbnailUrl")),
        language=_text(node.get("inLanguage")),
        publisher=_name(node.get("publisher"), known) or site,
        free=_free(node.get("isAccessibleForFree")),
        live=any(kind.endswith("LiveBlogPosting") for kind in _texts(node.get("@type"))),
    )


def _people(value: Any, known: dict[str, Node]) -> Iterator[Person]:
    for one in (value if isinstance(value, list) else [value])[:50]:
        if isinstance(one, str):
            yield Person(one, None, agency=False)
        elif isinstance(one, list):
            yield from _people([each for each in one if not isinstance(each, list)], known)
        elif isinstance(one, dict):
            full = one if one.get("name") else known.get(str(one.get("@id")), one)
            agency = any("Organization" in kind for kind in _texts(full.get("@type")) if kind != "Person")
            agency = agency and "Person" not in _texts(full.get("@type"))
            for name in _texts(full.get("name")):
                yield Person(name, _text(full.get("url")), agency=agency)


def _name(value: Any, known: dict[str, Node]) -> str | None:
    return next((person.name for person in _people(value, known)), None)


def _site(nodes: list[Node]) -> str | None:
    return next(
        (name for node in nodes if "WebSite" in _texts(node.get("@type")) if (name := _text(node.get("name")))), None
    )


def _address(value: Any, known: dict[str, Node]) -> str | None:
    for one in value if isinstance(value, list) else [value]:
        node = known.get(str(one.get("@id")), one) if isinstance(one, dict) and "url" not in one else one
        found = _text(node.get("url") or node.get("contentUrl")) if isinstance(node, dict) else node
        if isinstance(found, str) and found:
            return found
    return None


def _free(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower().rpartition("/")[2]
    return {"true": True, "false": False}.get(text)
