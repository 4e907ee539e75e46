"""Pages written for the tests: a story in four languages, and what publishers put around it."""

import json

from telex.core.model import PageDocument
from telex.documents.reader import read_page

URL = "https://courrier.example/2024/06/03/digue"
STORY = [
    "The sea rose by two metres in the night from Sunday to Monday, and the people of the quarter were led to safety.",
    "The mayor promised that the dyke would be raised before the end of the year, with help from the region's fund.",
    "The fishermen, for their part, have been asking for ten years that the channel be dredged and the port protected.",
    "Nobody was hurt, the fire brigade said on Monday morning, but eleven boats sank and the market hall was flooded.",
]
RECIT = [
    "La mer a monté de deux mètres dans la nuit de dimanche à lundi, et les habitants du quartier ont été évacués.",
    "Le maire a promis que la digue serait relevée avant la fin de l'année, grâce à une aide de la région.",
    "Les pêcheurs, eux, demandent depuis dix ans que le chenal soit dragué et que le port soit mieux protégé.",
    "Personne n'a été blessé, ont dit les pompiers lundi matin, mais onze bateaux ont coulé dans le vieux port.",
]
RELATO = [
    "O mar subiu dois metros na noite de domingo para segunda-feira, e os moradores do bairro foram retirados de casa.",
    "O presidente da câmara prometeu que o dique será elevado antes do fim do ano, com a ajuda do governo da província.",
    "Os pescadores pedem há dez anos que o canal seja dragado e que o porto fique mais bem protegido das tempestades.",
    "Ninguém ficou ferido, disseram os bombeiros na manhã de segunda-feira, mas onze barcos afundaram no velho porto.",
]
QISSA = [
    "ارتفع البحر مترين في الليلة الفاصلة بين الأحد والاثنين، وتم إجلاء سكان الحي القريب من الميناء إلى مكان آمن.",
    "ووعد رئيس البلدية بأن يتم رفع السد قبل نهاية السنة بفضل مساعدة من الجهة ومن الصندوق الوطني للكوارث الطبيعية.",
    "أما الصيادون فيطالبون منذ عشر سنوات بجرف القناة وبحماية أفضل للميناء من العواصف التي تضرب الساحل كل شتاء.",
    "ولم يصب أحد بأذى حسب ما قاله رجال المطافئ صباح يوم الاثنين، لكن أحد عشر قاربا غرقت في الميناء القديم.",
]


def paragraphs(texts):
    return "".join(f"<p>{text}</p>" for text in texts)


def html(body, head="", lang="en"):
    return f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def ld(*nodes):
    value = nodes[0] if len(nodes) == 1 else list(nodes)
    return f'<script type="application/ld+json">{json.dumps(value, ensure_ascii=False)}</script>'


def read(page, url=URL):
    found = read_page(page.encode(), "text/html; charset=utf-8", url)
    assert isinstance(found, PageDocument), found
    return found


def text(body, head="", lang="en"):
    """The paragraphs of the page's text."""
    return (read(html(body, head, lang)).text or "").split("\n\n")
