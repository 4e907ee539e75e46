"""telex: polls news feeds politely and publishes every article as typed events, exactly once."""

__version__ = "0.1.0"
