"""Feeds as news publishers write them: RSS 2.0 in French, every item drawn from its feed and its number alone."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import escape
from random import Random

SUMMARY = 600
"""Bytes of HTML that stand in an item's description; what is over them stands in content:encoded."""
_PARAGRAPH, _SENTENCE = 320, 70
BEGINNING = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)

DESKS = (
    "Politique",
    "Économie",
    "Société",
    "Culture",
    "Sports",
    "Sciences",
    "Planète",
    "Santé",
    "Transports",
    "Régions",
)
REPORTERS = (
    "Élodie Carpentier",
    "Hervé N’Guessan",
    "Maëlle Le Goff",
    "Anaïs Brossard et Rémi Vautrin",
    "François-Xavier Delmotte",
    "Inès Benhaddou",
    "Loïc Perrigault",
    "La rédaction",
)
SUBJECTS = (
    "Le conseil municipal de {place}",
    "La préfecture",
    "L’hôpital de {place}",
    "Le syndicat des transports",
    "L’université de {place}",
    "La compagnie du théâtre de {place}",
    "L’équipe féminine de {place}",
    "Une association de riverains",
    "La régie des eaux de {place}",
    "Le tribunal administratif",
    "L’observatoire du littoral",
    "La coopérative laitière de {place}",
)
DEEDS = (
    "a présenté {day} un projet de {number} millions d’euros",
    "renonce à fermer la ligne qui dessert {place}",
    "a recensé {number} signalements depuis le début de l’année",
    "ouvrira ses portes dès l’été prochain, après {number} semaines de travaux",
    "s’oppose à l’extension de la carrière de {place}",
    "cherche encore {number} logements pour les étudiants",
    "a retrouvé un manuscrit que l’on croyait perdu à {place}",
    "demande un moratoire sur les forages",
    "l’emporte d’un point devant {place}",
    "prévoit {number} recrutements avant la fin du trimestre",
)
AFTERTHOUGHTS = (
    "« Nous n’avons jamais eu autant de demandes », explique la directrice.",
    "Le calendrier, lui, reste à préciser.",
    "Les élus de l’opposition dénoncent une décision prise sans débat.",
    "Une réunion publique est prévue {day} à {place}, à 18 h 30.",
    "Selon les chiffres publiés {day}, la hausse atteint {number} % en un an.",
    "Plusieurs habitants ont déjà saisi le médiateur.",
    "L’enquête, confiée à un cabinet indépendant, doit s’achever à l’automne.",
    "La région apportera {number} % du financement, l’État le reste.",
    "À {place}, où l’expérience a commencé il y a deux ans, le bilan est jugé encourageant.",
    "Contactée, la mairie n’a pas souhaité s’exprimer.",
    "Les premiers résultats seront connus {day} au plus tard.",
    "D’ici là, le trafic sera dévié par le boulevard de ceinture.",
)
PLACES = (
    "Valmorel-sur-Aune",
    "Saint-Évrard",
    "Port-Lambert",
    "Crécy-les-Mines",
    "Montbrun",
    "L’Isle-Aubry",
    "Garancey",
)
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Le Courrier n° {feed} – À la une</title><link>https://courrier-{feed}.example/</link>\
<description>Toute l’actualité de la région, heure par heure</description><language>fr-FR</language>\
<lastBuildDate>{built}</lastBuildDate><ttl>15</ttl>
<atom:link href="https://courrier-{feed}.example/rss/une.xml" rel="self" type="application/rss+xml"/>
"""
TAIL = "</channel></rss>\n"


def head(feed: int, newest: int) -> str:
    """All that stands before the items of a feed whose newest item has the number `newest`."""
    return HEAD.format(feed=feed, built=published(newest))


def published(number: int) -> str:
    """When an item was published, as RSS writes it: a minute after the one before."""
    return format_datetime(BEGINNING + timedelta(minutes=number))


def item(feed: int, number: int, size: int) -> str:
    """An item with about `size` bytes of HTML in all. Every other feed escapes its HTML, the others use CDATA."""
    chance = Random(f"{feed}/{number}")
    wrap = partial(escape, quote=False) if feed % 2 else _cdata
    page = f"https://courrier-{feed}.example/{chance.choice(('une', 'regions', 'direct'))}/{number}-depeche.html"
    picture = f"https://images.courrier-{feed}.example/{number}/1200x675.jpg"
    title = f"{_sentence(chance, SUBJECTS)} {_sentence(chance, DEEDS)}"
    link = escape(f"{page}?utm_source=rss&utm_medium=flux&utm_campaign=une")
    parts = [
        f'<item><guid isPermaLink="false">{guid(feed, number)}</guid><title>{escape(title)}</title><link>{link}</link>',
        f"<pubDate>{published(number)}</pubDate><dc:creator>{wrap(chance.choice(REPORTERS))}</dc:creator>",
        f"<category>{chance.choice(DESKS)}</category><category>{chance.choice(PLACES)}</category>",
        f"<description>{wrap(_html(chance, page, min(size, SUMMARY)))}</description>",
    ]
    if size > SUMMARY:
        parts.append(f"<content:encoded>{wrap(_html(chance, page, size - SUMMARY))}</content:encoded>")
    parts.append(
        f'<media:content url="{picture}" medium="image" type="image/jpeg" width="1200" height="675"/></item>\n'
    )
    return "".join(parts)


def guid(feed: int, number: int) -> str:
    """The name of an item; what was published is recognised by it."""
    return f"urn:sim:{feed}:{number}"


def _html(chance: Random, page: str, size: int) -> str:
    """Paragraphs of some 300 bytes, with a link or some emphasis in each."""
    pieces, left = [], size
    while left > _SENTENCE:
        paragraph = _paragraph(chance, page, min(left, _PARAGRAPH))
        pieces.append(paragraph)
        left -= len(paragraph.encode())
    return "".join(pieces)


def _paragraph(chance: Random, page: str, size: int) -> str:
    words = [f"<strong>{_told(chance)}</strong>" if chance.random() < 0.5 else _told(chance)]
    if chance.random() < 0.5:
        words.append(f'<a href="{page}#suite">Lire aussi</a>.')
    while sum(len(each.encode()) for each in words) < size - _SENTENCE:
        words.append(_told(chance))
    return f"<p>{' '.join(words)}</p>"


def _told(chance: Random) -> str:
    if chance.random() < 0.5:
        return f"{_sentence(chance, SUBJECTS)} {_sentence(chance, DEEDS)}."
    return _sentence(chance, AFTERTHOUGHTS)


def _sentence(chance: Random, choices: tuple[str, ...]) -> str:
    return chance.choice(choices).format(
        place=chance.choice(PLACES), day=chance.choice(DAYS), number=chance.randrange(2, 95)
    )


def _cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>"
