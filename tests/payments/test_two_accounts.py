"""An object with two accounts shows the other one only to those who see both: every page walked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.tasks import refresh_account
from panel.access.permissions import GRANTABLE
from panel.commands.happenings import happened
from panel.commands.inbox import visible_requests, waiting_for
from panel.commands.notices import tell_all
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Happening, Notice, Platform, Role, Status, User
from panel.mt4.protocol.flags import EnableFlags
from payments.adjustments import Correction
from payments.commands import Deposit, Withdraw
from payments.models import (
    BulkFile,
    Difference,
    Job,
    JobName,
    JobRun,
    Kind,
    Payment,
    Reconciliation,
    Withdrawal,
)
from payments.reconciliation.run import begin
from payments.reconciliation.run import carry_out as compare_books
from tests.core.conftest import Cast
from tests.core.money import balance_of, carry_out, new_account
from tests.core.test_permissions import addresses
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import page_url, signed_in, text_of
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.test_commands import ask, make
from tests.payments.transferring import (
    REFUSE,
    approved_transfer,
    in_doubt,
    run_with_fault_on_the_way_back,
    transfer,
)

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Farid Faraway"


@dataclass(frozen=True)
class Place:
    """Two accounts of two groups, with every object that speaks of both."""

    near: int
    far: int
    pending: ChangeRequest
    done: ChangeRequest
    back: ChangeRequest
    lost: ChangeRequest
    unknown: ChangeRequest
    file: BulkFile
    figures: tuple[str, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be found nowhere."""
        return (str(self.far), "Faraway", *self.figures)


def everything_of(groups: str) -> User:
    """Somebody with every right there is, who sees some groups."""
    role, _ = Role.objects.get_or_create(
        slug="everything", defaults={"name": "Everything", "permissions": list(GRANTABLE)}
    )
    # Compliance besides: policies ask for it.
    return make_user(f"Rights {groups[:4]}", role.slug, "compliance", groups=groups)


