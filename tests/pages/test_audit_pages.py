"""The audit log's pages: reading is written down, scopes hold, the chain can be checked."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from panel import audit
from panel.models import AuditEntry, Platform
from panel.pages.tasks import verify_log
from tests.core.money import ask_withdrawal, new_account
from tests.factories import actor, make_user
from tests.pages.browsing import signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def test_reading_the_log_is_an_entry_each_time(cast: Cast) -> None:
    carol = signed_in(cast.carol)
    carol.get(reverse("audit_list"), {"actor": "Olga"})
    carol.get(reverse("audit_list"))
    reads = AuditEntry.objects.filter(action="audit read").order_by("seq")
    assert [(entry.actor_id, entry.detail) for entry in reads] == [
        (cast.carol.pk, "actor=Olga"),
        (cast.carol.pk, ""),
    ]


def test_reads_stand_back_until_they_are_asked_for(cast: Cast) -> None:
    carol = signed_in(cast.carol)
    carol.get(reverse("audit_list"))
    assert "Audit read" not in text_of(carol.get(reverse("audit_list")))
    assert "Audit read" in text_of(carol.get(reverse("audit_list"), {"reads": "shown"}))


def test_the_log_does_not_refresh_itself(cast: Cast) -> None:
    page = signed_in(cast.carol).get(reverse("audit_list")).content.decode()
    assert "hx-trigger" not in page.split('id="table-audit"')[1].split(">")[0]


def test_an_entry_shows_what_changed_and_is_read_with_a_trace(cast: Cast) -> None:
    entry = audit.record(
        actor(cast.ada),
        "request done",
        source="test",
        obj=("role", "dealer", "Dealer"),
        before={"title": "Dealer", "description": "old words"},
        after={"title": "Dealer", "description": "new words"},
    )
    text = text_of(signed_in(cast.carol).get(reverse("audit_entry", args=[entry.seq])))
    assert "Description old words new words" in text
    assert "Title Dealer" not in text
    assert AuditEntry.objects.filter(action="audit read", object_key=str(entry.seq)).exists()


def test_entries_of_other_groups_are_not_shown(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    narrow = make_user("Narrow", "auditor", groups="demo*")
    wide = make_user("Wide", "auditor", groups="real*")

    assert request.reference in text_of(signed_in(wide).get(reverse("audit_list")))
    assert request.reference not in text_of(signed_in(narrow).get(reverse("audit_list")))
    entry = AuditEntry.objects.filter(reference=request.reference).latest("seq")
    address = reverse("audit_entry", args=[entry.seq])
    assert signed_in(narrow).get(address).status_code == 404


def test_search_finds_a_reference_a_name_and_a_reason(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    audit.record(actor(cast.ada), "something else", source="test")
    carol = signed_in(cast.carol)
    for words in (request.reference, request.reference.replace(" ", "-"), "client asked"):
        text = text_of(carol.get(reverse("audit_list"), {"q": words}))
        assert request.reference in text
        assert "Something else" not in text


def test_exporting_the_head_is_an_entry_and_the_head_fits(cast: Cast) -> None:
    audit.record(actor(cast.ada), "something", source="test")
    head = signed_in(cast.carol).get(reverse("audit_head")).json()
    assert audit.verify((head["seq"], head["hash"])) is None
    assert audit.verify((head["seq"], "0" * 64)) is not None
    assert AuditEntry.objects.filter(action="audit head exported").count() == 1


def test_checking_the_chain_leaves_its_finding_in_the_log(cast: Cast) -> None:
    audit.record(actor(cast.ada), "something", source="test")
    verify_log(cast.carol.pk, "number")
    found = AuditEntry.objects.get(action="audit verified")
    assert (found.outcome, found.actor_id) == ("ok", cast.carol.pk)
    assert "held when it was last checked" in text_of(
        signed_in(cast.carol).get(reverse("audit_list"))
    )


def test_who_may_not_read_the_log_is_refused_and_written_down(cast: Cast) -> None:
    answer = signed_in(cast.olga).get(reverse("audit_list"))
    assert answer.status_code == 403
    text = text_of(answer)
    assert "Read the audit log" in text
    assert "Nothing was changed" in text
    entry = AuditEntry.objects.get(action="denied")
    assert (entry.actor_id, entry.code) == (cast.olga.pk, "audit.view")
    assert entry.request_id in text


def test_many_entries_need_few_queries(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(120):
        audit.record(actor(cast.ada), f"thing {number}", source="test")
    carol = signed_in(cast.carol)
    carol.get(reverse("audit_list"))
    with django_assert_max_num_queries(34):
        carol.get(reverse("audit_list"))
