"""What of a page is the story: one test for each rule."""

import pytest
from page_samples import QISSA, RECIT, RELATO, STORY, html, ld, paragraphs, read, text

from telex.documents.page_blocks import Kind, blocks, squashed
from telex.documents.page_body import parted
from telex.documents.page_phrases import ends_story, invites
from telex.documents.page_story import Choice, no_links_alone
from telex.documents.page_tree import parse

ARTICLE = f"<article><h1>The dyke holds</h1>{paragraphs(STORY)}</article>"
LANGUAGES = [("en", STORY), ("fr", RECIT), ("pt", RELATO), ("ar", QISSA)]


@pytest.mark.parametrize(("lang", "story"), LANGUAGES, ids=[lang for lang, _ in LANGUAGES])
def test_a_story_is_its_paragraphs_in_every_language(lang, story):
    page = (
        f"<nav><a href='/'>Home</a></nav><article><h1>Title</h1>{paragraphs(story)}</article><footer>Imprint</footer>"
    )
    assert text(page, lang=lang) == story


def test_subheadings_lists_and_quotations_keep_their_order():
    body = (
        f"<article><h1>The dyke holds</h1><p>{STORY[0]}</p><h2>What the mayor says</h2><p>{STORY[1]}</p>"
        f"<ul><li>One million for the dyke, by the region</li><li>Two for the port, by the state</li></ul>"
        f"<blockquote><p>{STORY[2]}</p></blockquote><p>{STORY[3]}</p></article>"
    )
    page = read(html(body))
    assert (page.text or "").split("\n\n") == [
        STORY[0],
        "What the mayor says",
        STORY[1],
        "One million for the dyke, by the region\nTwo for the port, by the state",
        STORY[2],
        STORY[3],
    ]
    assert page.html is not None
    assert "<h2>What the mayor says</h2>" in page.html
    assert "<ul><li>One million for the dyke, by the region</li>" in page.html
    assert f"<blockquote>{STORY[2]}</blockquote>" in page.html


def test_the_title_is_no_part_of_the_text():
    assert text(ARTICLE, head="<title>The dyke holds</title>") == STORY


def test_the_authors_names_are_no_part_of_the_text():
    body = f"<article><h1>The dyke holds</h1><p>Awa Diop</p>{paragraphs(STORY)}</article>"
    assert text(body, head='<meta name="author" content="Awa Diop">') == STORY


@pytest.mark.parametrize(
    "around",
    [
        '<div class="related-stories"><h3>Other</h3><p>{}</p></div>',
        '<div class="Newsletter_signup"><p>{}</p></div>',
        "<aside><p>{}</p></aside>",
        '<div class="authorBio"><p>{}</p></div>',
        '<div style="display: none"><p>{}</p></div>',
        '<div role="dialog"><p>{}</p></div>',
        '<figure><img src="/a.jpg"><figcaption>{}</figcaption></figure>',
        '<div class="image-widget"><p>{}</p></div>',
    ],
)  # fmt: skip
def test_what_is_named_as_no_story_is_none(around):
    other = "Another text of some length that stands beside the story and does not belong to it at all, as readers see."
    body = f"<article><h1>The dyke holds</h1><p>{STORY[0]}</p>{around.format(other)}{paragraphs(STORY[1:])}</article>"
    assert text(body) == STORY


def test_a_name_around_the_whole_story_says_nothing():
    """WordPress names articles after their tags: `tag-newsletter`."""
    body = f'<article class="post tag-newsletter has-sidebar">{paragraphs(STORY)}</article>'
    assert text(body) == STORY


def test_a_story_behind_a_paywall_is_a_story():
    body = f"<article><p>{STORY[0]}</p>{''.join(f'<p class=paywall aria-hidden=true>{one}</p>' for one in STORY[1:])}</article>"
    assert text(body) == STORY


def test_paragraphs_in_several_containers_are_one_story():
    chunk = '<div class="chunk"><div class="body grid">{}</div></div><div class="ad-slot">Ad</div>'
    long = [f"{one} And so it went on, for hour after hour, until the tide turned at last." for one in STORY * 3]
    long = [f"{number}. {one}" for number, one in enumerate(long)]
    body = "<article>" + "".join(chunk.format(paragraphs(long[at : at + 4])) for at in (0, 4, 8)) + "</article>"
    assert text(body) == long


def test_paragraphs_parted_by_two_breaks_are_paragraphs():
    body = f'<div class="article-body">{"<br><br>".join(STORY)}</div>'
    assert text(body) == STORY


def test_one_break_is_a_line():
    body = (
        f"<article><p>{STORY[0]}</p><p>First line of it,<br>\n second line of it</p>{paragraphs(STORY[1:])}</article>"
    )
    assert "First line of it,\nsecond line of it" in text(body)


