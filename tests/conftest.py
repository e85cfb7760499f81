"""What every test shares: the order of tests, the database's reset, stacks and their logs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests.harness import database, environment
from tests.harness.stack import Stack

pytest_plugins = ["tests.harness.browser"]

# Fast first; what shares a marker stays together.
_ORDER = ("slow", "postgres", "browser", "chaos")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by cost, and skip what needs PostgreSQL in this process when it is not there."""
    items.sort(key=_cost)
    for item in items:
        needs_servers = item.get_closest_marker("postgres") and not _brings_own(item)
        if needs_servers and not environment.SERVERS:
            item.add_marker(pytest.mark.skip(reason="needs TEST_STORAGE=servers"))


def _cost(item: pytest.Item) -> int:
    return max(
        (_ORDER.index(mark.name) + 1 for mark in item.iter_markers() if mark.name in _ORDER),
        default=0,
    )


def _brings_own(item: pytest.Item) -> bool:
    return "make_stack" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After a test with real transactions, put back what the migrations made."""
    with django_db_blocker.unblock():
        initial = database.contents()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TransactionTestCase, "_fixture_teardown", lambda self: database.reset(initial)
        )
        yield


@pytest.fixture
def make_stack(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[..., Stack]]:
    """Start whole panels that end with the test: `make_stack(workers=2, database="postgres")`."""
    made: list[Stack] = []

    def make(**options: Any) -> Stack:
        made.append(Stack(tmp_path / f"stack{len(made)}", **options))
        made[-1].start()
        return made[-1]

    try:
        with django_db_blocker.unblock():
            yield make
    finally:
        for stack in made:
            stack.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the ends of the logs of every running panel beside a failure."""
    report = yield
    if report.failed:
        for stack in Stack.running:
            report.sections += stack.log_sections()
    return report
