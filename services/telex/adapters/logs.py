"""Facts as log lines, and the logging of the whole process: JSON on one line, redacted, nothing for the uneventful."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final, Protocol, TextIO, assert_never

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from telex.core.facts import (
    CatalogueReloaded,
    Committed,
    Fact,
    LogPaused,
    MemoryDropped,
    PollEnded,
    ShardClaimed,
    ShardLost,
    TaxonomiesReloaded,
)
from telex.core.redact import redact_text
from telex.wire.values import dumps

_ANSWERED: Final = frozenset({"changed", "unchanged", "not_modified", "incomplete"})
_EXPECTED: Final = frozenset({"released", "revoked"})
_PROBLEMS: Final = 20
"""Problems of a catalogue that one line tells; the others are counted."""
_MEMBERS: Final = 100
_DEPTH: Final = 4
_TRACE_LINES: Final = 60
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


class Log(Protocol):
    """The part of a structlog logger that is used here."""

    def info(self, event: str, **values: Any) -> Any:
        """Something that happens in good order."""
        ...

    def warning(self, event: str, **values: Any) -> Any:
        """Something that somebody may want to look into."""
        ...

    def error(self, event: str, **values: Any) -> Any:
        """Something that needs somebody."""
        ...


class LogObserver:
    """Writes a line for facts that somebody may want to know of; a feed is always named by its id.

    An uneventful poll, also one more that fails, gives no line, and neither does a commit.
    """

    def __init__(self, log: Log | None = None) -> None:
        self._log: Log = structlog.get_logger("telex") if log is None else log

    def observe(self, fact: Fact) -> None:
        """Write the line, if there is one."""
        match fact:
            case PollEnded():
                self._poll(fact)
            case Committed():
                pass
            case ShardClaimed(shard, feeds, elapsed):
                self._log.info("shard claimed", shard=shard, feeds=feeds, elapsed=round(elapsed, 3))
            case ShardLost(shard, reason, detail):
                say = self._log.info if reason in _EXPECTED else self._log.warning
                say(
                    "shard released" if reason == "released" else "shard lost",
                    shard=shard,
                    reason=reason,
                    **_known(detail=detail),
                )
            case LogPaused(shard, resumed, detail):
                if resumed:
                    self._log.info("log takes appends again", shard=shard)
                else:
                    self._log.warning("log takes no appends, polling waits", shard=shard, **_known(detail=detail))
            case CatalogueReloaded():
                self._reloaded(fact)
            case TaxonomiesReloaded():
                self._taxonomies(fact)
            case MemoryDropped(feed, what):
                self._log.warning("memory dropped", feed=feed, what=what)
            case _:
                assert_never(fact)

    def _poll(self, fact: PollEnded) -> None:
        if fact.held:
            self._log.info("entries flap, their edits wait until they stay", feed=fact.feed, entries=fact.held)
        if not fact.changed:
            return
        plan = {"outcome": fact.outcome, "next_in": round(fact.next_in, 1), "next_reason": fact.next_reason}
        if fact.outcome in _ANSWERED:
            self._log.info("feed answers", feed=fact.feed, **plan)
        elif fact.outcome == "internal":
            self._log.error("poll broke", feed=fact.feed, **plan, **_known(detail=fact.detail))
        else:
            event = "feed gone" if fact.outcome == "gone" else "feed fails"
            self._log.warning(event, feed=fact.feed, **plan, **_known(detail=fact.detail))

    def _taxonomies(self, fact: TaxonomiesReloaded) -> None:
        if fact.accepted:
            self._log.info("taxonomies loaded", versions=list(fact.versions))
            return
        shown = list(fact.problems[:_PROBLEMS])
        more = len(fact.problems) - len(shown)
        self._log.error("taxonomies refused, the old ones stay", problems=shown, more=more)

    def _reloaded(self, fact: CatalogueReloaded) -> None:
        if fact.accepted:
            self._log.info("catalogue loaded", version=fact.version, feeds=fact.feeds)
            return
        shown = list(fact.problems[:_PROBLEMS])
        more = len(fact.problems) - len(shown)
        self._log.error("catalogue refused, the old one stays", version=fact.version, problems=shown, more=more)


def _known(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Processor: every text is redacted, and what is neither text nor number becomes redacted text.

    Bounded: 2,048 characters of a text (of a traceback its last 60 lines, each so long), 100 members of a list or
    mapping, 4 levels.
    """
    return {name: _trace(value) if name == "exception" else _redact(value, _DEPTH) for name, value in event.items()}


def _redact(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact_text(value)
    if depth and isinstance(value, Mapping):
        pairs = list(value.items())[:_MEMBERS]
        return {redact_text(str(name)): _redact(member, depth - 1) for name, member in pairs}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_redact(member, depth - 1) for member in list(value)[:_MEMBERS]]
    return redact_text(str(value))


def _trace(value: object) -> str:
    return "\n".join(map(redact_text, str(value).splitlines()[-_TRACE_LINES:]))


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Processor for terminals: control characters, which could rewrite the screen, are shown as escapes."""
    return {
        name: value.translate(_CONTROLS) if isinstance(value, str) else value
        for name, value in ((name, _flat(value)) for name, value in event.items())
    }


def _flat(value: object) -> object:
    return dumps(value).decode() if isinstance(value, dict | list) else value


def configure(level: str = "info", stream: TextIO | None = None, *, json: bool = True) -> None:
    """Log to `stream` (standard error) from `level` (debug, info, warning, error) on: JSON lines, or text for people.

    What libraries say through the standard library's logging takes the same way, from warnings on.

    Raises:
        ValueError: there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"no log level: {level!r}; there are debug, info, warning, error")
    handler = _QuietHandler(sys.stderr if stream is None else stream)
    finish: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact]
    finish += [_render_json] if json else [_printable, _text()]
    shared = _shared()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=finish, foreign_pre_chain=shared))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _QuietHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(number, logging.WARNING))
    logging.getLogger("telex").setLevel(number)
    # What troubles the log is told by telex, once; aiokafka tells every attempt of every client.
    logging.getLogger("aiokafka").setLevel(logging.WARNING if number <= logging.DEBUG else logging.CRITICAL)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def quiet() -> None:
    """Nothing of what aiokafka logs is shown: for commands, which tell what is wrong themselves, once."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {name: event[name] for name in ("timestamp", "level", "event") if name in event}
    return dumps({**first, **event}).decode()


def _text() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


class _QuietHandler(logging.StreamHandler[TextIO]):
    """Writes lines; a stream that is closed or broken costs the line, nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """Drop the line: to complain about it, there is nowhere."""
