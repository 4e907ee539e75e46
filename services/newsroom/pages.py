"""Writes an article's page: the article, what its metadata says of it, and what surrounds it on real sites."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from newsroom.formats import image_url, markup
from newsroom.world import Article

_WORDS = {
    "fr": {
        "menu": ("Accueil", "Politique", "Économie", "Sport", "Culture"),
        "related": "À lire aussi",
        "by": "Par",
        "ad": ("Offrez un abonnement à vos proches", "Notre lettre du matin, chaque jour", "Écoutez nos podcasts"),
        "views": "Lu {} fois",
        "footer": "Publication imaginaire, produite par un simulateur. Toute ressemblance est fortuite.",
    },
    "en": {
        "menu": ("Home", "Politics", "Business", "Sport", "Culture"),
        "related": "Read also",
        "by": "By",
        "ad": ("Give a subscription to someone you like", "Our morning letter, every day", "Listen to our podcasts"),
        "views": "Read {} times",
        "footer": "An imaginary publication, made by a simulator. Any resemblance is accidental.",
    },
}


def write(article: Article, related: Sequence[Article], base: str, noise: int) -> bytes:
    """The page, in UTF-8. `noise` turns the advertisement and the counter."""
    words = _WORDS[article.publisher.language]
    menu = "".join(f'<li><a href="/p/{article.publisher.slug}/">{escape(item)}</a></li>' for item in words["menu"])
    others = "".join(f'<li><a href="{other.path}">{escape(other.story.title)}</a></li>' for other in related)
    advertisement = words["ad"][noise % len(words["ad"])]
    views = str(words["views"]).format(article.number * 37 % 400 + noise * 3)
    return f"""<!DOCTYPE html>
<html lang="{article.publisher.language}">
<head>
{_head(article, base)}
</head>
<body>
<header><a href="/p/{article.publisher.slug}/">{escape(article.publisher.name)}</a><nav><ul>{menu}</ul></nav></header>
<main>
<article>
<h1>{escape(article.story.title)}</h1>
<p class="standfirst">{escape(article.story.summary)}</p>
<p class="byline">{words["by"]} {escape(", ".join(article.story.authors))}</p>
<figure><img src="{image_url(article, base)}" alt="" width="640" height="360"></figure>
<div class="body">
{markup(article.story.paragraphs)}
</div>
</article>
<aside class="ad">{escape(advertisement)}</aside>
<p class="views">{views}</p>
<section class="related"><h2>{words["related"]}</h2><ul>{others}</ul></section>
</main>
<footer><p>{words["footer"]}</p></footer>
</body>
</html>
""".encode()


def _head(article: Article, base: str) -> str:
    story = article.story
    properties = {
        "og:type": "article",
        "og:title": story.title,
        "og:description": story.summary,
        "og:url": article.link,
        "og:image": image_url(article, base),
        "og:site_name": article.publisher.name,
        "article:published_time": _rfc3339(article.published_at),
        "article:modified_time": _rfc3339(article.updated_at),
    }
    metas = "\n".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items())
    # "</" would end the script element (HTML, 4.12.1.3: restrictions for contents of script elements).
    data = json.dumps(_linked_data(article, base), ensure_ascii=False).replace("</", "<\\/")
    return f"""<meta charset="utf-8">
<title>{escape(story.title)} - {escape(article.publisher.name)}</title>
<link rel="canonical" href="{article.link}">
<meta name="description" content="{escape(story.summary)}">
{metas}
<script type="application/ld+json">{data}</script>"""


def _linked_data(article: Article, base: str) -> dict[str, object]:
    story = article.story
    separator = "" if article.publisher.habits.run_together else "\n\n"
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "description": story.summary,
        "articleBody": separator.join(story.paragraphs),
        "articleSection": story.categories[0],
        "author": [{"@type": "Person", "name": author} for author in story.authors],
        "publisher": {"@type": "NewsMediaOrganization", "name": article.publisher.name},
        "datePublished": _rfc3339(article.published_at),
        "dateModified": _rfc3339(article.updated_at),
        "inLanguage": article.publisher.language,
        "mainEntityOfPage": article.link,
        "image": [image_url(article, base)],
    }


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()
