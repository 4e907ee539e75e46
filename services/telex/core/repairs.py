"""The names of all repairs: what `provenance.repairs` may hold. A closed set, so that they can be counted by name."""

from typing import Final

from telex.core.exchange import Refusal
from telex.core.model import UnreadableReason

_CUT = ("title", "summary", "content", "guid", "rights", "caption", "credit")
_DROPPED = ("authors", "categories", "media")
_JSON_TEXTS = (
    "title", "home_page_url", "language", "id", "url", "external_url", "summary", "content_html", "content_text", "name",
    "date_published", "date_modified", "image", "banner_image", "mime_type",
)  # fmt: skip

REPAIRS: Final = frozenset(
    {
        *(f"{field}.cut" for field in _CUT),
        *(f"{field}.dropped" for field in _DROPPED),
        *(f"json.{key}_invalid" for key in (*_JSON_TEXTS, "items", "authors", "author", "tags", "attachments")),
        *(f"page.unreadable_{reason}" for reason in UnreadableReason),
        *(f"page.{reason}" for reason in Refusal),
        "date.clock_skew_corrected",
        "date.epoch_dropped",
        "date.from_url",
        "date.future_published_dropped",
        "date.future_updated_dropped",
        "date.published_moved",
        "date.time_assumed_midnight",
        "date.unreadable",
        "date.unusual_form",
        "date.year_expanded",
        "date.zone_assumed_utc",
        "date.zone_from_catalogue",
        "date.zone_unknown",
        "encoding.assumed_windows_1252",
        "encoding.declared_wrongly",
        "encoding.invalid_bytes",
        "encoding.label_unknown",
        "json.id_not_a_string",
        "json.title_not_a_string",
        "json.version_unknown",
        "language.detected",
        "language.detected_otherwise",
        "page.body_from_metadata",
        "page.consent_wall",
        "page.cut",
        "page.date_from_text",
        "page.failed",
        "page.jsonld_broken",
        "page.live_blog",
        "page.not_had",
        "page.paywall",
        "page.refused",
        "page.selector_unmatched",
        "record.cut",
        "text.control_characters_removed",
        "text.directions_closed",
        "text.encoded_twice",
        "text.surrogates_replaced",
        "title.unescaped_again",
        "xml.ampersands_bare",
        "xml.cut",
        "xml.entities_undeclared",
        "xml.ill_formed",
        "xml.junk_after_document",
        "xml.junk_before_document",
    }
)
