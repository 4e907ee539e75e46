"""The event log on Kafka: exactly once, scaled out by its consumer group (design section 3, Kafka)."""

from telex.adapters.kafka.config import KafkaSecurity, KafkaSettings, KafkaTopics
from telex.adapters.kafka.faults import ForeignTransactionError
from telex.adapters.kafka.log import KafkaLog
from telex.adapters.kafka.reader import KafkaReader, open_reader

__all__ = [
    "ForeignTransactionError",
    "KafkaLog",
    "KafkaReader",
    "KafkaSecurity",
    "KafkaSettings",
    "KafkaTopics",
    "open_reader",
]
