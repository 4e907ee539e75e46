"""What went wrong in an exchange, as a `Refusal` and words that hold nothing foreign but a host's name."""

from dataclasses import dataclass

import aiohttp

from telex.adapters.http.addresses import AddressForbidden
from telex.adapters.http.decoding import BrokenCoding, UnknownCoding
from telex.adapters.http.secrets import SecretMissing
from telex.core.exchange import Refusal
from telex.core.redact import redact_text


class Stopped(Exception):
    """The exchange ends here, refused."""

    def __init__(
        self, reason: Refusal, detail: str, *, status: int | None = None, retry_at: float | None = None
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.status = status
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception, understood."""

    reason: Refusal
    detail: str
    status: int | None = None
    retry_at: float | None = None


def explain(error: Exception) -> Fault:
    """The fault behind an exception of ours, of aiohttp or of anything below it.

    The texts of foreign exceptions are not passed on, for they quote what the other side sent or what we sent to it;
    the operating system's words for an error number are.
    """
    match error:
        case Stopped():
            return Fault(error.reason, redact_text(error.detail), error.status, error.retry_at)
        case SecretMissing():
            return Fault(Refusal.SECRET_MISSING, str(error))
        case AddressForbidden():
            return Fault(Refusal.ADDRESS_FORBIDDEN, f"{error.address} is not allowed ({error.why})")
        case UnknownCoding():
            return Fault(Refusal.PROTOCOL, f"Content-Encoding: {error}")
        case BrokenCoding():
            return Fault(Refusal.CUT, str(error))
    return _of_aiohttp(error)


def _of_aiohttp(error: Exception) -> Fault:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Fault(Refusal.DNS, f"{error.host}: {_words(error.os_error, 'the name cannot be resolved')}")
        case aiohttp.ClientConnectorCertificateError():
            return Fault(Refusal.TLS, f"{error.host}: the certificate is not trusted{_verify(error)}")
        case aiohttp.ClientConnectorSSLError():
            return Fault(
                Refusal.TLS, f"{error.host}: no TLS session ({getattr(error.os_error, 'reason', None) or '?'})"
            )
        case aiohttp.ClientConnectorError():
            return _of_connecting(error)
        case aiohttp.ConnectionTimeoutError():
            return Fault(Refusal.TIMEOUT, "no connection in time")
        case TimeoutError():
            return Fault(Refusal.TIMEOUT, "the exchange took too long")
        case aiohttp.ClientHttpProxyError():
            return Fault(Refusal.CONNECT, f"the proxy refused the tunnel with {error.status}")
        case aiohttp.ClientPayloadError():
            return Fault(Refusal.CUT, "the body ended before its length, or its framing is broken")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return Fault(Refusal.URL_INVALID, "the URL leads to no host that can be asked")
        case aiohttp.ServerDisconnectedError():
            return Fault(Refusal.CUT, "the connection was closed before an answer")
        case aiohttp.ClientResponseError():
            return Fault(Refusal.PROTOCOL, "the answer is not HTTP, or its headers are too large")
        case aiohttp.ClientOSError():
            return Fault(Refusal.CUT, _words(error, "the connection was lost"))
        case _:
            return Fault(Refusal.PROTOCOL, f"unexpected {type(error).__name__}")


def _of_connecting(error: aiohttp.ClientConnectorError) -> Fault:
    cause = error.os_error
    if isinstance(cause, AddressForbidden):
        return Fault(Refusal.ADDRESS_FORBIDDEN, f"{error.host} leads to {cause.address}, not allowed ({cause.why})")
    return Fault(Refusal.CONNECT, f"{error.host}:{error.port}: {_words(cause, 'no connection')}")


def _words(error: OSError, otherwise: str) -> str:
    """The strerror, which is the system's own text, unless a library put a longer one there."""
    text = error.strerror
    return text if isinstance(text, str) and 0 < len(text) < 80 and "'" not in text else otherwise


def _verify(error: aiohttp.ClientConnectorCertificateError) -> str:
    message = getattr(error.certificate_error, "verify_message", None)
    return f" ({message})" if isinstance(message, str) and len(message) < 160 else ""
