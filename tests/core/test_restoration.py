"""A restored backup is noticed, whatever of the memory is left, and nothing is sent meanwhile."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from panel import audit
from panel.audit import memory
from panel.commands import restoration
from panel.commands.alarm import tell_of_restoration
from panel.commands.base import Invalid
from panel.models import AuditEntry, ChangeRequest, Platform, Restoration, Status
from panel.pages.tasks import watch_restoration
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    carry_out,
    new_account,
)
from tests.core.restoring import (
    SYSTEM,
    back_up,
    entries,
    file,
    lose_cache,
    lose_file,
    memories,
    noticed,
)
from tests.harness.at_once import at_once
from tests.harness.smtp import mail_server
from tests.harness.waiting import free_port

__all__ = ["memories"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("memories")]


def acknowledge() -> None:
    """As `AcknowledgeRestoration` does it."""
    Restoration.objects.filter(acknowledged__isnull=True).update(acknowledged=timezone.now())


@pytest.mark.parametrize("lost", ["nothing", "cache", "file"])
def test_a_restored_backup_is_noticed_by_the_cache_or_the_file(lost: str) -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    put_back()
    {"nothing": lambda: None, "cache": lose_cache, "file": lose_file}[lost]()

    row = noticed()

    assert (row.remembered_seq, row.found_seq) == (7, 3)
    entry = AuditEntry.objects.get(action="database restored")
    assert entry.outcome == "failed"
    assert "Entry 7" in entry.detail
    assert audit.verify() is None


def test_with_both_lost_nothing_is_noticed_and_the_memory_begins_anew() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    put_back()
    lose_cache()
    lose_file()
    assert restoration.notice(on_disk=True) is None
    assert file().exists()


def test_looking_never_overwrites_what_tells_of_the_restored_backup() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    kept = file().read_text()
    put_back()
    for _ in range(3):
        assert restoration.is_open()
        watch_restoration()
    assert file().read_text() == kept
    assert Restoration.objects.count() == 1


def test_a_log_that_went_on_otherwise_and_is_longer_is_noticed() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    put_back()
    for _ in range(9):  # written by a web process while no beat and no worker ran
        audit.record(SYSTEM, "another thing", source="test")
    row = noticed()
    assert row.found_seq > row.remembered_seq


def test_another_panels_database_is_no_restored_one() -> None:
    put_back = back_up()
    entries(5)
    put_back()
    entries(2, "of another panel")
    assert restoration.notice() is None
    # An empty log has nothing to be held against.
    put_back()
    assert restoration.notice() is None


def test_what_is_rolled_back_is_never_remembered() -> None:
    entries(2)
    kept = file().read_text()
    with transaction.atomic():
        audit.record(SYSTEM, "rolled back", source="test")
        assert restoration.notice(on_disk=True) is None
        transaction.set_rollback(True)
    lose_file()
    assert restoration.notice(on_disk=True) is None
    assert file().read_text() == kept


def test_a_slow_process_does_not_set_the_memory_back() -> None:
    entries(3)
    slow, lost = memory.look([])
    assert lost is None
    assert slow is not None
    entries(4)
    memory.remember(slow, on_disk=True)
    newest, _ = memory.look([])
    assert newest is not None
    assert f'"seq": {newest.seq}' in file().read_text()


def test_a_file_left_in_pieces_stops_nothing_and_is_written_anew() -> None:
    entries(3)
    file().write_text('{"first": "ab')
    assert restoration.notice(on_disk=True) is None
    assert '"seq": 3' in file().read_text()


def test_two_processes_that_notice_it_at_once_write_it_once() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    put_back()
    seen = at_once(*[restoration.notice] * 4)
    assert {row.pk for row in seen} == {Restoration.objects.get().pk}
    assert AuditEntry.objects.filter(action="database restored").count() == 1


def test_once_acknowledged_an_older_memory_elsewhere_is_no_new_alarm() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    elsewhere = file().read_text()  # the disk of another machine, which is behind
    audit.record(SYSTEM, "thing", source="test")
    restoration.notice()
    put_back()
    noticed()
    acknowledge()
    assert restoration.notice(on_disk=True) is None
    file().write_text(elsewhere)
    lose_cache()
    assert restoration.notice(on_disk=True) is None


def test_a_second_restored_backup_is_noticed_after_the_first_one_was_acknowledged() -> None:
    entries(3)
    put_back = back_up()
    entries(9)
    put_back()
    noticed()
    acknowledge()
    entries(2)
    put_back_again = back_up()
    entries(2)  # fewer than were lost the first time
    put_back_again()
    assert noticed().remembered_seq < 12
    assert Restoration.objects.filter(acknowledged__isnull=True).count() == 1


def test_a_copy_in_which_one_was_open_is_itself_noticed_and_looked_into_anew() -> None:
    entries(3)
    put_back = back_up()
    entries(4)
    put_back()
    first = noticed()
    Restoration.objects.update(looked=timezone.now())
    put_back_again = back_up()  # while the first one waited, already looked into
    acknowledge()
    entries(5)
    put_back_again()
    second = noticed()
    assert second.pk != first.pk
    assert second.looked is None
    assert restoration.present() == second


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with money."""
    return new_account(platform, "1000.00")


