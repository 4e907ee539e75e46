"""An article's page."""

from telex.core.model import Author, PageDocument, Unreadable, UnreadableReason
from telex.documents.reader import read_page

PARAGRAPHS = [
    "La mer a monté de deux mètres dans la nuit de dimanche à lundi, et les habitants du quartier ont été évacués.",
    "Le maire a promis que la digue serait relevée avant la fin de l'année, grâce à une aide de la région.",
    "Les pêcheurs, eux, demandent depuis dix ans que le chenal soit dragué et que le port soit mieux protégé.",
]
PAGE = f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>La digue tient bon - Le Courrier</title>
<meta property="og:title" content="La digue tient bon"><meta name="author" content="Awa Diop">
<meta property="article:published_time" content="2024-06-03T08:15:00+02:00">
<meta property="article:modified_time" content="2024-06-03T09:00:00Z"><meta property="og:image" content="/digue.jpg"></head>
<body><nav><a href="/">Accueil</a></nav><article><h1>La digue tient bon</h1>{"".join(f"<p>{one}</p>" for one in PARAGRAPHS)}
<script>track()</script></article><footer>Mentions légales</footer></body></html>"""


def test_a_page_gives_its_text_by_paragraphs_and_what_it_says_of_itself():
    page = read_page(PAGE.encode(), "text/html", "https://courrier.example/digue")
    assert isinstance(page, PageDocument), page
    assert page.text is not None
    assert page.text.split("\n\n")[-3:] == PARAGRAPHS
    assert page.title == "La digue tient bon"
    assert page.authors == (Author("Awa Diop"),)
    assert (page.published, page.updated) == (1717395300.0, 1717405200.0)
    assert page.language == "fr"
    assert [one.url for one in page.media] == ["https://courrier.example/digue.jpg"]


def test_a_page_in_another_encoding_is_read():
    body = PAGE.replace("utf-8", "iso-8859-1").encode("iso-8859-1")
    page = read_page(body, "text/html", "https://courrier.example/digue")
    assert isinstance(page, PageDocument), page
    assert PARAGRAPHS[0] in (page.text or "")


def test_what_is_no_page_says_why():
    assert read_page(b" ", None, "https://a.example/") == Unreadable(UnreadableReason.EMPTY, "1 bytes, no text")
    found = read_page(b"hello", "text/plain", "https://a.example/")
    assert isinstance(found, Unreadable)
    assert found.reason is UnreadableReason.NOT_TEXT


def test_a_page_without_an_article_has_no_text():
    page = read_page(b"<html><body></body></html>", "text/html", "https://a.example/")
    assert isinstance(page, PageDocument), page
    assert page.text is None
