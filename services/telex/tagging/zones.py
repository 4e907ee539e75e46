"""How much a word weighs by where it stands: title and lead more, the end of a long body less."""

from collections.abc import Iterator
from typing import Final

from telex.tagging.text import Field, Text

LEAD: Final = 500
"""Characters at the beginning of a body that are read as a lead, where there is no summary."""
CORE: Final = 2500
"""Characters of a body up to where a word counts fully; behind it counts half."""
TITLE_WEIGHS: Final = 3.0
LEAD_WEIGHS: Final = 2.0
BODY_WEIGHS: Final = 1.0
TAIL_WEIGHS: Final = 0.5


def zones(text: Text, *, category: float, url: float) -> Iterator[tuple[float, float]]:
    """Up to which offset a word weighs how much; `category` and `url` are what it weighs there."""
    lead = LEAD_WEIGHS
    for segment in text.segments:
        match segment.field:
            case Field.TITLE:
                yield segment.end, TITLE_WEIGHS
            case Field.SUMMARY:
                yield segment.end, LEAD_WEIGHS
                lead = BODY_WEIGHS
            case Field.BODY:
                yield min(segment.start + LEAD, segment.end), lead
                yield min(segment.start + CORE, segment.end), BODY_WEIGHS
                yield segment.end, TAIL_WEIGHS
            case Field.CATEGORY:
                yield segment.end, category
            case Field.URL:
                yield segment.end, url
    yield float("inf"), 0.0
