"""What Kafka's errors mean to telex: which are for good, which are a fence, and which words go with them."""

import ssl
from collections.abc import Iterable, Iterator
from typing import Final

from aiokafka import errors

from telex.errors import ClaimDied, LogUnavailable


class ForeignTransactionError(LogUnavailable):
    """Another producer than the shard's owners holds a transaction open on the shard's partition.

    Until it ends nobody can tell what the shard remembers. Its broker ends it after the time-out that its producer
    asked for; `kafka-transactions.sh find-hanging` names it.
    """


class Fenced(ClaimDied):
    """A newer producer of the shard exists, or the broker ended our transaction: nothing was written."""


class NoTokenError(errors.KafkaError):  # type: ignore[misc]  # aiokafka ships no types
    """There is no token to show to the brokers."""


class CertificateRefusedError(errors.KafkaError):  # type: ignore[misc]  # as above
    """The brokers want a certificate of ours that they trust."""


class HungUpError(errors.KafkaConnectionError):  # type: ignore[misc]  # as above
    """A broker was there and ended the connection without a word."""


class NoTopicError(errors.UnknownTopicOrPartitionError):  # type: ignore[misc]  # as above
    """All brokers say for a while that there is no such topic; its only argument is the name."""

    retriable = False


class OustedError(errors.KafkaError):  # type: ignore[misc]  # as above
    """Another live process joined the group with our stable name; its only argument is the name."""


PERMANENT: Final[dict[type[errors.KafkaError], str]] = {
    errors.MessageSizeTooLargeError: "too_large",
    errors.RecordListTooLargeError: "too_large",
    errors.RecordTooLargeError: "too_large",
    errors.TopicAuthorizationFailedError: "not_authorised",
    errors.TransactionalIdAuthorizationFailed: "not_authorised",
    errors.ClusterAuthorizationFailedError: "not_authorised",
    errors.UnknownTopicOrPartitionError: "unknown_topic",
    errors.InvalidTopicError: "unknown_topic",
    errors.CorruptRecordException: "invalid",
    errors.InvalidTimestampError: "clock",
    errors.PolicyViolationError: "invalid",
}
"""A commit that met one of these will meet it again."""

_DENIED: Final = {
    errors.TopicAuthorizationFailedError: "a topic: grant Read, Write, Describe and DescribeConfigs on it",
    errors.GroupAuthorizationFailedError: "the consumer group: grant Read on it",
    errors.TransactionalIdAuthorizationFailed: "the transactional ids: grant Write and Describe on the prefix of them",
    errors.ClusterAuthorizationFailedError: "the cluster: grant IdempotentWrite, and Create if telex makes the topics",
}
DENIED: Final = tuple(_DENIED)
"""An access rule is missing."""
UNUSABLE: Final = (
    *DENIED,
    errors.IncompatibleBrokerVersion,
    errors.UnrecognizedBrokerVersion,
    errors.UnsupportedVersionError,
    errors.AuthenticationFailedError,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
    errors.AuthenticationMethodNotSupported,
    CertificateRefusedError,
    ssl.SSLCertVerificationError,
)
"""At a start these are for an operator to mend; waiting mends none of them."""
_OTHER_HOST: Final = frozenset({62, 64})
"""OpenSSL's codes of a certificate that names another host or address."""
FENCES: Final = (errors.ProducerFenced, errors.InvalidProducerEpoch)


def permanent(error: BaseException | None) -> str | None:
    """The reason for `AppendRefused`, or None where the same commit may succeed another time."""
    return next((reason for kind, reason in PERMANENT.items() if isinstance(error, kind)), None)


def words(error: BaseException) -> str:
    """What happened, and what to do where that is known."""
    for kind, what in _DENIED.items():
        if isinstance(error, kind):
            return f"access denied to {what} ({error})"
    match error:
        case errors.IncompatibleBrokerVersion() | errors.UnrecognizedBrokerVersion() | errors.UnsupportedVersionError():
            return f"the brokers and telex share no version of a request: use Kafka 2.5 or newer ({error})"
        case errors.AuthenticationFailedError() | errors.SaslAuthenticationFailed():
            return f"the brokers refuse our credentials: check kafka.username, password or token ({error})"
        case NoTopicError(args=(topic,)) | KeyError(args=(topic,)):  # a KeyError: it is not among those described
            return f"the topic {topic} does not exist: start `telex run` anew: it creates its topics, or says how"
        case OustedError(args=(name,)):
            return f"another live process has kafka.instance {name!r}: give each its own"
        case errors.KafkaTimeoutError() | errors.RequestTimedOutError() | TimeoutError():
            return "the brokers do not answer in time"
        case errors.UnsupportedSaslMechanismError():
            return (
                "the brokers do not offer this SASL mechanism there: check kafka.sasl and the port in kafka.bootstrap"
            )
        case errors.IllegalSaslStateError():
            return "the brokers want no SASL there: check kafka.sasl and the port in kafka.bootstrap"
        case NoTokenError():
            return f"there is no token to show to the brokers: check kafka.token_file ({error})"
        case CertificateRefusedError():
            return (
                "the brokers want a client certificate that they trust: "
                f"check kafka.cert_file and kafka.key_file ({error})"
            )
        case ssl.SSLCertVerificationError() if error.verify_code in _OTHER_HOST:
            return (
                "the brokers' certificate is not that of their address: "
                f"check kafka.bootstrap and kafka.check_hostname ({error.verify_message})"
            )
        case ssl.SSLCertVerificationError():
            return f"the brokers' certificate is not trusted: check kafka.ca_file ({error.verify_message})"
        case HungUpError():
            return (
                "a broker answers and hangs up: check that kafka.tls and kafka.sasl are what is spoken at the port in "
                f"kafka.bootstrap ({error})"
            )
        case errors.KafkaConnectionError() | errors.NodeNotReadyError() | errors.NoBrokersAvailable() | OSError():
            return (
                "no broker answers: check kafka.bootstrap, that the brokers run, and that the addresses that they "
                f"advertise can be reached from here ({error})"
            )
        case _:
            return f"{type(error).__name__}: {error}"


def detail(reason: str, error: BaseException | None, topics: Iterable[str]) -> str | None:
    """More words for an `AppendRefused` that the brokers' `error` led to; `topics` are those of the commit."""
    if isinstance(error, NoTopicError):
        return words(error)
    named = sorted(_names(error)) or [f"one of {', '.join(sorted(set(topics)))}"]
    remedies = {
        "too_large": "raise max.message.bytes",
        "not_authorised": "grant Write and Describe",
        "unknown_topic": "start `telex run` anew: it creates its topics, or says how",
        "clock": "compare the clocks of the brokers, and message.timestamp.before.max.ms",
    }
    remedy = f": {remedies[reason]}" if reason in remedies else ""
    return f"{', '.join(named)}{remedy}"


def _names(error: BaseException | None) -> Iterator[str]:
    """The topics that an error of aiokafka names; it does so in several ways."""
    if isinstance(error, errors.TopicAuthorizationFailedError):
        for each in error.args:
            yield from (each,) if isinstance(each, str) else map(str, each)


def unavailable(error: BaseException, doing: str) -> LogUnavailable:
    """An error of Kafka as an error of the port."""
    return error if isinstance(error, LogUnavailable) else LogUnavailable(f"{doing}: {words(error)}")
