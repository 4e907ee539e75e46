"""Articles are tagged as they go out, and only then."""

from support.publisher import House, entry, feed, kinds
from telex.core.arrivals import FeedArrived
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Evidence, FeedDocument, Topic
from telex.core.register import Register
from telex.ingest.ingest import ingest
from telex.tagging.tags import Tags
from telex.tagging.text import Field
from telex.wire.memories import pack


class Counting:
    """Tags every text with its title's first word, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def tag(self, text):
        self.asked.append([segment.field for segment in text.segments])
        word = text.written.split()[0]
        topic = Topic(f"own:{word}", word, None, (), 0.9, (Evidence(word, "title", 0),))
        return Tags((topic,), taxonomies=("own@1",))


def show(house, tagger, *entries, later=60.0):
    house.now += later
    document = FeedDocument("test", entries, complete=True, title="The News")
    arrival = FeedArrived(
        document, digest(*(one.raw for one in entries)), "https://news.example/f1.xml", None, None, None
    )
    memory = house.memory("f1") if house.memories else Memory()
    outcome = ingest(house.feeds["f1"], memory, Register(), arrival, house.now, tagger)
    house.memories["f1"] = pack(outcome.memory)
    return list(outcome.events)


def test_what_is_published_or_updated_is_tagged_by_its_words_and_nothing_else_is_looked_at():
    house, tagger = House.of(feed(withdraw_after=0.0)), Counting()
    first = [entry(name, f"Title {name}", body="<p>Some text.</p>") for name in "abcde"]
    (published, *_) = [e for e in show(house, tagger, *first) if hasattr(e, "article")]
    assert published.article.topics[0].code == "own:Title"
    assert published.article.provenance.taxonomies == ("own@1",)
    assert tagger.asked == [[Field.TITLE, Field.BODY, Field.URL]] * 5
    noise = [entry(name, f"Title {name}", body="<p>Some  text.</p>", noise="n") for name in "abcde"]
    assert kinds(show(house, tagger, *noise)) == []
    assert len(tagger.asked) == 5
    edited = [entry("a", "Edited", body="<p>Some text.</p>"), *noise[1:]]
    (event,) = show(house, tagger, *edited)
    assert (event.article.version, event.article.topics[0].code) == (2, "own:Edited")
    holed = [*edited[:2], *edited[3:]]
    gone = show(house, tagger, *holed)
    assert kinds(gone) == ["withdrawn"]
    assert gone[0].article.topics == ()
    assert len(tagger.asked) == 6
