"""What publishers put before and behind their articles: links to read on, notices of WordPress, datelines, share buttons.

Only whole paragraphs and what stands behind the end of a sentence go, and only at the ends of a text: a story that says the
same words in its middle keeps them. Where a city and an agency open a story (`DAKAR, 3 mars (X) —`), they stay: they say
where it was written.
"""

import functools
import re
from collections.abc import Iterable
from html import unescape
from typing import Final

_TAIL: Final = 600
"""Characters at the end of a text in which boilerplate is looked for."""
_GAP: Final = r"[^\n]{0,200}?"
_BEGINS: Final = r"(?:\A|(?<=\n)|(?<=[.!?…»”\")\]’'*;؟。]\s))"
"""Where something that is no part of a sentence may begin."""
_MORE: Final = (
    r"lire la suite|lire l['’]article|lire plus|lire davantage|lire aussi la suite|en savoir plus|savoir plus|voir plus|"
    r"cliquez ici|read more|read on|read the (?:full|whole|rest of the) (?:story|article|post)|read full (?:story|article)|"
    r"continue reading|keep reading|learn more|see more|click here|leia mais|ler mais|saiba mais|continue a ler|"
    r"continue lendo|continuar a ler|اقرأ المزيد|قراءة المزيد|للمزيد|المزيد|soma zaidi|karanta ƙari|karanta kari|"
    r"weiterlesen|mehr lesen|leer más|seguir leyendo|leggi tutto|lees meer"
)
_READ_ON: Final = re.compile(
    rf"{_BEGINS}[\[(<→>*\s]*(?:(?:continue reading|weiterlesen) [^\n]{{1,150}}(?:…|→|»|\.\.\.)|(?:{_MORE})(?:\s*(?:[→»›>:.…“«\"|–—-]|sur |on |at |em |en |about |de |»){_GAP})?)[\])»”›→>.…*\s]*\Z",
    re.IGNORECASE,
)
_FIRST_ON: Final = re.compile(
    rf"{_BEGINS}(?:the (?:post|article|story)|this (?:post|article|story)|l['’]article|cet article|le post|o post|o artigo|"
    rf"la entrada|el artículo|der beitrag|l['’]articolo)\s[^\n]{{0,300}}?(?:(?:appeared|posted) first (?:on|in|at)|"
    rf"first appeared (?:on|in|at)|(?:was )?originally published (?:on|at|by)|est apparu(?:e)? en premier(?: lieu)? sur|"
    rf"est apparu(?:e)? d['’]abord sur|a été publié en premier sur|apareceu primeiro (?:em|no|na)|se publicó primero en|"
    rf"aparece primero en|erschien zuerst auf|proviene da)\s[^\n]{{1,100}}\Z",
    re.IGNORECASE,
)
_DATED: Final = re.compile(
    rf"{_BEGINS}\s*(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|1[0-2])[./](?:19|20)\d\d,\s*[^\W\d_][\w’'. -]{{1,60}}\Z"
)
_NETWORKS: Final = (
    r"facebook|twitter|x|whatsapp|telegram|linkedin|pinterest|instagram|tiktok|reddit|tumblr|e-?mail|print|imprimer|tweet(?:er)?|"
    r"share|partager|partilhar|compartilhar|copy link|copier le lien|more|plus|messenger|threads|bluesky|mastodon"
)
_SHARED: Final = re.compile(
    rf"(?:\A|(?<=\n))\s*(?:(?:share|partager|partilhar|compartilhar|spread)[^\n:]{{0,30}}:\s*)?"
    rf"(?:(?:{_NETWORKS})(?:[\s,|/•·]+|\Z)){{2,}}\Z"
    r"|(?:\A|(?<=\n))\s*(?:share this|share on|partager cet article|partagez cet article|partager sur|click to share)[^\n]{0,80}\Z",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"(?:\A|(?<=\n)|(?<=[.!?…»”] ))\s*[\[(]?(?:\d[\d  .,]*[km]?\s*(?:vues?|views?|lectures?|commentaires?|comments?|partages?|shares?|likes?|"
    r"visualizações|min(?:utes?)? (?:read|de lecture)))[\])]?\Z"
    r"|(?:\A|(?<=\n))\s*(?:temps de lecture|reading time|post views|nombre de vues)\s*:\s*[^\n]{1,30}\Z",
    re.IGNORECASE,
)
_FORMS: Final = (_READ_ON, _FIRST_ON, _DATED, _SHARED, _COUNTED)
_ELLIPSIS: Final = re.compile(r"\s*\[(?:…|\.\.\.)\]\Z")
_OPENERS: Final = (
    "lire ", "en savoir", "savoir plus", "voir plus", "cliquez", "read", "continue", "keep ", "learn ", "see more", "click",
    "leia ", "ler ", "saiba", "continuar", "اقرأ", "قراءة", "للمزيد", "المزيد", "soma ", "karanta", "weiter", "mehr ", "leer ",
    "seguir ", "leggi", "lees ", "share", "partage", "partilhar", "compartilhar", "spread", "facebook", "twitter", "x ",
    "whatsapp", "telegram", "linkedin", "pinterest", "email", "e-mail", "print", "imprimer", "tweet", "copy link", "copier",
    "temps de", "reading time", "post views", "nombre de",
)  # fmt: skip
"""What the last sentence or line begins with where it is no part of the story; a number, besides."""
_NOTICES: Final = (
    "first on", "first in", "first at", "first appeared", "originally published", "en premier",
    "d'abord sur", "d’abord sur", "primeiro", "primero en", "zuerst", "proviene da",
)  # fmt: skip
_ENDS: Final = ("\n", ". ", "! ", "? ", "… ", "» ", "” ", ") ", "] ", "; ", "؟ ", "。")