@pytest.fixture
def place(platform: Platform, cast: Cast, sandbox: SandboxProcess) -> Place:
    """Transfers in every state, a file, denials, and books that do not fit."""
    on = {"enable_flags": EnableFlags.Enabled}
    near = new_account(platform, "4200.00", name="Nora Nearby", **on)
    far = new_account(platform, "7310.55", name=NAME, group="real-ecn-usd", **on)

    pending = ask(cast.olga, transfer(near, far, "11.00"))
    done = carry_out(approved_transfer(cast, near, far, "12.00"))
    back = carry_out(approved_transfer(cast, far, near, "13.00"))
    assert (done.status, back.status) == (Status.DONE, Status.DONE)

    lost = approved_transfer(cast, near, far, "14.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=far, count=1, **REFUSE)
    lost = run_with_fault_on_the_way_back(sandbox, lost, near, "mt4_error", **REFUSE)
    assert lost.status == Status.FAILED

    # The same external reference on both accounts, single and in files.
    carry_out(ask(cast.olga, make(Deposit, far, "15.00", external_reference="BANK-7")))
    ask(cast.olga, make(Withdraw, far, "16.00", beneficiary="Elsewhere"))
    ask(cast.olga, make(Withdraw, near, "17.00", beneficiary="Here", external_reference="BANK-7"))
    ask(cast.olga, make(Deposit, near, "18.00", external_reference="BANK-7"))
    wrong = Correction(platform="demo", login=far, amount=Decimal("19.00"), direction="in")
    ask(cast.olga, wrong)
    lines = (f"{near},deposit,20,USD,f-1,", f"{far},deposit,21,USD,f-2,")
    file = checked(cast.olga, *lines)
    submitted(cast.olga, file)

    # Denials that speak of the far account: for want of a right, of a scope, from several roads.
    refresh_account(platform.pk, near)
    refresh_account(platform.pk, far)
    signed_in(cast.alice).get(reverse("payment_deposit", args=("demo", far)))
    outsider = make_user("Outsider", "back-office", groups="real-std*")
    signed_in(outsider).get(reverse("account", args=("demo", far)))
    with pytest.raises(Exception, match="outside your scopes"):
        ask(outsider, make(Deposit, far, "22.00"))
    with pytest.raises(Exception, match=f"no account {far}"):
        ask(outsider, transfer(near, far, "23.00"))
    # Somebody who sees everything looks for the far account in the log.
    signed_in(cast.carol).get(reverse("audit_list"), {"q": NAME, "object": str(far)})

    unknown = approved_transfer(cast, near, far, "24.00")
    sandbox.fault("drop_after", "TradeTransaction", login=far, count=1)
    unknown = carry_out(unknown)
    assert unknown.status == Status.UNKNOWN
    in_doubt(unknown)
    settlement = SettleUnknown(
        reference=unknown.reference, happened=True, finding="Looked in the terminal."
    )
    key = str(uuid.uuid4())
    submit(settlement, actor=actor(cast.maya), source="test", reason="", key=key)

    now = timezone.now()
    run = begin(
        platform,
        now - timedelta(days=1),
        now + timedelta(hours=1),
        actor=actor(cast.maya),
        source="test",
    )
    compare_books(run.pk)
    job = Job.objects.create(name=JobName.NEGATIVE_RESET, on=False)
    JobRun.objects.create(job=job, started=now, finished=now, errors=[f"{far}: its balance moved"])
    # Told while they still saw both.
    narrowed = everything_of("*")
    tell_all()
    narrowed.scopes.update(group_masks="real-std*")

    balances = {Decimal("7310.55"), balance_of(platform, far)}
    figures = {text for value in balances for text in (f"{value:.2f}", f"{value:,.2f}")}
    return Place(near, far, pending, done, back, lost, unknown, file, tuple(sorted(figures)))


def values_of(place: Place) -> dict[str, list[Any]]:
    """Every object that an address can name, by the name of its part."""
    references = {
        *ChangeRequest.objects.values_list("reference", flat=True),
        *Payment.objects.values_list("reference", flat=True),
    }
    return {
        "platform": ["demo"],
        "login": [place.near, place.far],
        "reference": sorted(references),
        "seq": list(AuditEntry.objects.values_list("seq", flat=True)),
        "stage": ["to-pay", "on-hold", "done", "not-carried-out"],
        "form": ["csv"],
        "name": ["credit_expiry"],
    }


def slugs_and_keys(name: str) -> list[Any]:
    """The objects of addresses whose part is called `pk` or `slug`, by the page's name."""
    models: dict[str, Any] = {
        "notice": Notice,
        "staff": User,
        "difference": Difference,
        "bulk": BulkFile,
        "withdrawal": Withdrawal,
    }
    for start, model in models.items():
        if name.startswith(start):
            return list(model.objects.values_list("pk", flat=True))
    return {"role": ["dealer"], "platform": ["demo"]}.get(name.partition("_")[0], [1])


def every_address(place: Place) -> Iterator[tuple[str, str]]:
    """(URL name, address) of every page with every object."""
    known = values_of(place)
    for name, patterns in get_resolver().reverse_dict.lists():
        if not isinstance(name, str) or name.startswith(("account_log", "mfa_", "usersessions")):
            continue
        for possibilities, *_ in patterns:
            for _, parts in possibilities:
                yield from filled(name, list(parts), known, {})


def filled(
    name: str, parts: list[str], known: dict[str, list[Any]], given: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """The address with each of the objects in the place of each part."""
    if not parts:
        yield name, reverse(name, kwargs=given)
        return
    for value in known[parts[0]] if parts[0] in known else slugs_and_keys(name):
        yield from filled(name, parts[1:], known, {**given, parts[0]: value})


def body_of(response: Any) -> str:
    """The whole answer, streamed ones too, without the address that was asked for."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text: str = content.decode(errors="replace")
    return text.replace(response.wsgi_request.get_full_path(), "")


def leaks(client: Client, place: Place) -> tuple[list[str], int]:
    """Where something of the far account stands, and how many addresses were opened."""
    found, opened, met = [], 0, set[str]()
    for name, address in every_address(place):
        # What a page sends to htmx is a part of it: once for each page.
        for headers in ({}, {"HX-Request": "true"}) if name not in met else ({},):
            response = client.get(address, headers=headers)
            met.add(name)
            opened += 1
            assert response.status_code < 500, address
            body = body_of(response)
            found += [f"{address}: {one}" for one in place.secrets if one in body]
    return found, opened


def test_every_page_of_the_site_is_among_those_walked(place: Place) -> None:
    walked = {name for name, _ in every_address(place)}
    own = {name for address, name in addresses(get_resolver()) if not address.startswith("sign/")}
    assert own - walked == set()


@pytest.mark.slow
def test_somebody_who_sees_one_group_finds_nothing_of_the_other_anywhere(place: Place) -> None:
    narrow = everything_of("real-std*")
    found, opened = leaks(signed_in(narrow), place)
    assert found == []
    assert opened > 300
    # Nor does somebody who was told of it before their scopes were narrowed.
    notice = Notice.objects.get(request=place.pending, person__name="Rights *")
    client = signed_in(notice.person)
    page = client.get(reverse("notice_list")).content.decode()
    assert not [one for one in (*place.secrets, place.pending.reference) if one in page]
    assert client.get(reverse("notice_open", args=[notice.pk])).status_code == 404


def test_somebody_who_sees_both_finds_it_so_the_walk_can_fail(place: Place) -> None:
    client = signed_in(everything_of("*"))
    transfers = (place.pending, place.done, place.back, place.lost)
    denials = AuditEntry.objects.filter(outcome="denied").values_list("seq", flat=True)
    assert len(denials) == 4
    for url in (
        *(page_url(one) for one in transfers),
        *(reverse("audit_entry", args=[seq]) for seq in denials),
        *(reverse(name) for name in ("approval_list", "payment_list", "audit_list")),
        reverse("unknown_detail", args=[place.unknown.reference]),
        reverse("bulk_lines", args=[place.file.pk]),
    ):
        body = body_of(client.get(url))
        assert [one for one in place.secrets if one in body], url


def test_the_own_side_is_still_shown_and_says_that_there_is_another(place: Place) -> None:
    narrow = everything_of("real-std*")
    client = signed_in(narrow)
    for request, kind in ((place.done, "transfer_out"), (place.back, "transfer_in")):
        leg = request.payments.get(kind=kind)
        page = text_of(client.get(reverse("payment_detail", args=[leg.reference])))
        assert str(place.near) in page
        assert "Its request concerns an account that is not yours to see" in page
    assert not visible_requests(narrow).filter(pk=place.done.pk).exists()
    assert place.pending not in waiting_for(narrow)
    assert client.get(page_url(place.pending)).status_code == 404
    both = signed_in(everything_of("*"))
    leg = place.done.payments.get(kind="transfer_out")
    page = text_of(both.get(reverse("payment_detail", args=[leg.reference])))
    assert "not yours to see" not in page


def test_a_transfer_to_an_account_out_of_sight_reads_as_if_there_were_none(place: Place) -> None:
    client = signed_in(everything_of("real-std*"))
    form = {"step": "preview", "amount": "1.00", "reason": "asked", "method": "internal"}
    url = reverse("payment_transfer", args=("demo", place.near))
    told = client.post(url, {**form, "to_login": place.far}).content.decode()
    nobody = client.post(url, {**form, "to_login": 999_999_99}).content.decode()
    assert f"There is no account {place.far} on this platform, or it is not yours" in told
    assert "There is no account 99999999 on this platform, or it is not yours" in nobody
    assert not [one for one in ("Faraway", *place.figures) if one in told]


def test_a_file_that_repeats_a_reference_of_another_group_names_no_payment(
    place: Place, cast: Cast
) -> None:
    narrow = everything_of("real-std*")
    other = Payment.objects.get(login=place.far, external_reference="BANK-7")
    own = Payment.objects.filter(login=place.near, kind=Kind.DEPOSIT, external_reference="BANK-7")
    line = f"{place.near},deposit,25,USD,BANK-7,"
    # Of several the one that the uploader sees is named.
    assert own.get().reference in checked(narrow, line).problems.get().message
    own.update(external_reference="", external_reference_key="")
    hidden = checked(narrow, line).problems.get().message
    assert hidden.endswith("a payment of an account outside your scopes.")
    assert other.reference in checked(cast.olga, line).problems.get().message


def test_sums_of_a_comparison_are_over_the_groups_that_one_sees(
    place: Place, platform: Platform
) -> None:
    run = Reconciliation.objects.get()
    assert run.sums
    narrow, both = everything_of("real-std*"), everything_of("*")
    whole = text_of(signed_in(both).get(reverse("reconciliation")))
    part = text_of(signed_in(narrow).get(reverse("reconciliation")))
    for _, ours, theirs, _ in run.sums:
        assert f"{abs(theirs):,.2f} in MT4, " in whole
        assert f"{abs(ours):,.2f} here" in whole
    assert "in the groups that you see" in part
    assert "in MT4, " not in part
    assert f"{run.records} record" not in part


def test_only_who_sees_both_is_told_of_what_waits_or_hangs(place: Place) -> None:
    narrow, both = everything_of("real-std*"), everything_of("*")
    happened(place.pending, Happening.Event.ASKED)
    happened(place.unknown, Happening.Event.STUCK)
    happened(place.lost, Happening.Event.FAILED)
    tell_all()
    told = Notice.objects.filter(request__in=[place.pending, place.unknown, place.lost])
    assert not told.filter(person=narrow).exists()
    assert told.filter(person=both).count() == 3
