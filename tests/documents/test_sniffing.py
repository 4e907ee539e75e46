"""What kind of document bytes are."""

import gzip

import pytest

from telex.core.model import Unreadable, UnreadableReason
from telex.documents.sniff import Kind, Source, root_name, sniff


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", UnreadableReason.EMPTY),
        (b"\xef\xbb\xbf \n", UnreadableReason.EMPTY),
        (b"\0" * 100, UnreadableReason.EMPTY),
        (gzip.compress(b"<rss/>", mtime=0), UnreadableReason.NOT_TEXT),
        (b"\x89PNG\r\n\x1a\n", UnreadableReason.NOT_TEXT),
        (bytes(range(256)) * 40, UnreadableReason.NOT_TEXT),
        (b"<html><body>x", UnreadableReason.HTML),
        (b"<!-- x --><!DOCTYPE HTML PUBLIC '-//W3C//DTD'><HTML>", UnreadableReason.HTML),
        (b"<p>Sorry</p><html>", UnreadableReason.HTML),
        (b"<?xml version='1.0'?><sitemapindex/>", UnreadableReason.NOT_A_FEED),
        (b"Service unavailable", UnreadableReason.NOT_A_FEED),
        (b"<", UnreadableReason.NOT_A_FEED),
        (b"<!DOCTYPE rss [", UnreadableReason.NOT_A_FEED),
    ],
)
def test_bytes_that_are_no_feed_say_why(body, reason):
    found = sniff(body, "application/rss+xml")
    assert isinstance(found, Unreadable)
    assert found.reason is reason


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<rss/>", Kind.XML),
        (b"\xef\xbb\xbf\n\n<?xml version='1.0'?><!-- <html> --><RSS>", Kind.XML),
        (b"<!DOCTYPE rss [<!ENTITY a '<html>'>] ><rss>", Kind.XML),
        (b"PHP Notice: x\n<rss version='2.0'>", Kind.XML),
        ("<a:feed xmlns:a='x'/>".encode("utf-16"), Kind.XML),
        ("<feed/>".encode("utf-16-be"), Kind.XML),
        (b" \n{}", Kind.JSON),
        ("{}".encode("utf-16"), Kind.JSON),
    ],
)
def test_feeds_are_known_by_their_beginning(body, kind):
    found = sniff(body, "text/html")
    assert isinstance(found, Source)
    assert found.kind is kind


def test_a_root_is_found_behind_everything_that_may_precede_it():
    assert root_name(b"<?x <rss> ?><!-- <feed> --><!DOCTYPE y [<!ENTITY b '<channel>'>]><rdf:RDF>") == "rdf"
