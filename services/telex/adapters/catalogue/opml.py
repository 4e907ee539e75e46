"""Reads OPML 2.0 (http://opml.org/spec2.opml): each outline with an `xmlUrl` is a feed.

Its name is `title`, else `text`. Its categories are those of `category` (separated by commas; `/a/b` is the path a, b)
and the texts of the outlines that it is nested in. A feed that stands in several folders is one feed with all of their
categories. Attributes that OPML has and telex has no use for are passed over.
"""

import re
from typing import Any
from xml.parsers import expat

from telex.adapters.catalogue import values
from telex.adapters.catalogue.feeds import KEYS, Draft, parse_key
from telex.adapters.configuration.problems import Place, Problems

MAX_DEPTH = 100
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def read_opml(data: bytes, where: str, problems: Problems) -> list[Draft]:
    """The feeds of an OPML document; what is wrong goes to `problems`.

    A DOCTYPE with entities is refused: nothing is fetched and nothing expands.
    """
    reader = _Reader(where, problems)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        place = Place(where, error.lineno, error.offset + 1)
        problems.add(place, "", f"is no XML: {expat.ErrorString(error.code)}", "mend the syntax")
    except (LookupError, ValueError):
        problems.add(reader.place(), "", "is in an encoding that is not known here", "save it as UTF-8")
    except _StoppedError as error:
        problems.add(error.place, "", str(error), error.remedy)
    return list(reader.drafts.values())


class _StoppedError(Exception):
    """The document is not worth reading further."""

    def __init__(self, place: Place, what: str, remedy: str) -> None:
        super().__init__(what)
        self.place = place
        self.remedy = remedy


class _Reader:
    """Takes expat's events."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.drafts: dict[str, Draft] = {}
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._entity
        self._where = where
        self._problems = problems
        self._folders: list[str | None] = []

    def place(self) -> Place:
        """Where the parser is."""
        return Place(self._where, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _entity(self, *_: object) -> int:
        raise _StoppedError(self.place(), "declares an entity", "remove the DOCTYPE: telex expands no entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._folders and name != "opml":
            raise _StoppedError(
                self.place(), f"is no OPML: its root is <{name[:40]}>", "give an OPML file, whose root is <opml>"
            )
        if len(self._folders) >= MAX_DEPTH:
            raise _StoppedError(self.place(), f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        feed = name == "outline" and "xmlUrl" in attributes
        if feed:
            self._feed(attributes)
        folder = name == "outline" and not feed
        self._folders.append(_title(attributes) if folder else None)

    def _end(self, _: str) -> None:
        self._folders.pop()

    def _feed(self, attributes: dict[str, str]) -> None:
        stated: dict[str, Any] = {"url": attributes["xmlUrl"].strip()}
        if (title := _title(attributes)) and title != stated["url"]:
            stated["name"] = title[: values.MAX_TEXT]
        # Exporters write "unknown" where a feed did not say.
        if (language := attributes.get("language", "").strip()) and language.lower() != "unknown":
            stated["language"] = language
        stated["categories"] = self._categories(attributes.get("category", ""))
        self._keep(stated)

    def _categories(self, written: str) -> list[str]:
        found = [folder for folder in self._folders if folder]
        for category in written.split(","):
            tag = category.strip()
            found.extend(tag.split("/") if tag.startswith("/") else [tag])
        return [tag.strip() for tag in found if tag.strip()]

    def _keep(self, stated: dict[str, Any]) -> None:
        fields: dict[str, Any] = {}
        for key, value in stated.items():
            if wrong := parse_key(KEYS[key], value, fields):
                written = "xmlUrl" if key == "url" else key
                self._problems.add(self.place(), written, wrong.what, wrong.remedy)
        if "url" not in fields:
            return
        known = self.drafts.setdefault(fields["url"], Draft(fields, self.place()))
        if known.fields is not fields:
            merged = (*known.fields.get("categories", ()), *fields.get("categories", ()))
            known.fields["categories"] = tuple(dict.fromkeys(merged))


def _title(attributes: dict[str, str]) -> str | None:
    """A title on one line: white space in a foreign file is no fault of its operator."""
    title = attributes.get("title") or attributes.get("text") or ""
    return _CONTROLS.sub(" ", title).strip() or None
