"""The types of events, the schema of each type's data, and the topics they go to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from telex.core.events import ArticleEvent
from telex.core.selection import Selection, Traits


class EventType(StrEnum):
    """CloudEvents types. No reverse-DNS prefix: we own no domain."""

    ARTICLE_PUBLISHED = "telex.article.published"
    ARTICLE_UPDATED = "telex.article.updated"
    ARTICLE_WITHDRAWN = "telex.article.withdrawn"
    FEED_STATUS = "telex.feed.status"
    FEED_GAP = "telex.feed.gap"
    FEED_MOVED = "telex.feed.moved"
    FEED_RETIRED = "telex.feed.retired"
    DEAD_LETTER = "telex.deadletter"
    LOG_TRUNCATED = "telex.log.truncated"
    SLOW = "telex.slow"


CONTROL = frozenset({EventType.LOG_TRUNCATED, EventType.SLOW})
"""Types that concern one reader of `/events`: they are in no topic."""

SCHEMAS: Mapping[EventType, str] = MappingProxyType(
    {
        EventType.ARTICLE_PUBLISHED: "article/1",
        EventType.ARTICLE_UPDATED: "article/1",
        EventType.ARTICLE_WITHDRAWN: "article/1",
        EventType.FEED_STATUS: "feed-status/1",
        EventType.FEED_GAP: "feed-gap/1",
        EventType.FEED_MOVED: "feed-moved/1",
        EventType.FEED_RETIRED: "feed-retired/1",
        EventType.DEAD_LETTER: "dead-letter/1",
        EventType.LOG_TRUNCATED: "log-truncated/1",
        EventType.SLOW: "slow/1",
    }
)
"""The name of the schema that the data of each type follows."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """A rule: events of articles that `selection` wants are also written to the fan-out topic called by `slug`.

    Each version is judged by itself: an edit may bring an article into a topic, or leave the topic with the version
    before. Who needs every version of its articles reads the topic of all articles. A withdrawal goes wherever the
    article may have gone.
    """

    slug: str
    selection: Selection


@dataclass(frozen=True, slots=True)
class Naming:
    """How this installation calls its topics, and where the world reaches it.

    `public_url` has no query; it may have a path, and a slash at its end makes no difference. `current` (None: there is
    none) holds each article's latest version; the topic of a rule of `fan_out` is `fan_out_prefix` and the rule's slug.
    """

    public_url: str = "http://127.0.0.1:8080"
    articles: str = "news.articles"
    feeds: str = "news.feeds"
    feedlog: str = "news.feedlog"
    deadletters: str = "news.deadletters"
    current: str | None = None
    fan_out: tuple[FanOut, ...] = ()
    fan_out_prefix: str = "news.topic."

    def topics(self) -> tuple[str, ...]:
        """The topics in which each event stands once."""
        return (self.articles, self.feeds, self.feedlog, self.deadletters)

    def derived(self) -> tuple[str, ...]:
        """The topics that repeat events of articles."""
        return (*(() if self.current is None else (self.current,)), *self.fan_out_topics())

    def fan_out_topics(self) -> tuple[str, ...]:
        """The topics of the rules, in their order."""
        return tuple(self.fan_out_prefix + rule.slug for rule in self.fan_out)

    def repeated_in(self, event: ArticleEvent) -> tuple[str, ...]:
        """The derived topics that an article's event is written to as well, in the same transaction."""
        found = () if self.current is None else (self.current,)
        if not self.fan_out:
            return found
        traits = Traits.of(event)
        return (*found, *(self.fan_out_prefix + rule.slug for rule in self.fan_out if rule.selection.matches(traits)))

    def topic_of(self, kind: EventType) -> str:
        """The topic of a type.

        Raises:
            ValueError: the type is a control event, which has no topic.
        """
        match kind:
            case EventType.ARTICLE_PUBLISHED | EventType.ARTICLE_UPDATED | EventType.ARTICLE_WITHDRAWN:
                return self.articles
            case EventType.FEED_STATUS:
                return self.feeds
            case EventType.FEED_GAP | EventType.FEED_MOVED | EventType.FEED_RETIRED:
                return self.feedlog
            case EventType.DEAD_LETTER:
                return self.deadletters
            case EventType.LOG_TRUNCATED | EventType.SLOW:
                raise ValueError(f"{kind} goes to no topic")

    def schema_url(self, name: str) -> str:
        """Where an instance serves the schema called `name`, e.g. "article/1"."""
        return f"{self.public_url.rstrip('/')}/schemas/{name}.json"
