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
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort by cost. What needs PostgreSQL in this process is left out when it is not there, and
    what needs no database at all is not tried on a second one.
    """
    items.sort(key=_cost)
    if environment.SERVERS:
        out = [item for item in items if not _needs_database(item)]
    else:
        out = [item for item in items if _needs_servers(item)]
    if environment.STORAGE:  # told so by `make test`, whose other run has them
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
    else:
        for item in out:
            item.add_marker(pytest.mark.skip(reason="needs TEST_STORAGE=servers"))


def _cost(item: pytest.Item) -> int:
    return max(
        (_ORDER.index(mark.name) + 1 for mark in item.iter_markers() if mark.name in _ORDER),
        default=0,
    )


def _needs_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "make_stack"} & {*getattr(item, "fixturenames", ())}
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def _needs_servers(item: pytest.Item) -> bool:
    brings_its_own = "make_stack" in getattr(item, "fixturenames", ())
    return item.get_closest_marker("postgres") is not None and not brings_its_own


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After a test with real transactions, put back what the migrations made."""
    with django_db_blocker.unblock():
        bring_back = database.keep()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: bring_back())
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
