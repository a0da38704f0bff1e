"""Syllables on the speech page: brought as a file, listed with their shares, refused in a sentence."""

import pytest


def key(visitor):
    return f"speech-syllables-{visitor.desk('speech').shown.provenance.input_hash[:16]}"


def test_shares_of_syllables_are_listed_and_another_clip_starts_afresh(visitor):
    visitor.open("speech")
    at = visitor.upload(key(visitor), "clip.silb", b"0.2\tone\n0.9\ttwo\n1.6\t.\n")
    assert not at.error
    (table,) = [f.value for f in at.dataframe if "syllable" in f.value]
    assert table["syllable"].tolist() == ["one", "two"]
    assert 0 < table["share of attention"].sum() <= 1 + 1e-6
    at.pills("speech-sample").set_value("flat.flac")
    at = visitor.run()
    assert not at.error
    assert not [f for f in at.dataframe if "syllable" in f.value]


@pytest.mark.parametrize("data, says", [(b"hello", "Line 1"), (b"99\tlate", "no syllable within this clip")])
def test_a_wrong_file_gets_one_sentence_and_the_clip_stays(visitor, data, says):
    visitor.open("speech")
    visitor.upload(key(visitor), "clip.silb", data)
    assert len(visitor.errors()) == 1 and says in visitor.errors()[0].replace("\\", "")
    assert visitor.desk("speech").shown is not None
