"""Decoders: the same bytes in any pieces, and no piece larger than it may be."""

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.adapters.http.decoding import PIECE, BrokenCoding, decoder_for

BODIES = st.binary(max_size=2000) | st.integers(0, 3 * PIECE).map(bytes)
CODINGS = st.sampled_from(
    [
        ("gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:7], mtime=0) + gzip.compress(body[7:])),
        ("gzip", lambda body: gzip.compress(body, mtime=0) + b"\0\0"),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ]
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


@given(BODIES, CODINGS, st.lists(st.integers(0, 10**6), max_size=20))
def test_any_cutting_of_the_stream_decodes_to_the_same(body, coding, cuts):
    name, compress = coding
    decoder = decoder_for(name)
    out = [piece for chunk in pieces(compress(body), cuts) for piece in decoder.feed(chunk)]
    decoder.finish()
    assert b"".join(out) == body
    assert all(0 < len(piece) <= PIECE for piece in out)


WHOLE = st.sampled_from(
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ]
)


@given(st.binary(min_size=1, max_size=500), WHOLE, st.data())
def test_no_stream_that_lost_its_end_finishes(body, coding, data):
    name, compress = coding
    stream = compress(body)
    short = stream[: data.draw(st.integers(1, len(stream) - 1))]
    decoder = decoder_for(name)
    with pytest.raises(BrokenCoding):
        for _ in decoder.feed(short):
            pass
        decoder.finish()


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_rubbish_is_broken_or_decoded_and_nothing_else(data, name):
    decoder = decoder_for(name)
    try:
        for piece in decoder.feed(data):
            assert len(piece) <= PIECE
        decoder.finish()
    except BrokenCoding:
        pass