def test_what_was_approved_in_the_copy_and_paid_since_is_not_paid_again(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = ask_withdrawal(cast.olga, login, "250.00")
    approve_as(cast.bob, request)
    entries(1)
    put_back = back_up()
    assert carry_out(request).status == Status.DONE
    entries(1)
    put_back()

    assert ChangeRequest.objects.get(pk=request.pk).status == Status.APPROVED
    assert carry_out(request).status == Status.APPROVED
    watch_restoration()
    row = noticed()
    assert row.looked is not None
    assert [finding["reference"] for finding in row.findings] == [request.reference]
    acknowledge()
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == 750


def test_while_mt4_cannot_be_asked_it_is_not_looked_into_and_says_why(
    platform: Platform, cast: Cast, login: int
) -> None:
    entries(1)
    put_back = back_up()
    entries(1)
    put_back()
    url = platform.api_base
    Platform.objects.update(api_base="http://127.0.0.1:9", authority="http://127.0.0.1:9")
    watch_restoration()
    away = noticed()
    assert away.looked is None
    assert away.trouble.startswith("Sandbox: ")
    Platform.objects.update(api_base=url, authority=url)
    watch_restoration()
    back = noticed()
    assert back.looked is not None
    assert back.trouble == ""


def test_a_pending_request_that_mt4_has_already_cannot_be_approved(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = ask_withdrawal(cast.olga, login, "250.00")
    put_back = back_up()
    approve_as(cast.bob, request)
    carry_out(request)
    entries(1)
    put_back()
    watch_restoration()
    acknowledge()
    with pytest.raises(Invalid, match="MT4 has a record with this reference already: ticket"):
        approve_as(cast.bob, request)
    assert balance_of(platform, login) == 750


def test_every_administrator_is_mailed_once_also_after_the_mail_server_was_away(
    cast: Cast, settings: Settings
) -> None:
    entries(1)
    put_back = back_up()
    entries(1)
    put_back()
    noticed()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert tell_of_restoration() == 0
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        assert tell_of_restoration() == 2
        assert tell_of_restoration() == 0
        assert {address for address, _ in server.mails} == {cast.ada.email, cast.adam.email}
        assert "/restorations/" in server.mails[0][1].get_content()


def test_a_deposit_asked_for_after_the_alarm_waits_too(
    platform: Platform, cast: Cast, login: int
) -> None:
    entries(1)
    put_back = back_up()
    entries(1)
    put_back()
    noticed()
    request = ask_deposit(cast.olga, login, "10.00")
    if request.status == Status.PENDING:
        approve_as(cast.bob, request)
    assert carry_out(request).status == Status.APPROVED
    assert balance_of(platform, login) == 1000
