"""What `fuzz` and its growing families found, each as it was mended."""

import time

import pytest
from fuzz_laws import check_readers

from telex.core.model import Entry, FeedDocument, Markup, ReadRequest, Unreadable
from telex.documents import budgets, direct, parsers
from telex.documents.markup import sanitise
from telex.documents.reader import prepare, read_feed, read_page
from telex.documents.split import split

URL = "https://feeds.example/feed.xml"


def read(body, known=frozenset()):
    return read_feed(ReadRequest(body, None, URL, known))


def rss(inside, attributes=""):
    return f'<rss version="2.0"{attributes}><channel>{inside}</channel></rss>'.encode()


def seconds(work, *arguments):
    started = time.process_time()
    work(*arguments)
    return time.process_time() - started


# --- what is refused, and that what is a little less is not


@pytest.mark.parametrize(
    ("form", "most"),
    [
        (lambda count: rss("<x/>" * (count - 2)), budgets.ELEMENTS),
        (lambda count: rss(f"<item><x {' '.join(f'a{number}=%sx%s' % (chr(34), chr(34)) for number in range(count))}/></item>"), budgets.ATTRIBUTES),
        (lambda count: rss("", "".join(f' xmlns:n{number}="u"' for number in range(count))), budgets.NAMESPACES),
        (lambda count: rss("<item/>", f' xmlns:n="{"u" * count}"'), budgets.NAMESPACE),
        (lambda count: b"<!DOCTYPE a [" + b"<!ATTLIST rss a CDATA 'x'>" * count + b"]>" + rss("<item/>"), budgets.DECLARATIONS),
        (lambda count: b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"[]," * (count - 3) + b"{}]}", budgets.ELEMENTS),
    ],
    ids=["elements", "attributes", "namespaces", "a namespace", "declarations", "JSON"],
)  # fmt: skip
def test_more_of_something_than_any_feed_has_is_refused(form, most):
    assert isinstance(read(form(most)), FeedDocument)
    refused = read(form(most + 1))
    assert isinstance(refused, Unreadable)
    assert refused.reason == "too_costly"


def test_more_tags_than_anybody_reads_are_refused():
    bold = "&lt;b>" * 10_000
    items = [f"<item><guid>{number}</guid><description>{bold}</description></item>" for number in range(60)]
    assert isinstance(read(rss("".join(items[:59]))), FeedDocument)
    assert read(rss("".join(items))).reason == "too_costly"


def test_a_tag_without_an_end_is_refused_before_a_parser_sees_it():
    refused = read(rss(f"<item><x {'a ' * budgets.LONGEST_TAG}/></item>"))
    assert refused == Unreadable(refused.reason, "a tag beyond reason")


def test_attributes_from_a_dtd_count_for_each_element():
    dtd = f"<!DOCTYPE a [<!ATTLIST item a CDATA '{'x' * 20_000}'>]>".encode()
    assert isinstance(read(dtd + rss("<item></item>" * 100)), FeedDocument)
    assert read(dtd + rss("<item></item>" * 300)).reason == "too_costly"


def test_a_document_that_costs_feedparser_too_much_is_read_as_far_as_it_goes():
    item = "<item><guid>{}</guid><title>a <b>c</b></title><description>d</description><x/><x/><x/></item>"
    body = rss("".join(item.format(number) for number in range(9_000)))
    document = read(body)
    assert isinstance(document, FeedDocument)
    assert not document.complete
    assert document.repairs == ("xml.cut",)
    assert 1_000 < len(document.slots) < 9_000
    assert [slot.guid for slot in document.slots[:3]] == ["0", "1", "2"]
    assert read(body, frozenset(slot.raw for slot in document.slots)).slots[0] == document.slots[0].raw


def test_lines_and_references_of_a_long_text_cost_feedparser_nothing():
    text = "&lt;p&gt;A line.\n" * 100_000
    document = read(rss(f"<item><title>a <b>b</b></title><description>{text}</description></item>"))
    assert isinstance(document, FeedDocument)
    assert document.complete
    assert document.repairs == ()


def test_an_ill_formed_document_that_costs_too_much_is_read_as_far_as_it_goes():
    item = "<item><guid>{}</guid><title>a</b></title></item>"
    document = read(rss("".join(item.format(number) for number in range(9_000)) + "</x>" * 200_000))
    assert isinstance(document, FeedDocument)
    assert not document.complete
    assert document.repairs == ("xml.ill_formed", "xml.cut")
    assert len(document.slots) > 1_000


def test_the_loose_parser_stops_at_a_tag_that_it_has_no_memory_for():
    text = "<rss><channel><item><guid>1</guid></item><item>" + f"<x {'a ' * budgets.TAG}/></item></channel></rss>"
    parsed = parsers.parse_loose(text, URL)
    assert parsed.costly
    assert [facts.values for facts in parsed.entries] == [{"guid": "1"}, {}]


# --- what was counted once for each entry


@pytest.mark.parametrize(
    ("header", "attributes"),
    [
        ("<copyright>c</copyright>" * 20_000, ""),
        ("", f' xml:base="https://x.example/{"a/" * 200_000}"'),
        ("", "".join(f' xmlns:n{number}="{"u" * 250}"' for number in range(1_000))),
    ],
    ids=["rights", "base", "namespaces"],
)
def test_what_entries_inherit_is_digested_once(header, attributes):
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(10_000))
    assert seconds(split, rss(header + items, attributes)) < 1.0  # it took four, and more


