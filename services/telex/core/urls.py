"""Canonical URLs: one article, one address, whatever a publisher hangs on its links."""

import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

_TRACKING = re.compile(
    r"^(utm_\w+|at_(medium|campaign|custom\d|link\w*|bbc\w*|ptr\w*|format|creation)|xtor|fbclid|gclid|dclid|msclkid|yclid"
    r"|mc_[ce]id|igshid|_hs(enc|mi)|wt_mc|wtmc|wt_zmc|ns_\w+|cmpid|cmp|ocid|ito|sref|sref_src|ref_src|ref_url|smid|smtyp"
    r"|partner|rss|xtref|mkt_tok|spm|s_cid|ftag|__twitter_impression|amp|outputtype|_ga|gclsrc|[gw]braid|t[wt]clid|li_fat_id"
    r"|mibextid|int_?cmp|icid|ncid|fb_(action_ids|action_types|source|ref)|phpsessid|jsessionid|aspsessionid\w*|session_?id"
    r"|cfid|cftoken)$",
    re.IGNORECASE,
)
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid)=[^/;]*", re.IGNORECASE)
_FACES = re.compile(r"(?:www\d?|m|mobile|amp|wap)\.(?=[^.]+\.)")
"""Names of one site's faces, before a name that stands without them."""
_AMP = re.compile(r"(?:/amp/?|\.amp(?=\.html?$)|\.amp)$|^/amp(?=/.)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Addresses of which only the query may have to change: nearly all.
_PLAIN = re.compile(
    r"(https?://[a-z0-9][a-z0-9.-]*(?::(?!(?:80|443)/)[1-9][0-9]{1,3}|:[1-5][0-9]{4})?/[A-Za-z0-9_.~/%:@!$&'()*+,;=-]*)"
    r"(?:\?([A-Za-z0-9_.~/%:@!$&'()*+,;=?-]*))?(?:#[A-Za-z0-9_.~/%:@!$&'()*+,;=?-]*)?"
)


def canonical(url: str | None) -> str | None:
    """The URL without fragment, tracking parameters and default port, host in lower case.

    None for what is no http(s) URL. Applying it twice changes nothing. The order of the other parameters stays.
    """
    if not url or "//" not in url:
        return None
    if (plain := _PLAIN.fullmatch(url)) and not _SESSION.search(plain[1]):
        query = _query(plain[2]) if plain[2] else ""
        return f"{plain[1]}?{query}" if query else plain[1]
    parts = _split(url)
    if parts is None:
        return None
    return urlunsplit((parts.scheme, _host(parts), _path(parts), _query(parts.query), ""))


def identity(url: str | None) -> str | None:
    """What two spellings of one article's address share.

    That is the canonical URL without scheme, without `www.`, `m.`, `mobile.` or `amp.`, and without what calls for its AMP.
    """
    clean = canonical(url)
    return None if clean is None else identity_of_canonical(clean)


def identity_of_canonical(url: str) -> str:
    """The same of a URL that `canonical` gave."""
    address, mark, query = url.partition("://")[2].partition("?")
    host, _, path = address.partition("/")
    face = _FACES.match(host)
    path = f"/{path}"
    if "amp" in path or "AMP" in path:
        path = _AMP.sub("", path)
    return host[face.end() if face else 0 :] + (path.rstrip("/") or "/") + mark + query


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises on a port that is none
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"


def _path(parts: SplitResult) -> str:
    return quote(_SESSION.sub("", parts.path) or "/", safe="/%:@!$&'()*+,;=~-._", errors="replace")


def _query(query: str) -> str:
    kept = [pair for pair in query.split("&") if pair and not _TRACKING.match(pair.partition("=")[0])]
    return "&".join(kept)