def test_inline_markup_leaves_no_gap_and_no_glue():
    body = f"<article><p>{STORY[0]}</p><p>The <b>may</b>or said: <i>never</i><span>.</span> Then   he\n left the hall.</p>{paragraphs(STORY[1:])}</article>"
    assert "The mayor said: never. Then he left the hall." in text(body)


@pytest.mark.parametrize(
    "invitation",
    [
        "<p>Read more: <a href='/b'>Why dykes break</a></p>",
        "<p><a href='/b'>Why dykes break and how they are mended</a></p>",
        "<p>Follow us on <a href='/x'>Facebook</a> and Instagram</p>",
        "<p>Sign up for our newsletter</p>",
        "<p>Advertisement</p>",
        "<p>Image: Awa Diop / Le Courrier</p>",
        "<p>© 2024 Le Courrier</p>",
        "<p>Published: 3 June 2024, 10:00</p>",
        "<p>https://courrier.example/a</p>",
        "<p>À lire aussi : <a href='/b'>Pourquoi les digues cèdent</a></p>",
        "<p>Abonnez-vous à notre infolettre</p>",
        "<p>Leia também: <a href='/b'>Porque cedem os diques</a></p>",
        "<p>اقرأ أيضا: <a href='/b'>لماذا تنهار السدود</a></p>",
    ],
)
def test_invitations_between_paragraphs_go(invitation):
    body = f"<article><p>{STORY[0]}</p><p>{STORY[1]}</p>{invitation}<p>{STORY[2]}</p><p>{STORY[3]}</p></article>"
    assert text(body) == STORY


@pytest.mark.parametrize(
    "sentence",
    [
        "Read more than once, the letter makes no sense, the judge said on Tuesday.",
        "Advertising revenue fell by a tenth in the first half of the year.",
        "Subscribers of the service were told that their data had been stolen.",
        "Comments by the minister caused a storm in parliament on Thursday.",
        "More people than ever have left the coast since the dyke broke.",
        "Copyright law is older than the printing press in some countries.",
        "Publicité et presse : les recettes ont baissé de dix pour cent en un an.",
        "Follow the money, the prosecutor told the jury on Monday.",
        "Updated figures show that 10 people died in the flood.",
        "Watch the skies, the pilots of the old airfield used to say.",
        "Publié à Paris en 1920, le livre a été traduit en dix langues.",
        "Siga o dinheiro, disse o procurador aos jornalistas.",
        "Related species live in the lakes of the Rift Valley, she said.",
    ],
)
def test_a_sentence_of_the_story_is_no_invitation(sentence):
    assert not invites(sentence)


def test_a_paragraph_that_is_a_link_leads_away_but_an_address_does_not():
    tree, _ = parse(
        html("<p><a href='/b'>Why dykes break</a></p><p><a href='mailto:a@b.example'>a@b.example</a></p>").encode(),
        None,
    )
    found = blocks(tree)
    choice = Choice(found, [squashed(block.text) for block in found], [True, True])
    no_links_alone(choice)
    assert choice.keep == [False, True]


def test_behind_the_end_of_the_story_nothing_goes_on():
    cards = "".join(
        f'<div class="card"><h3>Another story {n}</h3><p class="dek">It tells of {one}</p></div>'
        for n, one in enumerate(RECIT)
    )
    body = f'<article><div class="story">{paragraphs(STORY * 2)}</div><h2>More from the Courrier</h2>{cards}</article>'
    assert text(body)[-1] == STORY[-1]
    assert ends_story("More from the Courrier")
    assert ends_story("Sur le même sujet")
    assert not ends_story("Comments by the minister caused a storm")


def test_a_box_of_related_stories_does_not_end_a_story():
    body = f'<article><div class="story">{paragraphs(STORY[:3])}<h3>Related</h3><p>{STORY[3]}</p><p>{RECIT[0]}</p></div></article>'
    assert text(body)[-2:] == [STORY[3], RECIT[0]]


def test_the_standfirst_is_the_first_paragraph():
    lead = "After the worst flood in thirty years the town asks who is to pay for a higher dyke."
    body = f'<div class="top"><h1>The dyke holds</h1><p class="article-standfirst">{lead}</p></div><article>{paragraphs(STORY)}</article>'
    assert text(body) == [lead, *STORY]


def test_the_metadatas_body_says_what_stands_apart_from_the_story():
    box = "<div class='information'><p>In 1953 a flood took the old dyke; the new one was built by two thousand people.</p></div>"
    body = f"<article><div class='story'>{paragraphs(STORY[:2])}</div>{box}<div class='story'>{paragraphs(STORY[2:])}</div></article>"
    head = ld({"@type": "NewsArticle", "headline": "The dyke holds", "articleBody": " ".join(STORY)})
    assert text(body, head=head) == STORY


