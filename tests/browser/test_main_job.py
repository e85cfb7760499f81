"""The main job in a browser: an account, a deposit, a withdrawal that another person approves."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from panel import audit
from panel.models import AuditEntry, ChangeRequest, Status
from panel.mt4.read import reader
from payments.models import Payment
from tests.chaos.conftest import demo, records_of
from tests.harness.browser import approve_by_keys, sign_in
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 20_000  # milliseconds for a worker to take something up and the page to show it
SignedIn = Callable[[str], Page]


@pytest.fixture
def as_person(browser: Browser, panel_stack: Stack) -> SignedIn:
    """A page of one's own, signed in: `as_person("ops")`; a fault on any page fails the test."""
    contexts: list[BrowserContext] = []

    def enter(name: str) -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        sign_in(page, panel_stack.url, name)
        return page

    return enter


def reference_on(page: Page) -> str:
    """The reference of the request whose page is open, as MT4 and the database know it."""
    found = re.search(r"/requests/([A-Z]{2})-([0-9A-Z]{8})/", page.url)
    assert found, page.url
    return f"{found[1]} {found[2]}"


def send(page: Page, button: str) -> str:
    """Preview the filled form, look at the sentence, and send it; the request's reference."""
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=f"{button} on Sandbox", exact=True).click()
    page.wait_for_url(re.compile("/requests/"))
    return reference_on(page)


def expect_state(page: Page, word: str) -> None:
    """The request's page shows the state, by itself and without a reload."""
    expect(page.locator("main .state, main [class*=state-]").first).to_contain_text(
        word, timeout=SLOW
    )


def test_a_withdrawal_that_a_second_person_approves(
    panel_stack: Stack, as_person: SignedIn
) -> None:
    # The clerk opens an account; both passwords are shown once.
    clerk = as_person("ops")
    clerk.goto(f"{panel_stack.url}/accounts/")
    clerk.get_by_role("link", name="Open account").click()
    clerk.get_by_label("Name", exact=True).fill("Anna Kowalska")
    clerk.locator("[name=group]").select_option("real-std-usd")
    send(clerk, "Open account for Anna Kowalska")
    expect_state(clerk, "done")
    show = clerk.get_by_role("button", name="Show once")
    for left in (1, 0):
        show.first.click()
        expect(show).to_have_count(left)
    with panel_stack.connected():
        opened = ChangeRequest.objects.get(reference=reference_on(clerk))
        login = opened.login
        assert login is not None
        assert all(secret.sealed == "" for secret in opened.secrets.all())
    clerk.reload()
    expect(clerk.get_by_role("button", name="Show once")).to_have_count(0)

    # A deposit runs at once.
    clerk.goto(f"{panel_stack.url}/payments/demo/{login}/deposit/")
    clerk.locator("[name=amount]").fill("1,000.00")
    deposit = send(clerk, "Deposit 1,000.00 USD")
    expect_state(clerk, "done")

    # A withdrawal waits, and its maker is given no button to approve it.
    clerk.goto(f"{panel_stack.url}/accounts/demo/{login}/")
    expect(clerk.locator("main")).to_contain_text("1,000.00")
    clerk.goto(f"{panel_stack.url}/payments/demo/{login}/withdraw/")
    clerk.locator("[name=amount]").fill("5000")
    clerk.get_by_role("button", name="Preview").click()
    expect(clerk.locator("main")).to_contain_text("At most 1,000.00 USD can be withdrawn")
    clerk.locator("[name=amount]").fill("400")
    clerk.locator("[name=reason]").fill("The client asked by telephone.")
    withdrawal = send(clerk, "Withdraw 400.00 USD")
    expect_state(clerk, "waiting")
    expect(clerk.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)

    # Compliance finds it in the inbox and decides by keyboard alone.
    checker = as_person("compliance")
    checker.goto(f"{panel_stack.url}/approvals/")
    checker.get_by_role("link", name=withdrawal).first.click()
    expect(checker.locator("main")).to_contain_text("Withdraw 400.00 USD")
    expect(checker.locator("main")).to_contain_text("The client asked by telephone.")
    approve_by_keys(checker)
    expect_state(checker, "to pay out")
    # The maker's page, still open, has learnt it by itself.
    expect_state(clerk, "done")

    # MT4, the panel's books and the audit log agree.
    with panel_stack.connected():
        account = reader(demo().connection).account(login)
        assert account.balance == Decimal("600.00")
        assert reader(demo().connection).balance_check(login).diff == 0
        for reference, amount in ((deposit, "1000.00"), (withdrawal, "-400.00")):
            request = ChangeRequest.objects.get(reference=reference)
            assert [record.profit for record in records_of(request)] == [Decimal(amount)]
            assert Payment.objects.get(request=request).status == Status.DONE
        steps = AuditEntry.objects.filter(reference=withdrawal).order_by("seq")
        assert [entry.action for entry in steps] == [
            "request payments.withdraw",
            "request approved",
            "request executing",
            "request done",
        ]
        assert audit.verify() is None
    clerk.goto(f"{panel_stack.url}/payments/account/demo/{login}/")
    expect(clerk.locator("main")).to_contain_text(withdrawal)
    expect(clerk.locator("main")).to_contain_text("600.00")

    # The auditor reads every step of it.
    auditor = as_person("auditor")
    auditor.goto(f"{panel_stack.url}/audit/?q={withdrawal.replace(' ', '+')}")
    for step in ("Olga Petrov", "Clara Novak", "Request approved", "Request done", "4 match"):
        expect(auditor.locator("main")).to_contain_text(step)


def test_a_double_click_and_a_reload_pay_once(panel_stack: Stack, as_person: SignedIn) -> None:
    clerk = as_person("ops")
    clerk.goto(f"{panel_stack.url}/payments/demo/100001/deposit/")
    clerk.locator("[name=amount]").fill("12.34")
    clerk.get_by_role("button", name="Preview").click()
    with clerk.expect_request(lambda request: request.method == "POST") as first:
        clerk.get_by_role("button", name="Deposit 12.34 USD").dblclick()
    clerk.wait_for_url(re.compile("/requests/"))
    expect_state(clerk, "done")
    # The same form once more, as a reload of the answered POST or the back button would send it.
    body = first.value.post_data
    again = clerk.request.post(
        first.value.url,
        data=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": first.value.url,
        },
    )
    assert again.ok
    assert again.url == clerk.url
    with panel_stack.connected():
        assert ChangeRequest.objects.filter(login=100001, amount=Decimal("12.34")).count() == 1
        request = ChangeRequest.objects.get(login=100001, amount=Decimal("12.34"))
        assert len(records_of(request)) == 1


def test_two_approvers_at_once_the_second_is_told(panel_stack: Stack, as_person: SignedIn) -> None:
    clerk = as_person("ops")
    clerk.goto(f"{panel_stack.url}/payments/demo/100001/withdraw/")
    clerk.locator("[name=amount]").fill("1.00")
    send(clerk, "Withdraw 1.00 USD")
    first, second = as_person("compliance"), as_person("compliance2")
    for page in (first, second):
        page.goto(clerk.url)
        expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
    approve_by_keys(first)
    expect_state(first, "done")
    # Somebody else's decision appears in place of the buttons, without a reload.
    expect(second.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0, timeout=SLOW)
    expect(second.locator("main")).to_contain_text("Clara Novak")
