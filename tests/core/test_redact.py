"""The one redaction: what must not be seen is not, what helps to find a fault still is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.loopback_servers import answer, feed, fetching, page, redirect, serve
from telex.core.exchange import Fetched, Refused
from telex.core.model import SecretRef
from telex.core.redact import HIDDEN, redact_body, redact_headers, redact_text, redact_url

CANARY = "c4n4rY7Kx9QpZ2mW8vLs"

HIDES = [
    "https://user:{}@example.org/feed",
    "https://{}@example.org/feed",
    "https://user:pa/{}@example.org/feed",
    "https://example.org/feed?token={}",
    "https://example.org/feed?a=1&ACCESS_TOKEN={}&b=2",
    "https://example.org/feed?a=1;sig={}",
    "https://example.org/feed?to%6Ben={}",
    "https://example.org/feed?unheard_of={}",
    "https://example.org/feed?{}",
    "https://example.org/feed?{}=1",
    "https://example.org/feed#access_token={}",
    "https://example.org/feed#{}",
    "https://example.org/feed;jsessionid={}?a=1",
    "https://example.org/private/{}/rss.xml",
    "https://example.org/private/{}.xml",
    "https://example.org/feed?next=https%3A%2F%2Fexample.org%2F%3Ftoken%3D{}",
    "https://example.org/feed?next=https://u:{}@example.org/",
    "/feed?key={}",
    "//user:{}@example.org/feed",
    "https://[::1/{}",
    "HTTPS://EXAMPLE.ORG/?X-Amz-Signature={}",
]


@pytest.mark.parametrize("template", HIDES)
def test_no_place_of_a_url_shows_a_secret(template):
    shown = redact_url(template.format(CANARY))
    assert CANARY.lower() not in shown.lower()
    assert HIDDEN in shown


@pytest.mark.parametrize("template", [*HIDES, "Authorization: Basic {}", "authorization=Bearer {}", "token: {}", "password='{}'",
                                      '{{"api_key": "{}"}}', "invalid Bearer {}."])  # fmt: skip
def test_no_message_shows_a_secret(template):
    text = "cannot fetch " + template.format(CANARY) + " (timed out)"
    assert CANARY not in redact_text(text)


@pytest.mark.parametrize("secret", ["hunter2", "correct horse", "12345", "ä", "***x", "%41%42"])
@pytest.mark.parametrize("name", ["token", "key", "apikey", "api_key", "password", "sig", "Signature", "auth", "session_id", "sid", "code",
                                  "X-Amz-Credential", "client_secret", "email"])  # fmt: skip
def test_a_name_that_tells_is_enough(name, secret):
    assert redact_url(f"https://example.org/?{name}={secret}&page=2") == f"https://example.org/?{name}=***&page=2"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.bbc.com/afrique/articles/c0w4x8z2k3no",
        "https://fr.sputniknews.africa/20260115/une-longue-histoire-de-football-en-afrique-1071234567.html",
        "https://example.org/2026/01/15/article_123456789.html?page=2&lang=fr&utm_source=rss",
        "https://example.org/Some-Long-Title-With-Capitals-And-2026-Numbers",
        "https://example.org:8443/feed/",
        "https://mastodon.example/@editor/feed.rss",
        "http://[2001:db8::1]:80/feed?format=xml",
        "https://example.org/?q=r%C3%A9sultats+des+%C3%A9lections",
        "https://example.org",
        "/relative/path?page=3#top",
        "",
    ],
)
def test_what_is_harmless_is_shown_as_it_is(url):
    assert redact_url(url) == url
    assert redact_text(url) == url


def test_a_message_without_secrets_is_shown_as_it_is():
    text = "cannot connect to example.org:443 (Connection refused); next try in 5 min, key figures: 3 of 4"
    assert redact_text(text).startswith("cannot connect to example.org:443 (Connection refused); next try in 5 min")


def test_headers_show_only_what_is_known_to_be_harmless():
    shown = dict(
        redact_headers(
            [
                ("Content-Type", "text/xml"),
                ("Authorization", f"Basic {CANARY}"),
                ("Set-Cookie", f"id={CANARY}"),
                ("X-Whatever", CANARY),
                ("Location", f"https://u:{CANARY}@example.org/?token={CANARY}"),
            ]
        )
    )
    assert shown == {
        "Content-Type": "text/xml",
        "Authorization": "***",
        "Set-Cookie": "***",
        "X-Whatever": "***",
        "Location": "https://***@example.org/?token=***",
    }


URLISH = st.text(st.sampled_from("abzAZ019:/?#[]@!$&'()*+,;=%._~- \"<>\\|é\n"), max_size=120) | st.text(max_size=60)


@given(URLISH)
def test_redacting_a_url_twice_changes_nothing(url):
    once = redact_url(url)
    assert redact_url(once) == once


@given(URLISH | URLISH.map(lambda text: "see https://example.org/?token=" + text + " basic abcdefgh"))
def test_redacting_a_text_twice_changes_nothing(text):
    once = redact_text(text)
    assert redact_text(once) == once


@given(
    st.text(string.ascii_letters + string.digits + "-_.~!+/", min_size=12, max_size=80),
    st.sampled_from(["token", "sig", "api_key", "password", "x-auth-token", "jwt"]),
    st.sampled_from(["https://example.org/feed?a=b&{}={}&c=d", "https://example.org/feed#{}={}", "/feed;{}={}"]),
)
def test_no_value_of_a_telling_name_survives(secret, name, template):
    if "/" in secret and template.startswith("/"):
        return  # a slash ends a path's parameter: what follows is another segment
    shown = redact_url(template.format(name, secret))
    assert secret not in shown


async def test_no_outcome_of_a_fetch_shows_a_canary(monkeypatch):
    """Tokens go in by every door there is: URL, userinfo, header, credentials, Location, status line, body, path."""
    monkeypatch.setenv("TELEX_TEST_KEY", CANARY)
    monkeypatch.setenv("TELEX_TEST_LOGIN", f"user:{CANARY}")
    target = f"http://user:{CANARY}@127.0.0.1:9/{CANARY}?token={CANARY}#{CANARY}"
    echo = f"HTTP/1.1 {CANARY} {CANARY}\r\n{CANARY}: {CANARY}\r\n\r\n".encode()
    answers = [
        *(answer(CANARY.encode(), status=f"{status} {CANARY}") for status in (204, 300, 404, 401, 429, 500)),
        redirect(target),
        redirect(f"ftp://{CANARY}@h/?token={CANARY}"),
        redirect(f"http://[{CANARY}"),
        redirect(f"/?token={CANARY}"),
        redirect(f"/{CANARY}", "302 Found", "Retry-After: 1000"),
        answer(CANARY.encode(), f"Content-Encoding: {CANARY}"),
        answer(CANARY.encode(), "Content-Encoding: gzip"),
        answer(CANARY.encode(), "Content-Length: 3"),
        answer(b"x", f"X-Robots-Tag: telex: noai, {CANARY}"),
        echo,
        CANARY.encode() + b"\r\n\r\n",
    ]
    shown: list[str] = []
    for data in answers:
        async with serve(data) as server, fetching(first_byte=0.3, redirects=2) as fetcher:
            secrets = {
                "origin": server.origin,
                "headers": (("X-Key", SecretRef("env:TELEX_TEST_KEY")), ("X-Literal", CANARY)),
                "credentials": SecretRef("env:TELEX_TEST_LOGIN"),
            }
            for make in (feed, page):
                url = server.url(f"/{CANARY}?token={CANARY}", host=f"user:{CANARY}@127.0.0.1")
                result = await fetcher.fetch(make(url, **secrets))
                if b"noai" in data and make is feed:  # the one document: its URL is stored, not shown
                    assert isinstance(result, Fetched)
                    continue
                assert isinstance(result, Refused)
                shown.append(repr(result))
    for url in (f"http://{CANARY}:{CANARY}@[::1/?token={CANARY}", f"x-{CANARY}://h/", f"http://h:{CANARY}/", target):
        async with fetching(allow_networks=()) as fetcher:
            result = await fetcher.fetch(feed(url))
            assert isinstance(result, Refused)
            shown.append(repr(result))
    assert not [text for text in shown if CANARY.lower() in text.lower()]


def test_a_document_keeps_its_length_class_and_loses_its_secrets():
    body = b"\xff<a href='https://x.example/f?token=Canary7Token9Value1'>" + b"x " * 3000
    shown = redact_body(body)
    assert b"Canary7Token9Value1" not in shown
    assert len(shown) > 6000
