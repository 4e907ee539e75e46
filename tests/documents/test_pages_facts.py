"""What a page says of its article, and where it says it: one test for each rule."""

from datetime import UTC, datetime

import pytest
from page_samples import STORY, html, ld, paragraphs, read

from telex.core.model import Author

ARTICLE = f"<article>{paragraphs(STORY)}</article>"
NODE = {
    "@type": "NewsArticle",
    "headline": "The dyke holds",
    "author": {"@type": "Person", "name": "Awa Diop", "url": "https://courrier.example/awa"},
    "datePublished": "2024-06-03T08:15:00+02:00",
    "dateModified": "2024-06-03T09:00:00Z",
}
PUBLISHED = 1717395300.0


def facts(head="", body=ARTICLE, url="https://courrier.example/digue"):
    return read(html(body, head), url)


def names(page):
    return [author.name for author in page.authors]


@pytest.mark.parametrize(
    "script",
    [
        ld(NODE),
        ld({"@context": "https://schema.org", **NODE}),
        ld({"@type": "WebSite", "name": "Le Courrier"}, NODE),
        ld({"@graph": [{"@type": "WebPage", "name": "page"}, NODE]}),
        ld([[NODE]]),
        ld({"@type": "WebPage", "mainEntity": NODE}),
        ld({**NODE, "@type": ["Article", "ReportageNewsArticle"]}),
        ld({**NODE, "@type": "https://schema.org/OpinionNewsArticle"}),
        ld({**NODE, "@type": "BlogPosting", "author": [NODE["author"]]}),
        ld({**NODE, "author": {"@id": "#awa"}}, {"@type": "Person", "@id": "#awa", **NODE["author"]}),
        ld({"@type": "NewsArticle", "headline": "x"}, NODE),
        ld(NODE).replace("}<", ",}<"),
        ld(NODE)
        .replace("<script", "<script data-x=1")
        .replace(">{", "><!-- {")
        .replace("}</script>", "} --></script>"),
        ld(NODE).replace("}</script>", "};</script>"),
        ld(NODE).replace('"', "&quot;").replace("type=&quot;application/ld+json&quot;", 'type="application/ld+json"'),
    ],
    ids=range(15),
)
def test_json_ld_is_read_in_the_ways_it_is_written(script):
    page = facts(script)
    assert page.title == "The dyke holds"
    assert page.authors == (Author("Awa Diop", "https://courrier.example/awa"),)
    assert (page.published, page.updated) == (PUBLISHED, 1717405200.0)
    assert dict(page.sources)["published"] == "json-ld datePublished"


def test_broken_json_ld_gives_what_stands_plainly_in_it():
    page = facts(ld(NODE).replace('"headline"', '"oops": "a "quoted" word", "headline"'))
    assert page.title == "The dyke holds"
    assert names(page) == ["Awa Diop"]
    assert page.published == PUBLISHED
    assert "page.jsonld_broken" in page.repairs


