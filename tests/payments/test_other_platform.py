"""Every form, file and button acts on the trade server it was opened for, whatever another tab
chose meanwhile; and a page about another server than the one in use says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse

from panel.models import ChangeRequest, Platform, Status
from panel.ui.views import OnPlatform
from payments.commands import Deposit, Withdraw
from payments.models import (
    BulkFile,
    Difference,
    PayoutAnswer,
    PayoutBatch,
    Reconciliation,
    Withdrawal,
)
from tests.core.conftest import Cast
from tests.factories import make_platform, make_user
from tests.payments.bulk.bulk import checked
from tests.payments.paying import batch_of, kept, owed, payer, paying_account
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_pages import as_user, key_in

pytestmark = pytest.mark.django_db(transaction=True)

HERE, THERE = "demo", "other"


@pytest.fixture
def other(platform: Platform) -> Platform:
    """A second server; the sandbox answers for both."""
    return make_platform(
        platform.api_base, slug=THERE, name="Other house", server_name="Other-Live"
    )


def switched(client: Client, slug: str) -> Client:
    """Another tab of the same browser chooses a server."""
    assert client.post(reverse("ui-platform"), {"platform": slug}).status_code == 302
    return client


@dataclass
class Form:
    """A form of a page: where it is sent, how, and its fields."""

    action: str
    method: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(has.get("action", ""), has.get("method", "get"), {}))
        elif has.get("name") and self.found:
            self.found[-1].fields[has["name"]] = has.get("value", "")


def forms_of(page: str) -> list[Form]:
    """Every form of a page's main part: those of the frame are no business of the page."""
    parser = _Forms()
    main = page.partition("<main")[2].partition("</main>")[0]
    parser.feed(main)
    return [form for form in parser.found if form.action != reverse("ui-platform")]


# Lists and forms that are about one server without its standing in their path.
BY_SERVER = {
    "dashboard",
    "account_list",
    "position_list",
    "order_list",
    "payment_list",
    "payment_new",
    "withdrawal_list",
    "withdrawal_stage",
    "bulk_list",
    "bulk_upload",
    "payout_batch_list",
    "payout_batch_add",
    "payout_batch_add_failed",
    "reconciliation",
    "reconciliation_run",
}


def address_of(name: str) -> str:
    """The address of a page without an object."""
    return reverse(name, args=("to-pay",) if name == "withdrawal_stage" else ())


def view_class(pattern: Any) -> Any:
    return getattr(pattern.callback, "view_class", None)


def patterns(resolver: Any = None) -> Any:
    """Every address of the site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from patterns(entry)
        else:
            yield entry


def links_astray(page: str, slug: str) -> list[str]:
    """Links of a page's main part that lead to a list or form of whichever server is in use."""
    main = page.partition("<main")[2].partition("</main>")[0]
    astray = []
    # Forms carry the server in a field.
    for link in re.findall(r'href="(/[^"]*)"', main):
        address = urlsplit(link.replace("&amp;", "&"))
        try:
            name = resolve(address.path).url_name
        except Resolver404:
            continue
        if name in BY_SERVER and ("server", slug) not in parse_qsl(address.query):
            astray.append(link)
    return astray


def test_every_view_about_the_server_in_use_is_walked_below() -> None:
    known = {
        pattern.name
        for pattern in patterns()
        if (view := view_class(pattern)) and issubclass(view, OnPlatform)
    }
    assert known == BY_SERVER


