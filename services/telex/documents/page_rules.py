"""What the catalogue knows of a publisher's pages: CSS selectors, applied to the tree before any rule of ours."""

import functools
from typing import Any, Final

import cssselect
from lxml import etree

from telex.core.model import PageRules

UNMATCHED: Final = "page.selector_unmatched"
LONGEST: Final = 200
"""Characters of a selector."""


def check(selector: str) -> None:
    """See whether a selector can be used.

    Raises:
        ValueError: it cannot; the text says why.
    """
    try:
        _compiled(selector)
    except (cssselect.SelectorError, etree.XPathError) as error:
        raise ValueError(str(error)) from error


@functools.lru_cache(512)
def _compiled(selector: str) -> Any:
    return etree.XPath(cssselect.HTMLTranslator().css_to_xpath(selector))


def drop(tree: Any, rules: PageRules) -> None:
    """Take the elements off the tree that are no story; the text behind them stays."""
    for selector in rules.drop:
        for element in _compiled(selector)(tree):
            if element.getparent() is not None:
                element.drop_tree()


def bodies(tree: Any, rules: PageRules) -> list[Any]:
    """The outermost elements that hold the story, in the page's order; none where the page has no such."""
    if rules.body is None:
        return []
    found = _compiled(rules.body)(tree)
    inside = set(found)
    return [element for element in found if not any(parent in inside for parent in element.iterancestors())]
