"""Why the brokers cannot be reached: aiokafka's clients tell it to their log alone, and wait or say "not ready"."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
)
from aiokafka.protocol.admin import CreateTopicsRequest, DescribeConfigsRequest, DescribeGroupsRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest

from telex.adapters.kafka.config import KafkaSettings, client_options
from telex.adapters.kafka.faults import UNUSABLE, CertificateRefusedError, HungUpError

_PATIENCE: Final = 3.0
"""Seconds that a broker gets to say what is wrong."""
_CLIENT_ONLY: Final = frozenset({"bootstrap_servers", "retry_backoff_ms", "metadata_max_age_ms"})
_VAGUE: Final = (KafkaConnectionError, NodeNotReadyError, TimeoutError)
"""What aiokafka's clients say when a connection fails, whatever the reason."""
_NEEDED: Final[Mapping[Any, int]] = {
    ProduceRequest: 7,  # transactions since 3, zstd since 7
    FetchRequest: 10,  # read_committed since 4, zstd since 10
    OffsetRequest: 2,  # the last stable offset
    MetadataRequest: 4,  # nothing is created by asking
    FindCoordinatorRequest: 1,  # transactions
    JoinGroupRequest: 5,  # stable names: aiokafka leaves them out below that, and says nothing
    SyncGroupRequest: 3,
    HeartbeatRequest: 0,
    LeaveGroupRequest: 0,
    InitProducerIdRequest: 0,
    AddPartitionsToTxnRequest: 0,
    EndTxnRequest: 0,
    DescribeConfigsRequest: 0,
    DescribeGroupsRequest: 3,  # what we may do to the group
    CreateTopicsRequest: 0,
}
"""The requests that telex rests on, each with the lowest version that does what we need of it (Kafka 2.3)."""


async def knock(settings: KafkaSettings) -> None:
    """Connect to one of the bootstrap addresses as a client does, and let it answer.

    Raises:
        KafkaError, OSError, TimeoutError: why none of them could be talked to; what an operator can mend comes first.
    """
    options = {key: value for key, value in client_options(settings).items() if key not in _CLIENT_ONLY}
    met: list[Exception] = []
    for host, port, _ in collect_hosts(list(settings.bootstrap), randomize=False):
        try:
            await _try(host, port, options)
        except (KafkaError, OSError, TimeoutError) as error:
            met.append(error)
        else:
            return
    raise next((error for error in met if isinstance(error, UNUSABLE)), met[0])


async def reason(settings: KafkaSettings, error: Exception) -> Exception:
    """What stands behind the error of a client that did not start; the same error where that is not found."""
    if isinstance(error, _VAGUE):
        try:
            await knock(settings)
        except (KafkaError, OSError, TimeoutError) as found:
            return found
    return error


async def _try(host: str, port: int, options: Mapping[str, Any]) -> None:
    connection = _Connection(host, port, **options)
    try:
        async with asyncio.timeout(_PATIENCE):
            await connection.connect()
            _check_versions(connection._versions)  # noqa: SLF001 - nothing else tells
            await connection.send(MetadataRequest([]))
    except (KafkaError, OSError) as error:
        told = _told(error, f"{host}:{port}", options)
        if told is None:
            raise
        raise told from error
    finally:
        closed = connection.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(closed, 0.1)


class _Connection(AIOKafkaConnection):  # type: ignore[misc]  # aiokafka ships no types
    """A connection that minds the refusal of a token."""

    def authenticator_oauth(self) -> "_TokenDialogue":
        return _TokenDialogue(self._sasl_oauth_token_provider)


class _TokenDialogue:
    """OAUTHBEARER (RFC 7628, section 3.2.3): a refusal comes as content of an answer that is no error.

    aiokafka takes it for a success. What is asked next is answered with nothing.
    """

    def __init__(self, provider: AbstractTokenProvider) -> None:
        self._provider = provider
        self._sent = False

    async def step(self, answer: bytes | None) -> tuple[bytes, bool] | None:
        if self._sent:
            if answer:
                raise SaslAuthenticationFailed(answer.decode(errors="replace"))
            return None
        self._sent = True
        return f"n,,\x01auth=Bearer {await self._provider.token()}\x01\x01".encode(), True


def _told(error: Exception, place: str, options: Mapping[str, Any]) -> Exception | None:
    """The error in terms of what can be mended; None where it says that itself."""
    tls, sasl = options.get("ssl_context"), options.get("sasl_mechanism")
    cause = error if isinstance(error, OSError) else error.__cause__
    match cause:
        case ssl.SSLCertVerificationError():
            return cause
        case ssl.SSLError() if "ALERT" in (cause.reason or ""):
            return CertificateRefusedError(f"{place}: {cause.reason}")
        case ssl.SSLError() | EOFError() | ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            spoken = " over ".join(filter(None, (sasl, "TLS" if tls else "no TLS")))
            return HungUpError(f"{place}, {spoken}")
    if not isinstance(error, SaslAuthenticationFailed):
        return None
    user = options.get("sasl_plain_username")
    who = f"{sasl}, user {user!r}" if user else sasl
    refused: Exception = SaslAuthenticationFailed(f"{place}, {who}: {error.args[0] if error.args else ''}")
    return refused


def _check_versions(versions: Mapping[int, tuple[int, int]]) -> None:
    """Refuse a broker that lacks a request or speaks no version of it that we speak.

    Raises:
        IncompatibleBrokerVersion: it names the requests. Without this check aiokafka does without, or waits for ever.
    """
    lacking = sorted(_lacking(versions))
    if lacking:
        raise IncompatibleBrokerVersion(", ".join(lacking))


def _lacking(versions: Mapping[int, tuple[int, int]]) -> Iterator[str]:
    for request, least in _NEEDED.items():
        low, high = versions.get(request.API_KEY, (0, -1))
        ours = [one.API_VERSION for one in request._CLASSES if least <= one.API_VERSION]  # noqa: SLF001 - as above
        if not any(low <= version <= high for version in ours):
            spoken = f"{low} to {high}" if high >= low else "none"
            yield f"{request.__name__.removesuffix('Request')} {least} to {max(ours)}: theirs {spoken}"
