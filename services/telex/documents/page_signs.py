"""What a page says of its own text: that it is for subscribers, that it asks for consent first, that it goes on live."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from telex.documents.page_blocks import Block
from telex.documents.page_facts import Facts

PAYWALL = "page.paywall"
"""The page says that the whole text is for subscribers: what is here may be its beginning."""
CONSENT_WALL = "page.consent_wall"
"""The page shows a question for consent in the article's place; no text is taken from it."""
LIVE_BLOG = "page.live_blog"
"""The article goes on while it is read."""
BODY_FROM_METADATA = "page.body_from_metadata"
"""The page shows no text, its metadata do."""

_LOCKED = re.compile(r"locked|metered|premium|paid|subscriber|payant|abonn", re.IGNORECASE)
_TIERS = frozenset({"article:content_tier", "content_tier", "article:access", "cxenseparse:access", "ia:access"})
_FOR_SUBSCRIBERS = re.compile(
    r"subscribe (?:now )?to (?:continue|keep|read|unlock)|to (?:continue|keep) reading,? .{0,40}(?:subscri|sign|log|register)"
    r"|(?:this (?:article|content|story) is|exclusive(?:ly)?) (?:only |exclusively )?(?:for|available to) .{0,20}(?:subscribers|members)"
    r"|already a (?:subscriber|member)\?|create a free account to (?:continue|read)|you have reached your (?:free )?(?:article )?limit"
    r"|il (?:vous )?reste \d{1,3}\s*% de (?:cet|l)|(?:article|contenu) (?:est )?réservé aux? (?:abonné|membre)|la suite (?:est )?réservée? aux abonnés"
    r"|pour lire la suite.{0,40}abonn|déjà abonné\s*\?"
    r"|(?:conteúdo|matéria|artigo|texto) (?:é )?(?:exclusiv[oa]|restrit[oa]) (?:para|a|aos) assinantes|continue (?:a ler|lendo).{0,30}assin|já é assinante"
    r"|(?:contenido|artículo) (?:es )?exclusivo para suscriptores|suscríbete para (?:seguir|continuar) leyendo|¿ya eres suscriptor"
    r"|(?:artikel|inhalt|beitrag) ist (?:nur )?für abonnenten|jetzt weiterlesen mit|können sie diesen artikel (?:erwerben|lesen)"
    r"|(?:هذا )?(?:المحتوى|المقال) (?:متاح |حصري |مخصص )?(?:لل|ل)مشتركين|اشترك (?:الآن )?(?:لمواصلة|لمتابعة|لإكمال) القراءة",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"\bcookies?\b|\bconsent\b|\bgdpr\b|\brgpd\b|privacy (?:policy|settings|preferences)|consentement|données personnelles"
    r"|vos préférences|politique de confidentialité|dados pessoais|privacidade|consentimento|datenschutz|einwilligung|zustimm"
    r"|ملفات تعريف الارتباط|الكوكيز|سياسة الخصوصية",
    re.IGNORECASE,
)
_LIVE = re.compile(r"(?:^|[\s_-])live-?(?:blog|ticker|feed|updates?|entry|post)s?(?:$|[\s_-])", re.IGNORECASE)
_SEARCHED = 400
_WALL = 1500


def signs(tree: Any, facts: Facts, blocks: Sequence[Block], metas: dict[str, list[str]]) -> Iterator[str]:
    """The names of what the page says of its text."""
    locked = facts.free is False or (facts.free is None and _is_locked(metas))
    if locked or any(_asks_to_subscribe(block) for block in blocks):
        yield PAYWALL
    if facts.live or _goes_on_live(tree):
        yield LIVE_BLOG


def is_consent(story: Sequence[Block]) -> bool:
    """Whether what looks like the story is a question for consent: short, and half of it speaks of nothing else."""
    size = sum(len(block.text) for block in story)
    asking = sum(len(block.text) for block in story if _CONSENT.search(block.text))
    return 0 < size <= _WALL and asking * 2 >= size


def _is_locked(metas: dict[str, list[str]]) -> bool:
    return any(_LOCKED.search(value) for name in _TIERS for value in metas.get(name, ()))


def _asks_to_subscribe(block: Block) -> bool:
    return len(block.text) <= _SEARCHED and not _is_hidden(block) and _FOR_SUBSCRIBERS.search(block.text) is not None


def _is_hidden(block: Block) -> bool:
    return any(name.startswith("hidden") for name in block.noise)


def _goes_on_live(tree: Any) -> bool:
    found = 0
    for element in tree.iter("div", "section", "article", "li", "ol", "ul"):
        if _LIVE.search((element.get("class") or "")[:_SEARCHED]):
            found += 1
            if found >= 3:
                return True
    return False
