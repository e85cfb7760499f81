"""Where a line's money goes is a contact detail: those without the right see its end alone."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from panel.models import AuditEntry, Platform, Role, User
from payments.bulk.deciding import Decision
from payments.models import Withdrawal
from tests.core.conftest import Cast
from tests.factories import make_user
from tests.payments.bulk.bulk import checked
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_deciding import asked, say
from tests.payments.bulk.test_engine import running, short_times, through
from tests.payments.test_commands import enabled_account
from tests.payments.test_pages import as_user

__all__ = ["short_times"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]
IBAN = "DE89370400440532013000"
END = "•••• 3000"


def body(client: Client, address: str) -> str:
    """A page or a download that has to be there."""
    answer: Any = client.get(address)
    assert answer.status_code == 200, address
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def without_contact(name: str, *rights: str) -> User:
    """Somebody with these rights, who may not see contact details."""
    role = Role.objects.create(slug=name.lower(), name=name, permissions=list(rights))
    return make_user(name, role.slug)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with money that may be used."""
    return enabled_account(platform, name="Anna Kowalska")


def test_lines_desk_review_and_request_show_the_end_alone(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = running(cast, f"{login},withdrawal,80,USD,a,{TO}")
    through(file)
    row = Withdrawal.objects.get()
    assert file.run is not None
    places = [
        reverse("bulk_lines", args=(file.pk,)),
        reverse("withdrawal_stage", args=("to-pay",)),
        reverse("withdrawal", args=(row.payment.reference,)),
        reverse("request_detail", args=(file.run.reference,)),
    ]
    for place in places:
        page = body(as_user(cast.alice), place)
        assert IBAN not in page, place
        assert END in page, place
        assert IBAN in body(as_user(cast.olga), place), place
    asked_of = body(as_user(cast.alice), places[3])
    assert reverse("bulk_source", args=(file.pk,)) not in asked_of


def test_downloads_hold_whole_numbers_only_for_those_who_may_see_them(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = running(cast, f"{login},withdrawal,80,USD,a,{TO}")
    through(file)
    source, result = (reverse(name, args=(file.pk,)) for name in ("bulk_source", "bulk_result"))
    assert as_user(cast.alice).get(source).status_code == 403
    denied = AuditEntry.objects.filter(outcome="denied", actor_id=cast.alice.pk)
    assert denied.count() == 1
    assert IBAN in body(as_user(cast.olga), source)
    for person, expected in ((cast.alice, END), (cast.olga, IBAN)):
        text = body(as_user(person), result).lstrip("\ufeff")
        (line,) = csv.DictReader(io.StringIO(text))
        assert (line["destination"], line["outcome"]) == (expected, "done")
        assert line["reference_in_mt4"] == Withdrawal.objects.get().payment.reference
    page = body(as_user(cast.alice), reverse("bulk_file", args=(file.pk,)))
    assert source not in page
    assert source in body(as_user(cast.olga), reverse("bulk_file", args=(file.pk,)))


def test_a_number_typed_wrong_is_not_shown_with_its_error(
    platform: Platform, cast: Cast, login: int
) -> None:
    wrong = "DE88370400440532013000"
    file = checked(
        cast.olga,
        f"{login},withdrawal,80,USD,a,,Anna Kowalska,{wrong}",
        f"{login},withdrawal,80,USD,b,,Anna,Kowalska,{IBAN}",
    )
    assert file.problems.count() == 2
    for name in ("bulk_file", "bulk_errors"):
        place = reverse(name, args=(file.pk,))
        page = body(as_user(cast.alice), place)
        assert wrong not in page
        assert IBAN not in page
        assert page.count(END) == 2
        page = body(as_user(cast.olga), place)
        assert wrong in page
        assert IBAN in page


def test_whoever_decides_on_lines_without_the_right_recognises_the_number_by_its_end(
    platform: Platform, cast: Cast, login: int
) -> None:
    reviewer = without_contact(
        "Rita", "home.view", "payments.view", "requests.view", "payments.approve_bulk",
        "payments.approve_withdrawal",
    )  # fmt: skip
    request = asked(cast, f"{login},withdrawal,80,USD,b,,Jan Nowak,{IBAN}")
    place = reverse("bulk_decide", args=(request.payload["file"],))
    page = body(as_user(reviewer), place)
    assert IBAN not in page
    assert END in page
    assert IBAN in body(as_user(cast.bob), place)
    # The decision itself stands on the whole line.
    assert say(cast.bob, request, 2, Decision.APPROVE).shown["destination"] == IBAN
    entry = AuditEntry.objects.get(action="bulk line approved")
    place = reverse("audit_entry", args=(entry.seq,))
    assert IBAN not in body(as_user(cast.ada), place)
    assert IBAN in body(as_user(cast.bob), place)