def test_a_metadata_body_that_runs_together_still_gives_the_pages_paragraphs():
    head = ld({"@type": "NewsArticle", "headline": "The dyke holds", "articleBody": "".join(STORY)})
    assert text(ARTICLE, head=head) == STORY


@pytest.mark.parametrize("glue", ["", " ", "\n", "\r\n\r\n"])
def test_a_page_without_text_has_its_metadatas_body(glue):
    page = read(html("<div id='app'></div>", head=ld({"@type": "NewsArticle", "articleBody": glue.join(STORY)})))
    assert page.text is not None
    assert "page.body_from_metadata" in page.repairs
    assert ("body", "json-ld articleBody") in page.sources
    assert page.text.split("\n\n") == ([" ".join(STORY)] if glue == " " else STORY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("He came.She left the house.", ["He came.", "She left the house."]),
        ("Il est venu.Élise est partie ensuite.", ["Il est venu.", "Élise est partie ensuite."]),
        ("“It holds.”“For how long?” he asked.", ["“It holds.”", "“For how long?” he asked."]),
        ("وصل الوفد أمس.وغادر اليوم", ["وصل الوفد أمس.", "وغادر اليوم"]),
        ("The U.S.A. and the U.K. agreed.", ["The U.S.A. and the U.K. agreed."]),
        ("It cost 3.5M at Node.js and e.g.this.", ["It cost 3.5M at Node.js and e.g.this."]),
    ],
)
def test_sentences_that_run_together_are_parted(body, expected):
    assert parted(body).split("\n\n") == expected


def test_a_text_shown_twice_is_there_once():
    body = f"<div class='pullquote'><p>{STORY[1]}</p></div><article>{paragraphs(STORY)}</article>"
    assert text(body) == STORY


def test_a_heading_at_the_very_end_goes():
    assert text(f"<article>{paragraphs(STORY)}<h2>About the town</h2></article>") == STORY


def test_blocks_know_where_they_stand():
    tree, _ = parse(html("<article><h2>A</h2><p>b <a href='/'>link</a></p></article><aside>c</aside>").encode(), None)
    found = blocks(tree)
    assert [(block.text, block.kind, block.level, block.linked) for block in found] == [
        ("A", Kind.HEADING, 2, 0),
        ("b link", Kind.PARAGRAPH, 0, 4),
        ("c", Kind.PARAGRAPH, 0, 0),
    ]
    assert found[0].frame == found[1].frame != found[2].frame
    assert found[0].article == found[1].article != 0 == found[2].article
    assert found[2].noise


def test_a_question_for_consent_is_no_text():
    ask = (
        "<p>We and our partners use cookies and ask for your consent to store data on your device, as the law says.</p>"
    )
    page = read(html(f"<main><h1>Before you go on</h1>{ask * 3}<button>Accept all</button></main>"))
    assert page.text is None
    assert "page.consent_wall" in page.repairs


def test_a_story_about_cookies_is_a_story():
    story = [
        f"Cookies are at the heart of the case. {one} The court said more of it later in the day." for one in STORY * 4
    ]
    page = read(html(f"<article>{paragraphs(f'{n} {one}' for n, one in enumerate(story))}</article>"))
    assert page.text is not None
    assert "page.consent_wall" not in page.repairs


@pytest.mark.parametrize(
    ("head", "extra"),
    [
        (ld({"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": False}), ""),
        (ld({"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": "False"}), ""),
        ('<meta property="article:content_tier" content="locked">', ""),
        ("", "<div><p>Subscribe to continue reading this article.</p></div>"),
        ("", "<div><p>Il vous reste 75 % de cet article à lire.</p></div>"),
        ("", "<div><p>Conteúdo exclusivo para assinantes</p></div>"),
        ("", "<div><p>هذا المحتوى للمشتركين فقط</p></div>"),
    ],
)
def test_a_paywall_is_named(head, extra):
    page = read(html(ARTICLE + extra, head=head))
    assert "page.paywall" in page.repairs
    assert (page.text or "").split("\n\n")[: len(STORY)] == STORY


def test_a_free_page_names_no_paywall():
    head = ld({"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": True})
    assert "page.paywall" not in read(html(ARTICLE, head=head)).repairs


@pytest.mark.parametrize(
    "page",
    [
        html(ARTICLE, head=ld({"@type": ["NewsArticle", "LiveBlogPosting"], "headline": "x"})),
        html("<article>" + "".join(f'<div class="live-blog-entry"><p>{one}</p></div>' for one in STORY) + "</article>"),
    ],
)
def test_a_live_blog_is_named(page):
    assert "page.live_blog" in read(page).repairs
