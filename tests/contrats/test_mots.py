"""Two texts in one, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from contrats.mots import word_diff

WORDS = st.text(max_size=40) | st.text(alphabet="ab{} \n", max_size=40)


@given(WORDS, WORDS)
def test_the_difference_holds_both_texts(before: str, after: str):
    found = word_diff(before, after)
    assert "".join(one.blanc + one.mots for one in found if one.genre != "ajoute") == before
    assert "".join(one.blanc + one.mots for one in found if one.genre != "retire") == after


def test_the_difference_is_word_by_word():
    found = word_diff(
        "Elle a huit jours pour observer, ou {le groupement}.", "Elle a dix jours pour observer, ou {Nom}."
    )
    assert [(one.genre, one.mots) for one in found] == [
        ("garde", "Elle a"),
        ("retire", "huit"),
        ("ajoute", "dix"),
        ("garde", "jours pour observer, ou"),
        ("retire", "{le groupement}"),
        ("ajoute", "{Nom}"),
        ("garde", "."),
    ]


def test_few_words_kept_between_two_changes_are_read_with_them():
    found = word_diff("un deux trois quatre", "un 2 trois 4")
    assert [one.mots for one in found] == ["un", "deux trois quatre", "2 trois 4"]


def test_a_sentence_added_at_the_end_leaves_the_word_before_it():
    found = word_diff("Réponse sous un mois.", "Réponse sous un mois. Relance à quinze jours.")
    assert [(one.genre, one.mots) for one in found] == [
        ("garde", "Réponse sous un mois."),
        ("ajoute", "Relance à quinze jours."),
    ]
