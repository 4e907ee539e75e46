"""What an operator can set."""

from telex.settings.kafka import KafkaConfig
from telex.settings.loading import Config, SettingRow, load_settings, settings_rows
from telex.settings.sections import (
    CatalogueConfig,
    FetchConfig,
    HttpConfig,
    LogConfig,
    PollingConfig,
    ServiceConfig,
    TaggingConfig,
    TopicsConfig,
)

__all__ = [
    "CatalogueConfig",
    "Config",
    "FetchConfig",
    "HttpConfig",
    "KafkaConfig",
    "LogConfig",
    "PollingConfig",
    "ServiceConfig",
    "SettingRow",
    "TaggingConfig",
    "TopicsConfig",
    "load_settings",
    "settings_rows",
]
