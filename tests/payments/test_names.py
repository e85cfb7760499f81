"""Whether a beneficiary is the account's owner."""

from __future__ import annotations

import pytest

from payments.desk.names import check, same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Kowalska", "ANNA KOWALSKA"),
        ("Kowalska, Anna", "Anna Kowalska"),
        ("Łukasz Wójcik", "Lukasz Wojcik"),
        ("Søren Ørsted", "Soren Orsted"),
        ("Jürgen Weiß", "Jurgen Weiss"),
        ("Dr. Anna Maria Kowalska", "Anna Kowalska"),
        ("Anna-Maria Kowalska", "Anna Maria Kowalska"),
        ("Анна Петрова", "АННА ПЕТРОВА"),
    ],
)
def test_one_person_is_written_in_many_ways(one: str, other: str) -> None:
    assert same_person(one, other)
    assert same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Kowalska", "Anna Nowak"),
        ("Anna", "Anna Kowalska"),
        ("Kowalska", "Anna Kowalska"),
        ("Zbigniew Kowalski", "Anna Kowalska"),
        ("", "Anna Kowalska"),
        ("...", "..."),
        ("Mr", "Mr"),
    ],
)
def test_another_person_is_told_apart(one: str, other: str) -> None:
    assert not same_person(one, other)
    assert not same_person(other, one)


def test_the_check_says_nothing_where_nobody_is_named() -> None:
    assert list(check(" ", "Anna Kowalska")) == []
    (fine,) = check("Anna Kowalska", "Anna Kowalska")
    (other,) = check("Bea Bee", "Anna Kowalska")
    assert (fine.level, other.level) == ("ok", "warn")
