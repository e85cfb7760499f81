"""One sandbox for the tests of a module, and one of its own for those that break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api

KEY_MEMORY = 1.5
HELD_KEY_MEMORY = 4.0


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), accounts=60) as sandbox:
        yield Api(sandbox)


@pytest.fixture
def api(shared_api: Api) -> Iterator[Api]:
    """The module's sandbox, without faults at the end of each test."""
    yield shared_api
    shared_api.sandbox.clear_faults()


@pytest.fixture
def login(api: Api) -> int:
    """An empty account."""
    return api.new_account()


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Api]:
    """A sandbox of this test alone, to be killed."""
    with SandboxProcess(tmp_path / "sandbox", accounts=2) as sandbox:
        yield Api(sandbox)


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Api]:
    """A sandbox of this test alone that soon forgets keys."""
    with SandboxProcess(
        tmp_path / "sandbox", key_memory=KEY_MEMORY, held_key_memory=HELD_KEY_MEMORY, accounts=2
    ) as sandbox:
        yield Api(sandbox)