def without(text: str, own: tuple[str, ...] = ()) -> str:
    """The text without boilerplate at its ends.

    `own` are the publisher's, from the catalogue: each is looked for at both ends, and `*` in it stands for anything in a
    line. A text that is nothing else stays as it is.
    """
    rest = text
    for form in map(_own_form, own):
        rest = _cut_own(rest, form)
    while (shorter := _shorter(rest)) != rest:
        rest = shorter
        for form in map(_own_form, own):
            rest = _cut_own(rest, form)
    return rest or text


def _shorter(text: str) -> str:
    tail = text[-_TAIL:]
    if tail.endswith("]"):
        ellipsis = _ELLIPSIS.search(tail)
        if ellipsis:
            return text[: len(text) - len(tail) + ellipsis.start()] + "…"
    if not _is_suspect(tail):
        return text
    for form in _FORMS:
        found = form.search(tail)
        # What begins where the tail does may begin earlier: it is longer than any boilerplate.
        if found and (found.start() or len(tail) == len(text)):
            return text[: len(text) - len(tail) + found.start()].rstrip()
    return text


def _is_suspect(tail: str) -> bool:
    """Whether a closer look may find something: most texts have nothing, and are looked at for a moment only."""
    lower = tail.lower().rstrip(" .…»›→>)]*\n")
    last = lower[1 + max(map(lower.rfind, _ENDS)) :].lstrip(" [(<«“→>*")
    return last.startswith(_OPENERS) or last[:1].isdigit() or any(notice in lower for notice in _NOTICES)


@functools.lru_cache(1024)
def _own_form(pattern: str) -> re.Pattern[str]:
    parts = (r"\s+".join(map(re.escape, part.split())) for part in pattern.split("*"))
    body = _GAP.join(parts)
    return re.compile(rf"\A\s*{body}[\s:.,–—-]*|[\s–—-]*(?<!\w){body}\s*\Z", re.IGNORECASE)


def _cut_own(text: str, form: re.Pattern[str]) -> str:
    head = form.match(text[:_TAIL])
    if head and head.end():
        text = text[head.end() :]
    tail = text[-_TAIL:]
    found = form.search(tail, 1) if len(tail) > 1 else None
    return text[: len(text) - len(tail) + found.start()].rstrip() if found and found.end() == len(tail) else text


_TAG: Final = re.compile(r"<[^>]*>")
_LAST_HTML: Final = 4000
_LAST_PARAGRAPH: Final = re.compile(r"<(p|div)(?:\s[^>]*)?>(?:(?!<\1[\s>]).)*</\1>\s*\Z", re.DOTALL)


def html_without(html: str, gone: Iterable[str]) -> str:
    """Sanitised HTML without its last paragraphs, which its text lost: `gone`, the last first."""
    for paragraph in gone:
        found = _LAST_PARAGRAPH.search(html, max(0, len(html) - _LAST_HTML))
        said = "".join(unescape(_TAG.sub("", found[0])).split()) if found else ""
        if not found or not said or said != "".join(paragraph.split()):
            return html
        html = html[: found.start()].rstrip()
    return html
