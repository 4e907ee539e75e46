"""Dates as publishers write them: RFC 822 and RFC 3339 with their usual mistakes, to seconds since 1970."""

import calendar
import re
from datetime import UTC, datetime, timedelta

from feedparser.datetimes.greek import _parse_date_greek
from feedparser.datetimes.hungarian import _parse_date_hungarian
from feedparser.datetimes.korean import _parse_date_nate, _parse_date_onblog

from telex.documents import limits

ZONE_ASSUMED = "date.zone_assumed_utc"
ZONE_UNKNOWN = "date.zone_unknown"
TIME_ASSUMED = "date.time_assumed_midnight"
YEAR_EXPANDED = "date.year_expanded"
UNREADABLE = "date.unreadable"
UNUSUAL = "date.unusual_form"
_URL_DAY = re.compile(r"(?<!\d)(19[89]\d|20\d\d)([/_-]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_URL_PARTS = re.compile(r"(?<![\w.])(20\d\d)/([1-9]|0[1-9]|1[0-2])/([1-9]|0[1-9]|[12]\d|3[01])(?![\w.])")

# RFC 822, section 5, RFC 2822, section 4.3, and the abbreviations of Europe and Africa that feeds show. Hours.
_ZONES = {
    "ut": 0.0, "utc": 0.0, "gmt": 0.0, "z": 0.0, "wet": 0.0,
    "adt": -3.0, "ast": -4.0, "at": -4.0, "edt": -4.0, "est": -5.0, "et": -5.0, "cdt": -5.0, "cst": -6.0, "ct": -6.0,
    "mdt": -6.0, "mst": -7.0, "mt": -7.0, "pdt": -7.0, "pst": -8.0, "pt": -8.0, "akdt": -8.0, "akst": -9.0,
    "hst": -10.0, "brt": -3.0, "nst": -3.5, "ndt": -2.5,
    "bst": 1.0, "west": 1.0, "cet": 1.0, "met": 1.0, "mez": 1.0, "wat": 1.0, "cest": 2.0, "mest": 2.0, "mesz": 2.0,
    "eet": 2.0, "cat": 2.0, "sast": 2.0, "eest": 3.0, "eat": 3.0, "msk": 3.0, "msd": 4.0, "ist": 5.5, "pkt": 5.0,
    "wib": 7.0, "sgt": 8.0, "hkt": 8.0, "awst": 8.0, "jst": 9.0, "kst": 9.0, "acst": 9.5, "aest": 10.0, "aedt": 11.0,
    "nzst": 12.0, "nzdt": 13.0,
}  # fmt: skip
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
    "janv": 1, "fev": 2, "fév": 2, "févr": 2, "fevr": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6, "juil": 7,
    "juillet": 7, "aou": 8, "aoû": 8, "déc": 12,
    "ene": 1, "abr": 4, "ago": 8, "dic": 12, "mär": 3, "mrz": 3, "okt": 10, "dez": 12, "set": 9, "out": 10, "gen": 1,
    "mag": 5, "giu": 6, "lug": 7, "ott": 10, "mei": 5,
}  # fmt: skip
# Names that no three or four letters tell: Arabic as in Egypt, the Levant, Algeria and Tunisia, and Morocco.
_ARABIC = {
    "يناير": 1, "فبراير": 2, "مارس": 3, "أبريل": 4, "ابريل": 4, "إبريل": 4, "مايو": 5, "يونيو": 6, "يونيه": 6, "يوليو": 7,
    "يوليه": 7, "أغسطس": 8, "اغسطس": 8, "سبتمبر": 9, "أكتوبر": 10, "اكتوبر": 10, "نوفمبر": 11, "ديسمبر": 12,
    "كانون الثاني": 1, "شباط": 2, "آذار": 3, "اذار": 3, "نيسان": 4, "أيار": 5, "ايار": 5, "حزيران": 6, "تموز": 7, "آب": 8,
    "اب": 8, "أيلول": 9, "ايلول": 9, "تشرين الأول": 10, "تشرين الاول": 10, "تشرين الثاني": 11, "كانون الأول": 12,
    "كانون الاول": 12,
    "جانفي": 1, "فيفري": 2, "أفريل": 4, "افريل": 4, "ماي": 5, "جوان": 6, "جويلية": 7, "أوت": 8, "اوت": 8,
    "يوليوز": 7, "غشت": 8, "شتنبر": 9, "نونبر": 11, "دجنبر": 12,
}  # fmt: skip
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ARABIC_NAME = re.compile("|".join(sorted(_ARABIC, key=len, reverse=True)))
_HALVES = {"ص": "AM", "م": "PM"}
_CLOCK = re.compile(r"\b(\d{1,2})\s*[hH]\s*(\d{2})?(?!\w)")
_LITTLE_WORDS = re.compile(
    r"(?<!\w)(?:de|do|del|à|às|as|at|le|la|les|on|the|of|em|dia|du|vers|publié|published|posted|mis en ligne|publicado|يوم|في|الساعة)(?!\w)"
    r"|[|•·–—،,]|\s-\s|(?<=\d)er(?!\w)|(?<!\w)(?:[^\W\d]+-feira|الأحد|الاحد|الإثنين|الاثنين|الثلاثاء|الأربعاء|الاربعاء|الخميس|الجمعة|السبت)(?!\w)",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?"
    r"\s*(?P<zone>[A-Z]{1,5}|(?:GMT|UTC)?[+-]\d{1,2}:?\d{0,2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?:(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{0,2})?)?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:[^\W\d]{2,12}\.?,?\s*)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s.-]*(?P<month>[^\W\d]{3,10})\.?,?[\s-]*(?P<year>\d{4}|\d{2})"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>\.\d{1,9})?)?\s*(?P<half>[AP]M)?)?"
    r"\s*(?P<zone>(?:GMT|UTC?)?\s*[+-]\s*\d{1,2}:?\d{0,2}|(?:Etc/)?[A-Z]{1,5})?(?:\s*\([^)]*\))?",
    re.IGNORECASE,
)
_AMERICAN = re.compile(
    r"(?:[^\W\d]{2,12}(?:\.?,\s*|\.?\s+))?(?P<month>[^\W\d]{3,10})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>\.\d{1,9})?)?\s*(?P<half>[AP]M)?)?"
    r"\s*(?P<zone>(?:GMT|UTC?)?\s*[+-]\s*\d{1,2}:?\d{0,2}|[A-Z]{1,5})?",
    re.IGNORECASE,
)
_ASCTIME = re.compile(
    r"(?:[^\W\d]{2,12},?\s+)?(?P<month>[^\W\d]{3,10})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r":(?P<second>\d{1,2})(?P<fraction>\.\d{1,9})?(?:\s+(?P<zone>[A-Z]{1,5}|[+-]\d{2}:?\d{2}))?\s+(?P<year>\d{4})",
    re.IGNORECASE,
)
# Of two numbers only one over twelve tells which is the day.
_SLASHED = re.compile(
    r"(?:(?P<day>1[3-9]|2\d|3[01])[/.](?P<month>0?[1-9]|1[0-2])|(?P<month2>0?[1-9]|1[0-2])[/.](?P<day2>1[3-9]|2\d|3[01]))"
    r"[/.](?P<year>\d{4})(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>\.\d{1,9})?)?"
    r"\s*(?P<half>[AP]M)?)?\s*(?P<zone>(?:GMT|UTC?)?\s*[+-]\s*\d{1,2}:?\d{0,2}|[A-Z]{1,5})?",
    re.IGNORECASE,
)
_FORMS = (_MAIL, _ISO, _AMERICAN, _ASCTIME, _COMPACT, _SLASHED)
_UNUSUAL = (_parse_date_greek, _parse_date_hungarian, _parse_date_onblog, _parse_date_nate)
_OFFSET = re.compile(r"(?:gmt|utc?)?\s*([+-])\s*(\d{1,2}):?(\d{2})?")
_FARTHEST = 14.0
"""Hours from UTC: the Line Islands."""
_EARLIEST = 2  # year 1 is what some programs write for "no date"