def test_the_items_of_a_list_are_other_articles():
    other = {**NODE, "headline": "Another story", "author": {"name": "Somebody Else"}}
    page = facts(ld({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": other}]}, NODE))
    assert page.title == "The dyke holds"
    assert names(page) == ["Awa Diop"]


def test_the_updates_of_a_live_blog_are_not_its_body():
    updates = [{"@type": "BlogPosting", "headline": "11:04", "articleBody": "x" * 900}]
    page = facts(ld({**NODE, "@type": "LiveBlogPosting", "liveBlogUpdate": updates}))
    assert page.title == "The dyke holds"
    assert "page.body_from_metadata" not in page.repairs


@pytest.mark.parametrize(
    "title",
    [
        "La digue tient bon | Le Courrier",
        "La digue tient bon - Le Courrier",
        "La digue tient bon – Région – Le Courrier du Port",
        "Le Courrier | La digue tient bon",
        "La digue tient bon | courrier.example",
        "La digue tient bon",
    ],
)
def test_the_title_has_no_sites_name(title):
    head = f'<title>{title}</title><meta property="og:title" content="{title}"><meta property="og:site_name" content="Le Courrier">'
    body = f"<h1>La digue tient bon</h1>{ARTICLE}" if "Région" in title else ARTICLE
    assert facts(head, body).title == "La digue tient bon"


def test_a_dash_inside_a_title_stays():
    title = "Two metres in a night - the sea takes the market hall"
    head = f'<title>{title} | Le Courrier</title><meta property="og:title" content="{title}"><meta property="og:site_name" content="Le Courrier">'
    assert facts(head).title == title


def test_a_titles_end_that_only_holds_the_sites_name_stays():
    title = "The dyke holds - good news for the town"
    assert facts(f"<meta property='og:title' content='{title}'>", url="https://news.example/a").title == title


def test_the_title_is_what_most_of_the_page_repeats():
    head = (
        ld({**NODE, "headline": "The dyke holds, for now"})
        + "<title>The dyke holds, for now | Le Courrier</title><meta property='og:title' content='You will not believe this dyke'>"
    )
    page = facts(head, f"<h1>The dyke holds, for now</h1>{ARTICLE}")
    assert page.title == "The dyke holds, for now"


def test_of_two_spellings_of_a_title_the_metadatas_is_taken():
    head = ld({**NODE, "headline": "“It holds”"}) + "<meta property='og:title' content='\"It holds\"'>"
    assert facts(head, f"<h1>“It holds”</h1>{ARTICLE}").title == '"It holds"'


def test_a_kicker_is_no_part_of_the_title():
    heading = "<h1><span>Storm on the coast</span> - The dyke of the old port holds</h1>"
    head = "<meta property='og:title' content='Night of floods: The dyke of the old port holds'>"
    assert facts(head, heading + ARTICLE).title == "The dyke of the old port holds"


def test_headings_of_menus_are_no_title():
    body = f"<h1>Log in</h1><h1>The dyke holds</h1>{ARTICLE}"
    assert facts("<title>The dyke holds | Le Courrier</title>", body).title == "The dyke holds"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<meta name="author" content="Awa Diop">', ""),
        ('<meta property="article:author" content="Awa Diop">', ""),
        ('<meta name="parsely-author" content="Awa Diop">', ""),
        ('<meta name="DC.creator" content="Awa Diop">', ""),
        ("", '<span itemprop="author" itemscope><a href="/awa"><span itemprop="name">Awa Diop</span></a></span>'),
        ("", '<a rel="author" href="/awa">Awa Diop</a>'),
        ("", '<div class="article-byline">By Awa Diop</div>'),
        ("", '<span class="auteur">Par Awa Diop</span>'),
    ],
)
def test_authors_stand_in_many_places(head, body):
    assert names(facts(head, body + ARTICLE)) == ["Awa Diop"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("By Awa Diop and Jean-Marc N'Guessan", ["Awa Diop", "Jean-Marc N'Guessan"]),
        ("Awa Diop, Zuri Mwangi and Léa Martin", ["Awa Diop", "Zuri Mwangi", "Léa Martin"]),
        ("Par Awa Diop et Léa Martin", ["Awa Diop", "Léa Martin"]),
        ("Por Awa Diop e João Silva", ["Awa Diop", "João Silva"]),
        ("Trine Holm og Lars Berg", ["Trine Holm", "Lars Berg"]),
        ("بقلم عائشة ديوب و محمد علي", ["عائشة ديوب", "محمد علي"]),
        ("By AWA DIOP, Chief Political Writer", ["AWA DIOP"]),
        ("Awa Diop (obe)", ["Awa Diop"]),
        ("Awa Diop; Léa Martin", ["Awa Diop", "Léa Martin"]),
        ("Anderson Cooper", ["Anderson Cooper"]),
        ("Evelyn Andrews", ["Evelyn Andrews"]),
        ("AFP", ["AFP"]),
        ("admin", []),
        ("Administrator", []),
        ("https://www.facebook.com/lecourrier", []),
        ("@lecourrier", []),
    ],
)
def test_a_byline_is_the_names_in_it(text, expected):
    assert names(facts(ld({**NODE, "author": {"@type": "Person", "name": text}}))) == expected


