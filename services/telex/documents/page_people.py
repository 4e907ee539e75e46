"""Who wrote an article, from the ways in which pages name people: "By X and Y", "X, Reporter", agencies, "admin"."""

import re
from collections.abc import Iterable

from telex.core.model import Author
from telex.documents import links, people
from telex.documents.page_jsonld import Person

_BY = re.compile(
    r"^\W*(?:(?:written|posted|published|reported|words|text|story|report|story and photos) by|(?:publié|posté|écrit|rédigé|propos recueillis) par|(?:escrito|publicado|postado) por|by|par|von|por|di|door|af|av|od"
    r"|autor(?:in|en|es)?|auteurs?|autore|author[s]?|verfasst von|от|na|mwandishi|بقلم|كتب|كتبت|إعداد|تحرير)(?:\s*[:|]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_AND = re.compile(
    r"\s+(?:and|et|und|y|og|och|en|e|ve|na|da|и|और)\s+|\s*[&;|•·/]\s+|\s*;\s*|\s+/\s*|،\s*|\s+و\s+(?=\S)", re.IGNORECASE
)
_COMMA = re.compile(r"\s*,\s+")
_PARENTHESES = re.compile(r"\s*[(\[][^()\[\]]{0,80}[)\]]\s*$")
_ROLE = re.compile(
    r"\b(?:writer|reporter|editor|correspondent|contributor|staff|journalist|columnist|analyst|producer|bureau|desk|chief|senior"
    r"|associate|assistant|special to|for the|photographer|director|professor|author|freelance|rédact\w+|journaliste"
    r"|correspondante?|envoyée?|redakt\w+|korrespondent\w*|periodista|corresponsal|enviad[oa]|jornalista|repórter|giornalista)\b",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    {
        *("admin", "administrator", "administrateur", "administrador", "root", "webmaster", "user", "author", "editor"),
        *("staff", "guest", "unknown", "anonymous", "none", "null", "undefined", "redacteur", "wpadmin", "superuser"),
        *("test", "default", "гость", "админ"),
    }
)
_ADDRESS = re.compile(r"https?://|www\.|@\w|facebook\.com|/authors?/", re.IGNORECASE)
_HANDLE = re.compile(r"\s*@\w+$")
_NAME_WORDS = 6
_MOST = 50


def named(person: Person) -> list[Author]:
    """The authors that the metadata's name stands for: several where it joins several."""
    url = links.absolute(None, person.url)
    if person.agency:
        return _one(person.name, url)
    names = split(person.name)
    return [author for name in names for author in _one(name, url if len(names) == 1 else None)]


def split(text: str) -> list[str]:
    """The names in a byline: "By X and Y", "X, Y and Z", "X, Political Editor", "X (Paris)"."""
    text = _BY.sub("", " ".join(text[:500].split())).strip(" ,;:|·•-–—")
    found: list[str] = []
    for part in _AND.split(text):
        pieces = _COMMA.split(part)
        # "Name, Role" is one person, "Name, Name" are two.
        for index, piece in enumerate(pieces):
            name = _PARENTHESES.sub("", piece).strip(" ,;:|·•-–—\u200f\u200e")
            if index and (_ROLE.search(name) or not _looks_like_name(name)):
                continue
            if name:
                found.append(name)
    return found[:_MOST]


def _looks_like_name(text: str) -> bool:
    words = text.split()
    return 1 < len(words) <= _NAME_WORDS and not any(character.isdigit() for character in text)


def _one(name: str, url: str | None) -> list[Author]:
    name = _HANDLE.sub("", name.strip())
    if not name or len(name) > 120 or _ADDRESS.search(name) or "".join(filter(str.isalnum, name.lower())) in _NOBODY:
        return []
    author = people.person(name, url)
    return [author] if author else []


def distinct(authors: Iterable[Author]) -> tuple[Author, ...]:
    """Each once, the first spelling of each."""
    return tuple(people.distinct(list(authors)))[:_MOST]


def slug_named(authors: tuple[Author, ...]) -> bool:
    """Whether nothing but account names is known: "chuck-ross", "jdoe"."""
    return all(author.name is not None and re.fullmatch(r"[a-z0-9._-]+", author.name) is not None for author in authors)
