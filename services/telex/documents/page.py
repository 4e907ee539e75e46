"""An article's page: its text by paragraphs, and what it says of the article, with what each was known from.

In three steps: the page's blocks in the order of reading (`page_blocks`), an opinion which of them are text
(`page_votes`: trafilatura), and rules that know better at the edges (`page_story`). Facts come from what the page
says of itself (`page_facts`). Time is linear in the page's size; what is too large is cut (`page_tree`).
"""

from collections.abc import Sequence
from typing import Any

from telex.core.model import Markup, Media, PageDocument, PageRules, Unreadable
from telex.documents import (
    feeds,
    limits,
    links,
    page_body,
    page_facts,
    page_metas,
    page_rules,
    page_signs,
    page_tree,
    page_votes,
)
from telex.documents.markup import to_text
from telex.documents.page_blocks import Block, Kind, blocks, squashed
from telex.documents.page_facts import Facts
from telex.documents.page_story import Choice, choose

_SHORT = 0.3
_BY_RULE = "the catalogue's selector"


def read(body: bytes, content_type: str | None, url: str, rules: PageRules | None = None) -> PageDocument | Unreadable:
    """The page in these bytes. What the catalogue's `rules` find is the story, whatever else would be taken for it."""
    parsed = page_tree.parse(body, content_type)
    if isinstance(parsed, Unreadable):
        return parsed
    tree, repairs = parsed
    metas = page_metas.metas(tree)
    facts = page_facts.read(tree, url, metas)
    for repair in repairs:
        facts.repairs.note(repair)
    picked = _picked(tree, rules, facts) if rules is not None else []
    shown = blocks(tree)
    for sign in page_signs.signs(tree, facts, shown, metas):
        facts.repairs.note(sign)
    text, html = _written(picked, facts, _BY_RULE) if picked else _text(tree, facts, shown, url)
    return PageDocument(
        url=url,
        title=facts.title,
        text=text,
        html=html,
        authors=facts.authors[: limits.AUTHORS],
        published=facts.published,
        updated=facts.updated,
        language=feeds.language(facts.language),
        media=_image(facts, url),
        repairs=facts.repairs.names(),
        summary=facts.description,
        sources=tuple(sorted((name, source) for name, source in facts.sources.items() if source)),
    )


def _text(tree: Any, facts: Facts, shown: Sequence[Block], url: str) -> tuple[str | None, str | None]:
    """The story as text and as HTML, or neither."""
    story = _story(tree, facts, shown, url)
    if page_signs.is_consent(story):
        facts.repairs.note(page_signs.CONSENT_WALL)
        story = []
    size = sum(len(block.text) for block in story)
    if facts.body is not None and len(facts.body) >= 200 and size < _SHORT * len(facts.body):
        facts.repairs.note(page_signs.BODY_FROM_METADATA)
        facts.sources["body"] = "json-ld articleBody"
        return _tidy(page_body.parted(facts.body), facts), None
    if not story:
        return None, None
    return _written(story, facts, "the blocks of the page")


def _written(story: Sequence[Block], facts: Facts, source: str) -> tuple[str | None, str | None]:
    facts.sources["body"] = source
    html = page_body.html_of(story)
    return _tidy(page_body.text_of(story), facts), html if len(html) <= limits.CONTENT else None


def _picked(tree: Any, rules: PageRules, facts: Facts) -> list[Block]:
    """The blocks that the catalogue's selectors name."""
    page_rules.drop(tree, rules)
    found: list[Block] = []
    for element in page_rules.bodies(tree, rules):
        element.tail = None  # what stands behind it is not in it
        found += [block for block in blocks(element) if block.kind is not Kind.CAPTION]
    if rules.body is not None and not found:
        facts.repairs.note(page_rules.UNMATCHED)
    return found


def _story(tree: Any, facts: Facts, shown: Sequence[Block], url: str) -> list[Block]:
    keys = [squashed(block.text) for block in shown]
    voted, text = page_votes.votes(tree, shown, keys, url)
    choice = Choice(
        blocks=shown,
        keys=keys,
        keep=voted,
        text=text,
        guide=squashed(facts.body or ""),
        title=squashed(facts.title or ""),
        titles=frozenset(squashed(title) for title in facts.titles),
        authors=frozenset(squashed(author.name) for author in facts.authors if author.name),
    )
    return choose(choice)


def _tidy(text: str, facts: Facts) -> str | None:
    return to_text(Markup(facts.repairs.cut(text, limits.CONTENT, "content"), html=False)) or None


def _image(facts: Facts, url: str) -> tuple[Media, ...]:
    address = links.absolute(url, facts.image)
    return (Media(address),) if address else ()
