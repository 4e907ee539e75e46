"""What Kafka's errors mean to telex: which are for good, which are a fence, and which words go with them."""

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
)
"""At a start these are for an operator to mend; waiting mends none of them."""
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
        case errors.KafkaConnectionError() | errors.NodeNotReadyError() | errors.NoBrokersAvailable():
            return f"no broker answers: check kafka.bootstrap, and that the brokers run ({error})"
        case errors.KafkaTimeoutError() | errors.RequestTimedOutError() | TimeoutError():
            return "the brokers do not answer in time"
        case _:
            return f"{type(error).__name__}: {error}"


def unavailable(error: BaseException, doing: str) -> LogUnavailable:
    """An error of Kafka as an error of the port."""
    return error if isinstance(error, LogUnavailable) else LogUnavailable(f"{doing}: {words(error)}")
