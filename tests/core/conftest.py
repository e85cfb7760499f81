"""A sandbox for the tests of the core, and the cast around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from panel.models import Platform, User
from tests.factories import make_people, make_platform
from tests.harness.sandbox import SandboxProcess


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for all tests of this folder; each test takes accounts of its own."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"), accounts=60, key_memory=2)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The sandbox without faults."""
    sandbox_process.clear_faults()
    return sandbox_process


@pytest.fixture
def platform(db: None, sandbox: SandboxProcess) -> Platform:
    """The sandbox as the panel's platform `demo`."""
    return make_platform(sandbox.url)


@dataclass(frozen=True)
class Cast:
    """Who is who."""

    olga: User
    bob: User
    bella: User
    alice: User
    carol: User
    dave: User
    maya: User
    ada: User
    adam: User


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, each with one role; Dave with none."""
    people = make_people(
        olga="back-office",
        bob="compliance",
        bella="compliance",
        alice="dealer",
        carol="auditor",
        dave="",
        maya="manager",
        ada="administrator",
        adam="administrator",
    )
    return Cast(**people)
