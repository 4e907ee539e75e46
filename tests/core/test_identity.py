"""Ids and shards."""

from hypothesis import given
from hypothesis import strategies as st

from telex.core.identity import article_id, digest, feed_id, murmur2, shard_of
from telex.core.model import Publisher


def test_murmur2_agrees_with_kafkas_own_test_vectors():
    # org.apache.kafka.common.utils.UtilsTest.testMurmur2
    vectors = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    for data, expected in vectors.items():
        assert murmur2(data) == expected & 0xFFFFFFFF


@given(st.text(), st.integers(1, 512))
def test_a_publisher_has_a_shard(publisher, shards):
    assert 0 <= shard_of(Publisher(publisher), shards) < shards


def test_where_a_part_ends_makes_a_difference():
    assert digest(b"a", b"bc") != digest(b"ab", b"c")
    assert len(digest(b"")) == 8


def test_ids_are_stable_across_releases():
    assert article_id(Publisher("news.example"), "urn:1") == "41df59e79614690adc9fbf6c"
    assert feed_id("https://news.example/feed") == "e2ba051c90b1e7af"