def parse(text: str) -> tuple[float | None, tuple[str, ...]]:
    """The instant, and the names of what had to be assumed; None where it cannot be read.

    Without a zone it is UTC, without a time midnight; both are said. A date is never invented.
    """
    text = " ".join(text.split())
    if not text:
        return None, ()
    if len(text) > limits.DATE:
        return None, (UNREADABLE,)
    instant, assumed = _formed(text)
    if instant is not None:
        return instant, assumed
    plain = _spoken(text)
    if plain != text and " " in plain:
        instant, assumed = _formed(plain)
        if instant is not None:
            return instant, (*assumed, UNUSUAL)
    return _unusual(text)


def _formed(text: str) -> tuple[float | None, tuple[str, ...]]:
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            return _instant(match)
    return None, ()


def day_in_url(url: str) -> tuple[int, int, int] | None:
    """Year, month and day that stand in an address; None where there are none, or several that differ."""
    days = {(found[1], found[3], found[4]) for found in _URL_DAY.finditer(url)}
    days |= {(found[1], f"{found[2]:0>2}", f"{found[3]:0>2}") for found in _URL_PARTS.finditer(url)}
    if len(days) != 1:
        return None
    year, month, day = map(int, days.pop())
    return (year, month, day) if day <= calendar.monthrange(year, month)[1] else None


