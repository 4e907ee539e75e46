"""One HTTP exchange as values: what is asked, and how it ended. What did not work is a value, not an exception."""

from dataclasses import dataclass, field
from enum import StrEnum

from telex.core.model import Publisher, SecretRef


class Kind(StrEnum):
    """What is fetched: it decides the Accept header and whether robots.txt rules."""

    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Request:
    """One polite GET.

    `headers` and `credentials` are for `origin` alone (scheme, host and port of the catalogue's URL): another origin,
    also one that `url` or a redirect leads to, never sees them.
    """

    url: str
    publisher: Publisher
    kind: Kind = Kind.FEED
    etag: str | None = None
    last_modified: str | None = None
    origin: str | None = None
    headers: tuple[tuple[str, str | SecretRef], ...] = ()
    credentials: SecretRef | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A 200 whose whole body arrived, decoded.

    `url` is where it was found after redirects; `moved_to` is set where a chain of permanent redirects (301, 308) led
    there, and is redacted of nothing: it is stored, never shown. `fetched_at` is our clock when the body was whole;
    `server_date` its Date header; `max_age` seconds of freshness by Cache-Control or Expires. `secrets` are what the
    request carried: a server may echo them, and nothing may show them.
    """

    url: str
    body: bytes
    fetched_at: float
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    server_date: float | None = None
    max_age: float | None = None
    moved_to: str | None = None
    wire_bytes: int = 0
    elapsed: float = 0.0
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304, to a conditional request."""

    url: str
    fetched_at: float
    max_age: float | None = None
    moved_to: str | None = None
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Gone:
    """A 410: the publisher says that there is nothing here any more."""

    url: str
    fetched_at: float
    elapsed: float = 0.0


class Refusal(StrEnum):
    """Why an exchange gave nothing. Each is a label of the metric of polls."""

    ADDRESS_FORBIDDEN = "address_forbidden"
    URL_INVALID = "url_invalid"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    CUT = "cut"  # the body ended before its length, its compression is broken, or the connection was lost
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    PROTOCOL = "protocol"
    CLIENT_ERROR = "client_error"  # 4xx but for those named here
    UNAUTHORISED = "unauthorised"  # 401, 403, 407, 451
    RATE_LIMITED = "rate_limited"  # 429; without a status: a host that is held or busy, and no turn in time
    SERVER_ERROR = "server_error"  # 5xx
    SECRET_MISSING = "secret_missing"  # noqa: S105 - a reason, no secret
    ROBOTS = "robots"


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange gave nothing usable. `retry_at` is the publisher's own wish (Retry-After); `detail` is redacted."""

    reason: Refusal
    detail: str
    at: float
    status: int | None = None
    retry_at: float | None = None
    elapsed: float = 0.0


Exchange = Fetched | NotModified | Gone | Refused
