"""What is stored of a text, and when two references are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.lib.keys import LENGTH, key_of
from panel.lib.references import as_reference, new_reference
from panel.lib.text import clean, comparable, printable


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Jose\u0301", "Jos\u00e9"),
        ("INV\u200b-10\u2060\ufeff0", "INV-100"),
        ("\u202eevil\u202c", "evil"),
        ("a\u2066b\u2069\u200e\u200f\u061c", "ab"),
        ("A\u00adB", "AB"),
        ("A\u00a0B\u202fC\u3000D\u2028E", "A B C D E"),
        (" \u00a0trimmed\u2009", "trimmed"),
        ("bell\x07\x1b[0m", "bell[0m"),
        ("two\r\nlines\tand a tab", "two\r\nlines\tand a tab"),
        ("e\u200b\u0301", "\u00e9"),
        ("\u2764\ufe0f", "\u2764"),
        ("x\u115f\u3164\U000e0041", "x"),
        # A joiner stays where the script needs it, here in Persian and Sinhala.
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u200c\u0631\u0648\u0645"),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("Anna\u200d Kowal\u200cska", "Anna Kowalska"),
    ],
)
def test_what_is_stored_can_be_seen_and_is_composed(text: str, stored: str) -> None:
    assert clean(text) == stored


@given(st.text())
def test_storing_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    "spelling",
    [
        "inv-jose\u0301 1001",
        "INV-JOS\u00c9 1001",
        "Inv\u2013Jos\u00e9\u00a01001",
        "Inv\u2011Jos\u00e9  1001",
        "Inv\u2212Jos\u00e9 1001",
        "Inv \u2014 Jos\u00e9 1001",
        "Inv\u200b-Jos\u00e9 10\u206001",
        "\uff29\uff2e\uff36\uff0dJos\u00e9 \uff11\uff10\uff10\uff11",
        "\u0406NV-J\u043es\u00e9 1001",
        "\u0399N\u2c7d-Jos\u00e9 1001".replace("\u2c7d", "V"),
        "INV JOS\u00c9 1001",
    ],
)
def test_spellings_that_people_take_for_the_same_are_the_same(spelling: str) -> None:
    assert comparable(spelling) == comparable("Inv-Jos\u00e9 1001")


@pytest.mark.parametrize("letters", ["АВЕКМНОРСТУХ", "авекмнорстух"])
def test_cyrillic_letters_count_as_the_latin_ones_they_look_like(letters: str) -> None:
    assert comparable(letters) == comparable("ABEKMHOPCTYX")


@pytest.mark.parametrize("letters", ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "αβεζηικμνορτυχ"])
def test_greek_letters_count_as_the_latin_ones_they_look_like(letters: str) -> None:
    assert comparable(letters) == comparable("ABEZHIKMNOPTYX")


@pytest.mark.parametrize(
    ("one", "other"), [("INV-1001", "INV-1002"), ("INV-10", "INV-1 0"), ("A1", "\u00c11")]
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(st.text())
def test_the_comparable_form_is_that_of_what_is_stored(text: str) -> None:
    assert comparable(clean(text)) == comparable(text)
    assert len(key_of(text * 64)) <= LENGTH


@given(st.text(st.characters(max_codepoint=0x2FF)))
def test_capital_and_small_letters_are_one(text: str) -> None:
    assert comparable(text.upper()) == comparable(text.upper().lower())


def test_plain_text_is_not_touched() -> None:
    assert printable("  INV-1001 \r\n\tx  ") == "  INV-1001 \r\n\tx  "


@pytest.mark.parametrize(
    "typed",
    [
        "WD 7Q2K9F31",
        "wd-7q2k9f31",
        "WD7Q2K9F31",
        "wd\u20137q2k9f31",
        "wd\u00a07q2k\u200b9f31",
        " WD \u2212 7Q2K9F3l ",
    ],
)
def test_a_reference_is_known_however_it_is_typed(typed: str) -> None:
    assert as_reference(typed) == "WD 7Q2K9F31"


@pytest.mark.parametrize("typed", ["Anna Kowalska", "100234", "WD 7Q2K9F311", "W", "", "WD !"])
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert as_reference(typed) == ""


def test_every_new_reference_is_known_again() -> None:
    reference = new_reference("WD")
    assert as_reference(reference.lower().replace(" ", "\u2011")) == reference
