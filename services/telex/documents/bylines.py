"""Who wrote an article, from the ways in which pages name people: "By X and Y", "X, Reporter", agencies, "admin"."""

import functools
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
_HOUSE = re.compile(
    r"(?:la |the |notre |our )?(?:r[ée]daction|newsroom|news ?desk|web ?desk|online desk|editorial (?:team|board|staff)|équipe|"
    r"redacci[óo]n|redação|our (?:reporter|correspondent)s?|agency reports?)(?: (?:web|num[ée]rique|online|digitale?))?",
    re.IGNORECASE,
)
"""Who is nobody: the house itself."""
AGENCIES = frozenset(
    {
        *(
            "afp",
            "agence france-presse",
            "agence france presse",
            "reuters",
            "thomson reuters",
            "ap",
            "associated press",
        ),
        *(
            "the associated press",
            "aps",
            "algérie presse service",
            "map",
            "maghreb arabe presse",
            "tap",
            "apa",
            "apanews",
        ),
        *(
            "pana",
            "panapress",
            "aip",
            "aib",
            "amap",
            "abp",
            "agp",
            "atop",
            "ana",
            "angop",
            "anp",
            "acap",
            "acp",
            "acpdrc",
        ),
        *("lusa", "efe", "ansa", "dpa", "xinhua", "tass", "ria novosti", "sputnik", "anadolu", "anadolu agency", "aa"),
        *(
            "agence anadolu",
            "bloomberg",
            "upi",
            "belga",
            "ats",
            "keystone-ats",
            "pa media",
            "press association",
            "ani",
            "pti",
        ),
        *(
            "nan",
            "news agency of nigeria",
            "gna",
            "ghana news agency",
            "kna",
            "kenya news agency",
            "ena",
            "sanews",
            "saba",
        ),
        *(
            "inforpress",
            "kyodo",
            "yonhap",
            "cna",
            "ips",
            "inter press service",
            "dw",
            "rtr",
            "aap",
            "cp",
            "the canadian press",
        ),
        *(
            "la presse canadienne",
            "mena",
            "petra",
            "wafa",
            "suna",
            "sonna",
            "zamin",
            "jamp",
            "apo group",
            "afp et reuters",
        ),
    }
)
"""News agencies, as bylines name them, in lower case."""
_JOINED = re.compile(
    r"^\W*(?:by|par|por|von|di|door|от|بقلم|كتب)\b|\s(?:and|et|und|og|och|avec|with|con|com|و)\s|[,;&/(]", re.IGNORECASE
)
_WITH = re.compile(r"\s+(?:avec|with|con|com|via)\s+|\s*/\s*", re.IGNORECASE)
_LISTED = re.compile(r"\s*,?\s+(?:and|et|und|og|och|و)\s+|\s*[;&]\s+|\s*,\s+", re.IGNORECASE)
_LIST_END = re.compile(r"\s(?:and|et|und|og|och|و)\s|[;&]\s", re.IGNORECASE)
"""Without it a comma may stand between a family name and a given one, or before a role."""
_FROM = re.compile(r"^(.{3,60}?)\s*[(\[]([^()\[\]]{2,40})[)\]]$")
_ADDRESS = re.compile(r"https?://|www\.|@\w|facebook\.com|/authors?/", re.IGNORECASE)
_HANDLE = re.compile(r"\s*@\w+$")
_ORGANISED = re.compile(
    r"\b(?:agence|agency|news|press|presse|média|media|radio|tv|télé\w*|journal|magazine|times|post|tribune|herald|group|groupe|"
    r"team|équipe|service|rédaction|redacción|redação|bureau|desk|staff|ministère|ministry|université|university|institut\w*)\b",
    re.IGNORECASE,
)
_ARTICLES = frozenset(
    {"le", "la", "les", "l", "the", "el", "los", "o", "os", "a", "as", "il", "der", "die", "das", "un", "une"}
)
_NAME_WORDS = 6
_MOST = 50


def named(person: Person) -> list[Author]:
    """The authors that the metadata's name stands for: several where it joins several."""
    url = links.absolute(None, person.url)
    if person.agency:
        return _one(person.name, url)
    names = split(person.name)
    return [author for name in names for author in _one(name, url if len(names) == 1 else None)]


@functools.lru_cache(4096)
def of_entry(author: Author) -> tuple[Author, ...]:
    """The persons and agencies that an entry's author stands for; none where it is nobody.

    What a feed writes in one name is taken apart only where each part is a name, and no word of it is lost but those that
    join. What belongs to one author belongs to none of several.
    """
    name = author.name
    if name is None:
        return (author,) if author.url or author.email else ()
    if _is_nobody(name):
        return ()
    found = _names(name) if _JOINED.search(name) else [name]
    if len(found) == 1:
        return (Author(found[0], author.url, author.email, kind_of(found[0])),)
    return tuple(Author(each, kind=kind_of(each)) for each in dict.fromkeys(found))


def _names(text: str) -> list[str]:
    """The names that stand in one, agencies apart: "By X and Y", "X, Y et Z", "X avec AFP", "X (Reuters)", "AFP/X"."""
    text = _BY.sub("", text).strip(" ,;:|·•-–—") or text
    source = _FROM.match(text)
    if source and source[2].strip().lower() in AGENCIES:
        return [*_names(source[1]), source[2].strip()]
    parts = [part.strip() for part in _WITH.split(text)]
    if len(parts) > 1 and all(part.lower() in AGENCIES or _looks_like_name(part) for part in parts):
        return [name for part in parts for name in _names(part)]
    pieces = [piece.strip() for piece in _LISTED.split(text) if piece.strip()]
    joined = len(pieces) > 1 and (_LIST_END.search(text) is not None or any(one.lower() in AGENCIES for one in pieces))
    return pieces if joined and all(one.lower() in AGENCIES or _looks_like_name(one) for one in pieces) else [text]


def _is_nobody(name: str) -> bool:
    plain = _plain(name)
    return not plain or plain in _NOBODY or _HOUSE.fullmatch(name.strip()) is not None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def kind_of(name: str) -> str | None:
    """Whether a name is an agency's or, by its form, a person's; None where that cannot be told."""
    if name.lower() in AGENCIES:
        return "agency"
    words = name.split()
    by_form = _looks_like_name(name) and words[0][:1].isupper() and words[-1][:1].isupper()
    return "person" if by_form and words[0].lower() not in _ARTICLES and not _ORGANISED.search(name) else None


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
    if not name or len(name) > 120 or _ADDRESS.search(name) or _plain(name) in _NOBODY:
        return []
    author = people.person(name, url)
    return [author] if author else []


def distinct(authors: Iterable[Author]) -> tuple[Author, ...]:
    """Each once, the first spelling of each."""
    return tuple(people.distinct(list(authors)))[:_MOST]


def slug_named(authors: tuple[Author, ...]) -> bool:
    """Whether nothing but account names is known: "chuck-ross", "jdoe"."""
    return all(author.name is not None and re.fullmatch(r"[a-z0-9._-]+", author.name) is not None for author in authors)
