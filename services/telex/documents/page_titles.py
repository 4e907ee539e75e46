"""A page's headline, without the site's name, from the witnesses that the page gives for it."""

import re
from itertools import islice
from typing import Any

from telex.documents import page_metas
from telex.documents.page_blocks import squashed
from telex.documents.page_jsonld import ArticleNode

_SEPARATOR = re.compile(r"\s+[|–—·•»:/-]+\s+|\s*[|»]\s*|:\s+")
_CUTS = 8
_SHOWN = 10
# What publishers fill with most care counts most. Where the metadata disagree among themselves, the page decides.
_WEIGHTS = {"json-ld headline": 2.0, "og:title": 2.2, "title": 1.4, "twitter:title": 0.5}
_SHOWN_WEIGHT = 2.0


def title(
    tree: Any, node: ArticleNode, metas: dict[str, list[str]], sites: set[str]
) -> tuple[str | None, str, tuple[str, ...]]:
    """The headline, what it was taken from, and all that the page calls its article."""
    shown = [text for text in (page_metas.line_of(element) for element in islice(tree.iter("h1"), _SHOWN)) if text]
    given = {
        "json-ld headline": page_metas.one_line(node.headline),
        "og:title": page_metas.one_line(page_metas.first(metas, ("og:title",))),
        "twitter:title": page_metas.one_line(page_metas.first(metas, ("twitter:title",))),
        "title": page_metas.one_line(next((element.text for element in tree.iter("title")), None)),
    }
    said = {name: text for name, text in given.items() if text}
    exact = {squashed(text) for text in [*shown, *said.values()]}
    said = {name: _without_site(text, sites, exact) for name, text in said.items()}
    elected, source = _elected(said, shown)
    return elected, source, tuple(dict.fromkeys([*said.values(), *shown]))


def _elected(said: dict[str, str], shown: list[str]) -> tuple[str | None, str]:
    """The headline that most of the page's own witnesses repeat; between spellings of it, that of the metadata."""
    shared = said.get("og:title")
    if "json-ld headline" not in said and shared:
        return _without_kicker(shared, shown), "og:title"
    votes: dict[str, float] = {}
    for name, text in said.items():
        votes[text] = votes.get(text, 0.0) + _WEIGHTS[name]
    for text in dict.fromkeys(shown):
        if text in votes or len(shown) == 1:
            votes[text] = votes.get(text, 0.0) + _SHOWN_WEIGHT
    if not votes:
        return (shown[0], "h1") if shown else (None, "")
    winner = max(votes, key=lambda text: votes[text])
    source = next((name for name, text in said.items() if text == winner), "h1")
    if shared and source != "og:title" and squashed(shared) == squashed(winner):
        return shared, "og:title"
    return winner, source


def _without_kicker(title: str, shown: list[str]) -> str:
    """The title without what stands before it, where the page's own heading has the same end behind something else."""
    whole = squashed(title)
    for heading in shown:
        if squashed(heading) == whole:
            return title
        for cut in _SEPARATOR.finditer(heading):
            end = heading[cut.end() :]
            before = title[: title.find(end)] if end in title else title
            if (
                len(end) >= 25
                and whole.endswith(squashed(end))
                and _words(before).isdisjoint(_words(heading[: cut.start()]))
            ):
                return end
    return title


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.casefold()))


def _without_site(title: str, sites: set[str], exact: set[str]) -> str:
    """The title without kicker, section and site: the part that stands alone elsewhere, else what the site's name leaves."""
    cuts = [cut for cut in _SEPARATOR.finditer(title) if cut[0].strip() != "/"][:_CUTS]
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(title)]
    parts = [title[start:end] for start in starts for end in ends if end - start >= 15 and end - start < len(title)]
    alone = [part for part in parts if squashed(part) in exact]
    if alone:
        return max(alone, key=len).strip()
    cuts = [cut for cut in cuts if cut[0].strip() != ":"]
    while cuts and _is_site(squashed(title[cuts[-1].end() :]), sites):
        title = title[: cuts.pop().start()].strip()
    if cuts and _is_site(squashed(title[: cuts[0].start()]), sites):
        title = title[cuts[0].end() :].strip()
    return title


def _is_site(name: str, sites: set[str]) -> bool:
    """Whether it is one of the site's names, or most of one, or one with little beside it."""
    return any(name == site or _is_much_of(name, site) or _is_much_of(site, name) for site in sites)


def _is_much_of(part: str, whole: str) -> bool:
    return len(part) >= 4 and len(part) * 5 >= len(whole) * 2 and part in whole
