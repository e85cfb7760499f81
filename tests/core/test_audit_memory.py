"""A place that remembers the log's end and cannot be read stops nothing, and is told of once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django.fixtures import Settings

from panel.audit import memory
from panel.commands import restoration
from tests.core.restoring import back_up, entries, file, lose_cache, lose_file, memories, noticed
from tests.harness.waiting import free_port

__all__ = ["memories"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("memories", "fresh")]
NO_USE = "a place that remembers the end of the audit log is of no use"
NOTHING = "nothing remembers the audit log"


@pytest.fixture
def fresh() -> Iterator[None]:
    """A process that has told of nothing yet."""
    memory._told.clear()
    yield
    if file().is_dir():
        file().rmdir()
    memory._told.clear()


def shut_file() -> None:
    """A file that no user can read: the tests may run as root, who reads all others."""
    lose_file()
    file().mkdir()


def shut_cache(settings: Settings) -> None:
    """A Redis that does not answer."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        }
    }


def told(caplog: pytest.LogCaptureFixture, words: str) -> int:
    """How often the process's log says so."""
    return sum(words in record.getMessage() for record in caplog.records)


def test_the_file_is_read_by_the_group_as_well() -> None:
    entries(1)
    assert file().stat().st_mode & 0o777 == 0o640


def test_with_a_file_that_cannot_be_read_the_cache_tells(caplog: pytest.LogCaptureFixture) -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    shut_file()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert not restoration.is_open()
        assert restoration.notice(on_disk=True) is None
    assert (told(caplog, NO_USE), told(caplog, NOTHING)) == (1, 0)
    assert file().is_dir(), "what cannot be read is not written over"
    put_back()
    assert noticed().remembered_seq == 7


def test_with_a_cache_that_does_not_answer_the_file_tells(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    shut_cache(settings)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert not restoration.is_open()
        entries(1)
    assert (told(caplog, NO_USE), told(caplog, NOTHING)) == (1, 0)
    put_back()
    assert noticed().remembered_seq == 8


def test_with_neither_nothing_can_be_compared_and_the_log_says_so(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    entries(3)
    shut_cache(settings)
    shut_file()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert not restoration.is_open()
    assert (told(caplog, NO_USE), told(caplog, NOTHING)) == (2, 1)
    # What comes and goes is told each time.
    file().rmdir()
    assert not restoration.is_open()
    shut_file()
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        assert not restoration.is_open()
    assert (told(caplog, NO_USE), told(caplog, NOTHING)) == (1, 1)


@pytest.mark.parametrize(
    "kept",
    [b'{"first": "ab', b"\xff\xfe", b"[]", b"7", b'{"first": "a", "seq": "x", "hash": "b"}'],
)
def test_what_is_no_record_is_told_once_and_written_anew(
    kept: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    entries(3)
    file().write_bytes(kept)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert not restoration.is_open()
    assert (told(caplog, NO_USE), told(caplog, NOTHING)) == (1, 0)
    assert restoration.notice(on_disk=True) is None
    assert b'"seq": 3' in file().read_bytes()


def test_what_is_no_record_in_the_cache_is_written_anew() -> None:
    entries(3)
    cache.set(memory.KEY, "[]", None)
    assert not restoration.is_open()
    lose_file()
    assert '"seq": 3' in cache.get(memory.KEY)
    lose_cache()
