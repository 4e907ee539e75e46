"""The types of events, the schema of each type's data, and the topics they go to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
class Naming:
    """How this installation calls its topics, and where the world reaches it.

    `public_url` has no query; it may have a path, and a slash at its end makes no difference.
    """

    public_url: str = "http://127.0.0.1:8080"
    articles: str = "news.articles"
    feeds: str = "news.feeds"
    feedlog: str = "news.feedlog"
    deadletters: str = "news.deadletters"

    def topics(self) -> tuple[str, ...]:
        """All topics that events go to."""
        return (self.articles, self.feeds, self.feedlog, self.deadletters)

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
