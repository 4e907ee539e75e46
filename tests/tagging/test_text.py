"""The text that is tagged: every offset leads back to the field as it was written."""

from hypothesis import given
from hypothesis import strategies as st

from telex.tagging.text import Field, fold, path_words, text_of


@given(st.text(max_size=200))
def test_folding_keeps_every_offset(text):
    assert len(fold(text)) == len(text)


def test_folding_knows_no_case_and_no_accent():
    assert fold("Côte d’Ivoire, ÉLECTIONS") == "cote d'ivoire, elections"


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40), st.data())
def test_evidence_is_what_stands_in_the_field(title, body, category, data):
    text = text_of(title=title, body=body, categories=(category,))
    fields = {Field.TITLE: title, Field.BODY: body, Field.CATEGORY: category}
    segment = data.draw(st.sampled_from(text.segments))
    start = data.draw(st.integers(segment.start, segment.end - 1))
    end = data.draw(st.integers(start + 1, segment.end))
    found = text.evidence(start, end)
    assert fields[Field(found.field)][found.offset : found.offset + end - start] == found.term


def test_a_summary_that_begins_the_body_is_read_once():
    text = text_of(title="t", summary="Le président a parlé…", body="Le président a parlé. Puis il est parti.")
    assert [segment.field for segment in text.segments] == [Field.TITLE, Field.BODY]


def test_a_word_ends_where_letters_end():
    text = text_of(title="Niger, Nigeria")
    assert text.is_word(0, 5)
    assert not text.is_word(7, 12)


def test_a_url_is_its_path_in_words():
    assert path_words("https://x.example/afrique/%C3%A9conomie/a-1?b=c") == "/afrique/économie/a-1"
    assert path_words("https://[x") == ""