def _spoken(text: str) -> str:
    """A date as people write it, without what stands between its parts: `14 de novembro de 2023 às 10h30`."""
    text = _ARABIC_NAME.sub(lambda name: _ENGLISH[_ARABIC[name[0]] - 1], text)
    text = _CLOCK.sub(lambda clock: f"{clock[1]}:{clock[2] or '00'}", text)
    text = _LITTLE_WORDS.sub(" ", text)
    return " ".join(_HALVES.get(word, word) for word in text.split())


def _instant(match: re.Match[str]) -> tuple[float | None, tuple[str, ...]]:
    part = match.groupdict()
    repairs: list[str] = []
    month = _month(part["month"] or part.get("month2"))
    if month is None:
        return None, (UNREADABLE,)
    year = int(part["year"])
    if len(part["year"]) == 2:  # RFC 2822, section 4.3, but the web began in 1990
        year += 1900 if year >= 70 else 2000
        repairs.append(YEAR_EXPANDED)
    if part["hour"] is None:
        repairs.append(TIME_ASSUMED)
    hour = _hour(int(part["hour"] or 0), part.get("half"))
    second = int(part["second"] or 0)
    offset = _offset(part["zone"], repairs)
    if abs(offset) > _FARTHEST:
        return None, (UNREADABLE,)
    try:
        moment = datetime(
            year,
            month,
            int(part["day"] or part.get("day2") or 1),
            hour,
            int(part["minute"] or 0),
            min(second, 59),
            tzinfo=UTC,
        )
        moment -= timedelta(hours=offset)
    except (ValueError, OverflowError):
        return None, (UNREADABLE,)
    if year < _EARLIEST or second > 60:
        return None, (UNREADABLE,)
    fraction = float("0." + part["fraction"][1:]) if part["fraction"] else 0.0
    return moment.timestamp() + (second == 60) + fraction, tuple(repairs)


def _month(name: str | None) -> int | None:
    if name is None:
        return 1
    if name.isdecimal():
        return int(name)
    name = name.lower()
    return _MONTHS.get(name) or _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])


def _hour(hour: int, half: str | None) -> int:
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _offset(zone: str | None, repairs: list[str]) -> float:
    if not zone:
        repairs.append(ZONE_ASSUMED)
        return 0.0
    zone = zone.strip().lower().removeprefix("etc/")
    match = _OFFSET.fullmatch(zone)
    if match:
        sign = -1 if match[1] == "-" else 1
        return sign * (int(match[2]) + int(match[3] or 0) / 60)
    if zone not in _ZONES:
        repairs.append(ZONE_UNKNOWN)
    return _ZONES.get(zone, 0.0)


def _unusual(text: str) -> tuple[float | None, tuple[str, ...]]:
    for reads in _UNUSUAL:
        try:
            parsed = reads(text)
            if parsed is not None:
                return float(calendar.timegm(parsed)), (UNUSUAL,)
        except (KeyError, ValueError, OverflowError, AttributeError):  # feedparser's own `_parse_date` expects these
            continue
    return None, (UNREADABLE,)
