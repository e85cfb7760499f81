"""The audit log: append-only, chained, silent about secrets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from panel import audit
from panel.access.actor import Actor
from panel.audit import chain, triggers
from panel.models import AuditEntry, AuditHead
from panel.models.audit import AppendOnlyError
from panel.pages.tasks import verify_log
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def three_entries() -> None:
    for number in range(3):
        audit.record(SYSTEM, f"thing {number}", source="test", after={"number": number})


def tamper(sql: str) -> None:
    """Change the log behind the triggers' back, as somebody with the database's password could."""
    with connection.schema_editor() as editor:
        triggers.drop(editor)
        editor.execute(sql)
        triggers.create(editor)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE panel_auditentry SET detail = 'nothing happened' WHERE seq = 2",
        "DELETE FROM panel_auditentry WHERE seq = 2",
        "DELETE FROM panel_auditentry",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(sql: str) -> None:
    three_entries()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert audit.verify() is None
    assert AuditEntry.objects.count() == 3


def test_many_entries_join_the_chain_in_their_order_and_one_of_none_is_none() -> None:
    three_entries()
    told = [
        audit.Happening(actor=SYSTEM, action=f"line {n}", source="test", after={"password": "x"})
        for n in range(1_100)
    ]
    audit.record_many(told)
    audit.record_many([])
    assert list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))[3:] == [
        f"line {n}" for n in range(1_100)
    ]
    last = AuditEntry.objects.get(seq=1_103)
    assert last.after == {"password": "***"}
    assert last.before is None
    assert AuditEntry.objects.filter(before__isnull=True).count() == 1_103
    assert audit.head() == (1_103, last.hash)
    assert audit.verify() is None


def test_an_entry_cannot_be_saved_or_deleted_by_the_model() -> None:
    three_entries()
    entry = AuditEntry.objects.get(seq=2)
    with pytest.raises(AppendOnlyError):
        entry.delete()
    with pytest.raises(AppendOnlyError):
        entry.save()


def test_the_chain_holds_and_the_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    three_entries()
    call_command("verify_audit")
    seq, digest = audit.head()
    assert f"3 entries. Head {seq}:{digest}" in capsys.readouterr().out
    call_command("verify_audit", head=f"{seq}:{digest}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE panel_auditentry SET detail = 'x' WHERE seq = 2", 2),
        ("UPDATE panel_auditentry SET actor = 'somebody else' WHERE seq = 1", 1),
        ("DELETE FROM panel_auditentry WHERE seq = 2", 2),
        ("DELETE FROM panel_auditentry WHERE seq = 3", 4),
    ],
)
def test_tampering_behind_the_triggers_is_found(sql: str, seq: int) -> None:
    three_entries()
    tamper(sql)
    broken = audit.verify()
    assert broken is not None
    assert broken.seq in {seq, 3}
    with pytest.raises(CommandError, match="broken"):
        call_command("verify_audit")


@pytest.mark.django_db(transaction=True)
def test_a_log_that_was_cut_short_with_its_head_is_found_by_a_kept_head() -> None:
    three_entries()
    kept = audit.head()
    tamper("DELETE FROM panel_auditentry WHERE seq = 3")
    last = AuditEntry.objects.get(seq=2)
    AuditHead.objects.update(seq=2, hash=last.hash)
    assert audit.verify() is None
    broken = audit.verify(kept)
    assert broken is not None
    assert "ends before entry 3" in broken.why


def test_secrets_are_masked_at_the_door() -> None:
    entry = audit.record(
        SYSTEM,
        "x",
        source="test",
        after={"password": "hunter2", "inner": {"client_secret": "s3cret"}, "name": "Anna"},
    )
    text = str(AuditEntry.objects.get(pk=entry.pk).after)
    assert "hunter2" not in text
    assert "s3cret" not in text
    assert "Anna" in text


def test_an_entry_and_what_it_tells_of_come_and_go_together() -> None:
    with transaction.atomic():
        audit.record(SYSTEM, "x", source="test")
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == 0
    assert audit.head()[0] == 0


@contextmanager
def writers(number: int) -> Iterator[None]:
    """So many threads that append to the log without a pause, each a transaction of its own."""
    over, begun = threading.Event(), threading.Barrier(number + 1)

    def write() -> None:
        audit.record(SYSTEM, "busy", source="test")
        begun.wait(20)
        while not over.is_set():
            audit.record(SYSTEM, "busy", source="test")
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(number)]
    for thread in threads:
        thread.start()
    begun.wait(20)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


@pytest.mark.django_db(transaction=True)
def test_the_chain_holds_while_others_write_and_they_do_not_wait_for_the_walk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chain, "AT_ONCE", 50)
    audit.record_many(
        [audit.Happening(actor=SYSTEM, action=f"line {n}", source="test") for n in range(500)]
    )
    person = make_user("Carol", "auditor")
    with writers(2):
        for _ in range(8):
            begin = audit.head()[0]
            assert audit.verify() is None
            assert audit.verify(audit.head()) is None
            call_command("verify_audit")
            verify_log(person.pk, "number")
            # They went on writing all the while.
            assert audit.head()[0] > begin + 1
    found = AuditEntry.objects.filter(action="audit verified").values_list("outcome", flat=True)
    assert list(found) == ["ok"] * 8
    assert capsys.readouterr().out.count("The audit log holds") == 8


@pytest.mark.django_db(transaction=True)
def test_what_was_appended_behind_the_head_is_found() -> None:
    three_entries()
    known = AuditHead.objects.get(pk=1)
    audit.record(SYSTEM, "slipped in", source="test")
    AuditHead.objects.update(seq=known.seq, hash=known.hash)
    broken = audit.verify()
    assert broken is not None
    assert (broken.seq, broken.why) == (4, "the log ends at 4, its head says 3")


@pytest.mark.django_db(transaction=True)
def test_a_head_that_was_rewritten_is_found() -> None:
    three_entries()
    AuditHead.objects.update(hash="0" * 64)
    broken = audit.verify()
    assert broken is not None
    assert broken.seq == 3