def test_an_agency_is_not_split():
    author = {"@type": "Organization", "name": "Reuters and Partners"}
    assert names(facts(ld({**NODE, "author": author}))) == ["Reuters and Partners"]


def test_an_accounts_name_yields_to_a_persons():
    head = ld({**NODE, "author": {"name": "awa-diop"}}) + '<meta name="author" content="Awa Diop">'
    assert names(facts(head)) == ["Awa Diop"]


def test_a_house_beside_a_person_is_no_author():
    head = ld({**NODE, "author": [{"name": "Awa Diop"}, {"name": "Le Courrier"}], "publisher": {"name": "Le Courrier"}})
    assert names(facts(head)) == ["Awa Diop"]
    alone = ld({**NODE, "author": {"name": "Le Courrier"}, "publisher": {"name": "Le Courrier"}})
    assert names(facts(alone)) == ["Le Courrier"]


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2024-06-03T08:15:00+02:00">',
        '<meta itemprop="datePublished" content="2024-06-03T06:15:00Z">',
        '<meta name="parsely-pub-date" content="2024-06-03T06:15:00Z">',
        '<meta name="date" content="Mon, 03 Jun 2024 06:15:00 GMT">',
        '<meta property="article:published_time" content="1717395300000">',
        '<meta property="article:published_time" content="1717395300">',
        '<meta name="dc.date" content="2024-06-03"><meta name="pubdate" content="2024-06-03T06:15:00Z">',
        '<meta property="article:published_time" content="soon"><meta name="date" content="2024-06-03T06:15:00Z">',
    ],
)
def test_the_instant_of_publication_stands_in_many_places(head):
    assert facts(head).published == PUBLISHED


def test_a_time_element_is_read_where_no_metadata_say_it():
    body = f'<article><time datetime="2024-06-03T08:15:00+02:00">Monday</time>{paragraphs(STORY)}</article>'
    assert facts("", body).published == PUBLISHED


def test_published_and_modified_are_told_apart():
    body = (
        '<article><time class="updated" datetime="2024-06-04T00:00:00Z">x</time>'
        f'<time itemprop="datePublished" datetime="2024-06-03T06:15:00Z">y</time>{paragraphs(STORY)}</article>'
    )
    page = facts("", body)
    assert (page.published, page.updated) == (PUBLISHED, datetime(2024, 6, 4, tzinfo=UTC).timestamp())


def test_a_day_in_the_address_is_the_last_resort_but_one():
    page = facts(url="https://courrier.example/2024/06/03/digue")
    assert page.published == datetime(2024, 6, 3, tzinfo=UTC).timestamp()
    assert dict(page.sources)["published"] == "url"


def test_a_day_that_stands_in_the_text_is_said_to_be_from_there():
    body = f'<article><p class="date">Published 3 June 2024</p>{paragraphs(STORY)}</article>'
    page = facts("", body)
    assert page.published == datetime(2024, 6, 3, tzinfo=UTC).timestamp()
    assert "page.date_from_text" in page.repairs


def test_a_page_without_a_date_has_none():
    page = facts()
    assert (page.published, page.updated) == (None, None)


def test_language_image_and_description_are_read():
    head = '<meta property="og:image" content="/dyke.jpg"><meta property="og:description" content="A flood &amp;amp; its price.">'
    page = facts(head)
    assert page.language == "en"
    assert [media.url for media in page.media] == ["https://courrier.example/dyke.jpg"]
    assert page.summary == "A flood & its price."


def test_entities_in_metadata_are_decoded():
    assert facts(ld({**NODE, "headline": "The dyke &amp; the &#8220;sea&#8221;"})).title == "The dyke & the “sea”"