@pytest.mark.parametrize("name", sorted(BY_SERVER))
def test_a_page_stays_on_its_server_and_says_so(
    platform: Platform, other: Platform, cast: Cast, name: str
) -> None:
    person = make_user("Root", "back-office", "manager", "administrator", "compliance")
    client = switched(as_user(person), THERE)
    page = client.get(address_of(name), {"server": HERE}).content.decode()
    assert "This page is about <b>Sandbox</b>" in page
    assert "in use is <b>Other house</b>" in page
    assert 'aria-label="Trade server Sandbox' in page
    plain = client.get(address_of(name)).content.decode()
    assert "This page is about" not in plain
    assert 'aria-label="Trade server Other house' in plain
    assert links_astray(plain, THERE) == []
    # Whatever it polls, searches or sends again is about the server that it was opened for.
    main = plain.partition("<main")[2]
    for polled in re.findall(r'hx-get="([^"]+)"[^>]*hx-trigger="every', main):
        if resolve(urlsplit(polled).path).url_name in BY_SERVER - {"dashboard"}:
            assert f"server={THERE}" in polled, polled
    for form in forms_of(plain):
        leads_to = resolve(urlsplit(form.action).path).url_name if form.action else name
        if leads_to in BY_SERVER and form.fields.keys() - {"csrfmiddlewaretoken"}:
            assert form.fields.get("server") == THERE, form


def test_a_server_out_of_scope_is_not_there(platform: Platform, other: Platform) -> None:
    person = make_user("Scoped", "back-office", platform=platform)
    client = as_user(person)
    for name in sorted(BY_SERVER):
        assert client.get(address_of(name), {"server": THERE}).status_code in (403, 404), name
    answer = client.post(reverse("bulk_upload"), {"server": THERE, "rows": "x", "method": "bank"})
    assert answer.status_code == 404
    assert not BulkFile.objects.exists()