def test_what_entries_inherit_still_makes_their_digests():
    long = ' xml:base="https://x.example/' + "a/" * 1_000
    digests = {
        split(rss(f"{header}<item/>", f'{long}{end}"')).slices[0].raw
        for end in ("", "b")
        for header in ("", "<copyright>c</copyright>" * 100, "<copyright>d</copyright>" * 100)
    }
    assert len(digests) == 6


def test_authors_of_a_json_feed_are_as_many_as_an_entry_may_have():
    people = ", ".join(f'{{"name": "a{number}"}}' for number in range(80))
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "authors": [{people}], "items": [{{"id": "1"}}]}}'
    document = read(body.encode())
    assert isinstance(document, FeedDocument)
    assert [len(slot.authors) for slot in document.slots] == [50]
    assert document.repairs == ("authors.dropped",)


# --- bases


def test_bases_inside_bases_grow_to_a_limit():
    body = rss("<item>" + "<x xml:base='a/'>" * 2_000 + "<link>l</link>" + "</x>" * 2_000 + "</item>")
    assert seconds(read, body) < 1.0  # it took six
    (entry,) = read(body).slots
    assert len(entry.link) <= budgets.BASE + 1


@pytest.mark.parametrize("size", [100, budgets.BASE - 40, budgets.BASE, 5_000])
def test_both_readers_have_the_same_limit_of_bases(size):
    body = rss(f"<item xml:base='https://x.example/{'a/' * (size // 2)}'><link>l</link></item>")
    check_readers(body)
    (entry,) = read(body).slots
    assert entry.link.startswith("https://x.example/a/" if size < budgets.BASE else "https://feeds.example/l")


# --- entries beyond the limit


def test_entries_beyond_the_limit_are_not_given_to_a_reader():
    more = "<x><item><guid>{}</guid></item></x><item><guid>b</guid></item>\n <item/>"
    body = rss(
        "<item><guid>g</guid></item>" * 10_000
        + "".join(more.format(number) for number in range(5))
        + "<language>fr</language>"
    )
    cut = split(body)
    assert len(cut.beyond) == 10
    assert cut.dropped == 15
    assert cut.without(frozenset()).count(b"<item") == 10_000
    assert direct.parse(cut.without(frozenset()), URL) is not None
    document = read(body)
    assert (len(document.slots), document.dropped, document.language) == (10_000, 15, "fr")


# --- bombs


def test_references_to_harmless_entities_are_counted_in_one_pass():
    declared = "".join(f"<!ENTITY e{number} 'x'>" for number in range(299))
    body = f"<!DOCTYPE rss [{declared}]>".encode() + rss("<item><title>" + "&e1;" * 200_000 + "</title></item>")
    assert isinstance(read(body), FeedDocument)
    assert seconds(read, body) < 1.0


def test_one_long_entity_among_short_ones_is_a_bomb():
    declared = f"<!ENTITY a 'x'><!ENTITY b '{'y' * 4_000}'>"
    body = f"<!DOCTYPE rss [{declared}]>".encode()
    assert isinstance(read(body + rss("<item><title>" + "&a;" * 1_000 + "&b;" * 10 + "</title></item>")), FeedDocument)
    assert read(body + rss("<item><title>" + "&a;" * 1_000 + "&b;" * 20 + "</title></item>")).reason == "bomb"


# --- what the two readers said differently


def test_a_namespace_in_capitals_is_left_to_feedparser():
    body = b'<feed XMLNS="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id></entry></feed>'
    check_readers(body)
    assert direct.parse(body, URL) is None
    assert read(body).format == "atom10"


# --- markup


@pytest.mark.parametrize(
    "value", ["<pre>\n\n\na</pre>", "<pre lang='x'><title>b</title>\n</pre>", "<pre>\na\n\nb</pre>"]
)
def test_safe_preformatted_text_is_stable(value):
    safe = sanitise(Markup(value, html=True))
    assert "<pre" in safe
    assert sanitise(Markup(safe, html=True)) == safe


def test_paragraphs_from_text_are_written_as_html_writes_them():
    safe = sanitise(Markup("Deux\u00a0: 5 < 6 & 7\n\nb", html=False))
    assert safe == "<p>Deux&nbsp;: 5 &lt; 6 &amp; 7</p>\n<p>b</p>"
    assert sanitise(Markup(safe, html=True)) == safe


# --- pages


def test_a_page_without_an_element_is_refused():
    page = read_page(b"<?xml version='1.0'?>\n<!DOCTYPE rss [<!ENTITY a 'b'>\n<!", "text/xml", URL)
    assert isinstance(page, Unreadable)
    assert page.reason == "not_text"


def test_a_budget_of_elements_that_is_too_small_is_still_the_callers_business():
    draft = prepare(ReadRequest(rss("<item/>"), None, URL), 10)
    assert not isinstance(draft, Unreadable)
    assert isinstance(read(rss("<item/>")).slots[0], Entry)
