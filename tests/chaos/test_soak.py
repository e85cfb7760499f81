"""The short form of the soak: about a minute of everything at once. `make soak` takes an hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.soak.day import Size
from tests.soak.run import run

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SEED = 20261130


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_a_minute_of_everything_ends_with_nothing_doubled_and_nothing_lost(
    tmp_path: Path, database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    size = Size(accounts=24, payments=30, lines=20, threads=3, kill_every=15)
    with django_db_blocker.unblock():
        verdict = run(tmp_path, database, 1.0, SEED, say=print, size=size)  # type: ignore[arg-type]
    print(verdict)
    assert verdict.is_good, str(verdict)
    assert int(str(verdict.figures["done"])) > 30
    assert int(str(verdict.figures["workers killed"])) >= 3