def test_a_file_goes_to_the_server_that_its_form_was_opened_for(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    client = switched(as_user(cast.olga), HERE)
    page = client.get(reverse("bulk_upload")).content.decode()
    [form] = forms_of(page)
    assert "for Sandbox</button>" in page
    switched(client, THERE)
    login = enabled_account(platform)
    data = f"login,kind,amount,currency\n{login},deposit,1.00,USD\n".encode()
    fields = {**form.fields, "file": SimpleUploadedFile("a.csv", data), "method": "bank"}
    answer = client.post(reverse("bulk_upload"), fields)
    file = BulkFile.objects.get()
    assert file.platform == platform
    shown = client.get(answer["Location"]).content.decode()
    assert "This page is about <b>Sandbox</b>" in shown


def test_a_payout_batch_is_of_the_server_of_the_desk(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    request, house = owed(platform, cast), paying_account()
    client = switched(as_user(payer()), HERE)
    desk = client.get(reverse("withdrawal_stage", args=("to-pay",))).content.decode()
    [ticked] = [form for form in forms_of(desk) if "ids" in form.fields]
    switched(client, THERE)
    address = reverse("payout_batch_add")
    assert ticked.fields["ids"] == str(Withdrawal.objects.get().pk)
    page = client.post(address, ticked.fields).content.decode()
    assert "This page is about <b>Sandbox</b>" in page
    [form] = [form for form in forms_of(page) if "withdrawals" in form.fields]
    asked = {**form.fields, "account": str(house.pk), "step": "preview"}
    [sends] = [
        form
        for form in forms_of(client.post(address, asked).content.decode())
        if "withdrawals" in form.fields
    ]
    assert client.post(address, {**sends.fields, "step": "send"}).status_code == 302
    batch = PayoutBatch.objects.get()
    assert batch.platform == platform
    assert [str(line.withdrawal) for line in batch.lines.all()] == [request.reference]


@pytest.mark.parametrize("name", ["bulk_upload", "reconciliation_run"])
def test_a_form_that_names_no_server_is_refused_not_guessed(
    platform: Platform, other: Platform, cast: Cast, name: str
) -> None:
    days = {"first": "2026-01-01", "last": "2026-01-02"}
    fields = {"rows": "1,deposit,1.00,USD", "method": "bank", **days}
    for person in (cast.olga, cast.bob, cast.ada, cast.maya):
        answer = as_user(person).post(reverse(name), fields)
        assert answer.status_code in (400, 403)
    assert not BulkFile.objects.exists()
    assert not Reconciliation.objects.exists()


def test_the_books_compared_are_those_of_the_form(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    person = make_user("Root", "compliance", "manager", "administrator")
    client = switched(as_user(person), HERE)
    page = client.get(reverse("reconciliation_run")).content.decode()
    assert "Compare the books of Sandbox" in page
    [form] = forms_of(page)
    switched(client, THERE)
    answer = client.post(reverse("reconciliation_run"), form.fields)
    assert answer.status_code == 302
    assert Reconciliation.objects.get().platform == platform
    assert "server=demo" in answer["Location"]


DEEDS = {
    "payment_deposit": {"amount": "10.00", "method": "bank"},
    "payment_withdraw": {"amount": "10.00", "method": "bank", "beneficiary": "Anna"},
    "payment_credit_in": {"amount": "10.00", "method": "internal", "expiration": "2036-01-31"},
    "payment_correction": {
        "amount": "10.00",
        "method": "internal",
        "direction": "in",
        "reason": "wrong",
    },
    "payment_stop": {"reason": "asked"},
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_form_of_an_account_acts_on_the_server_of_its_address(
    platform: Platform, other: Platform, name: str
) -> None:
    login = enabled_account(platform)
    person = make_user("Root", "back-office", "compliance", "manager", "administrator")
    client = switched(as_user(person), HERE)
    address = reverse(name, args=(HERE, login))
    fields = {"key": key_in(client.get(address).content.decode()), **DEEDS[name]}
    switched(client, THERE)
    preview = client.post(address, {**fields, "step": "preview"}).content.decode()
    assert "This page is about <b>Sandbox</b>" in preview
    assert re.search(r'value="send"[^>]*>[^<]+ on Sandbox</button>', preview)
    assert client.post(address, {**fields, "step": "send"}).status_code == 302
    assert ChangeRequest.objects.get().platform == platform


# Pages of one object: the name of the address, and what makes the object on `platform`.
def objects(platform: Platform, cast: Cast) -> dict[str, str]:
    """Addresses of pages about objects of the platform, by the name of the address."""
    login = enabled_account(platform)
    deposit = ask(cast.olga, make(Deposit, login, "5.00"))
    withdrawal = ask(cast.olga, make(Withdraw, login, "6.00", beneficiary="Anna"))
    file = checked(cast.olga, f"{login},deposit,1.00,USD,,", platform=platform)
    difference = Difference.objects.create(
        platform=platform,
        kind=Difference.Kind.OWED,
        key=deposit.reference,
        login=login,
        mt4_group="real-std-usd",
        time=deposit.created,
        last_seen=deposit.created,
        text="owed",
        currency="USD",
    )
    ChangeRequest.objects.filter(pk=deposit.pk).update(status=Status.UNKNOWN)
    account, reference = (platform.slug, login), (withdrawal.reference,)
    batch = batch_of(payer(), owed(platform, cast))
    answer = PayoutAnswer.objects.create(
        batch=batch, name="answer.csv", sha256="0" * 64, stored="x", uploaded_by=cast.olga
    )
    beneficiary = (platform.slug, login, kept(cast, login).pk)
    return {
        name: reverse(name, args=args)
        for names, args in (
            (
                (
                    "account",
                    "account_changes",
                    "account_positions",
                    "account_history",
                    "account_payments",
                    "account_change_profile",
                    "account_change_leverage",
                    "account_change_group",
                    "account_change_access",
                    "account_password",
                    "payment_stop",
                    "payment_deposit",
                    "payment_withdraw",
                    "payment_credit_in",
                    "payment_credit_out",
                    "payment_transfer",
                    "payment_correction",
                    "payment_chargeback",
                    "payment_negative_reset",
                    "account_beneficiaries",
                    "beneficiary_add",
                ),
                account,
            ),
            (("payment_detail", "withdrawal", "withdrawal_return", "request_detail"), reference),
            (("unknown_detail", "unknown_settle"), (deposit.reference,)),
            (("bulk_file", "bulk_lines", "bulk_warnings", "bulk_submit"), (file.pk,)),
            (("beneficiary_change", "beneficiary_end"), beneficiary),
            (
                ("payout_batch", "payout_batch_cancel", "payout_answer_upload"),
                (batch.reference,),
            ),
            (("payout_answer",), (batch.reference, answer.pk)),
            (("difference_detail", "difference_explain"), (difference.pk,)),
            (("account_create",), (platform.slug,)),
        )
        for name in names
    }


# Addresses with something in them that are no page about an object of one server.
NO_PAGE = {
    # They answer with files, parts of pages, or by leading somewhere.
    "bulk_errors",
    "bulk_result",
    "bulk_source",
    "bulk_progress",
    "bulk_check",
    "bulk_stop",
    "payment_file",
    "payout_batch_file",
    "payout_answer_write",
    "notice_open",
    "unknown_look",
    "staff_invite_again",
    # The rest of a file is asked for on the page that asks for the whole.
    "bulk_again",
    # Only once there is a request of the file.
    "bulk_reading",
    "bulk_decide",
    # A tab of the desk, walked above.
    "withdrawal_stage",
    # Of the whole panel.
    "audit_entry",
    "staff_detail",
    "staff_change",
    "role_change",
    "policy_change",
    "policy_remove",
    "separation_change",
    "paying_account_change",
    "job_change",
    "limit_detail",
    "limit_change",
    "limit_remove",
    # Headed by the platform's own name.
    "platform_detail",
    "platform_change",
    "platform_accept_server",
}


def test_a_page_about_an_object_of_another_server_says_so(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    pages = objects(platform, cast)
    ours = {
        pattern.name
        for pattern in patterns()
        if pattern.pattern.converters
        and (view := view_class(pattern))
        and view.__module__.partition(".")[0] in ("panel", "accounts", "trading", "payments")
    }
    assert ours == pages.keys() | NO_PAGE
    person = make_user("Root", "back-office", "compliance", "manager", "administrator", "dealer")
    client = as_user(person)
    for slug, says in ((THERE, True), (HERE, False)):
        switched(client, slug)
        for name, address in pages.items():
            answer = client.get(address, follow=True)
            assert answer.status_code == 200, (name, answer.status_code)
            assert links_astray(answer.content.decode(), HERE) == [], name
            said = "This page is about <b>Sandbox</b>" in answer.content.decode()
            assert said is says, (name, slug)


def test_the_bar_of_an_open_page_stays_on_its_server_and_tells_of_the_other_tab(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    client = switched(as_user(cast.olga), HERE)
    page = client.get(reverse("payment_list")).content.decode()
    found = re.search(r'id="platform-state"[^>]*hx-get="([^"]+)"', page)
    assert found is not None
    switched(client, THERE)
    polled = client.get(found[1]).content.decode()
    assert 'aria-label="Trade server Sandbox' in polled
    assert 'id="elsewhere"' in polled
    assert "in use is <b>Other house</b>" in polled


def test_one_goes_on_working_on_the_server_of_the_page(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    client = switched(as_user(cast.olga), THERE)
    address = reverse("payment_list") + "?server=demo"
    answer = client.post(
        reverse("ui-platform"), {"platform": HERE, "stay": "1"}, headers={"Referer": address}
    )
    assert answer["Location"] == address
    assert "This page is about" not in client.get(address).content.decode()


def test_payments_of_the_other_server_are_not_in_the_list(
    platform: Platform, other: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    request = ask(cast.olga, make(Deposit, login, "10.00"))
    client = switched(as_user(cast.olga), THERE)
    assert request.reference not in client.get(reverse("payment_list")).content.decode()
    page = client.get(reverse("payment_list"), {"server": HERE}).content.decode()
    assert request.reference in page
