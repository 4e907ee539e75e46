"""Who is who: shards, digests, ids of feeds and articles, canonical URLs."""

import hashlib
from collections.abc import Callable

from telex.core.model import ArticleId, Digest, FeedId, Publisher

DIGEST_SIZE = 8
ARTICLE_ID_SIZE = 12
_MURMUR_SEED = 0x9747B28C
_MURMUR_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def digest(*parts: bytes) -> Digest:
    """8 bytes of BLAKE2b over the parts, each with its length: ("a", "bc") and ("ab", "c") differ."""
    state = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return Digest(state.digest())


def digests(*first: bytes) -> Callable[[bytes], Digest]:
    """What gives `digest(*first, last)` of many that begin alike."""
    begun = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for part in first:
        begun.update(len(part).to_bytes(8, "little"))
        begun.update(part)

    def of(last: bytes) -> Digest:
        state = begun.copy()
        state.update(len(last).to_bytes(8, "little"))
        state.update(last)
        return Digest(state.digest())

    return of


def article_id(publisher: Publisher, identity: str) -> ArticleId:
    """The id of the article that `publisher` calls `identity`: 24 hexadecimal digits."""
    state = hashlib.blake2b(digest_size=ARTICLE_ID_SIZE, person=b"telex.article")
    state.update(publisher.encode("utf-8", "surrogatepass"))
    state.update(b"\0")
    state.update(identity.encode("utf-8", "surrogatepass"))
    return ArticleId(state.hexdigest())


def feed_id(first_url: str) -> FeedId:
    """The id of a feed that the catalogue gives none: 16 hexadecimal digits of its first URL's digest."""
    return FeedId(digest(b"telex.feed", first_url.encode("utf-8", "surrogatepass")).hex())


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, as Kafka's default partitioner computes it (org.apache.kafka.common.utils.Utils)."""
    length = len(data)
    h = (_MURMUR_SEED ^ length) & _MASK
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little")
        k = (k * _MURMUR_M) & _MASK
        k ^= k >> 24
        k = (k * _MURMUR_M) & _MASK
        h = ((h * _MURMUR_M) & _MASK) ^ k
    tail = data[whole:]
    if tail:
        h ^= int.from_bytes(tail, "little")
        h = (h * _MURMUR_M) & _MASK
    h ^= h >> 13
    h = (h * _MURMUR_M) & _MASK
    return h ^ (h >> 15)


def shard_of(publisher: Publisher, shards: int) -> int:
    """The shard that owns a publisher: toPositive(murmur2(publisher)) mod shards, as Kafka would place the key."""
    return (murmur2(publisher.encode("utf-8", "surrogatepass")) & 0x7FFFFFFF) % shards
