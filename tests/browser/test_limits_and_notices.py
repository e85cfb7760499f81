"""Limits, jobs and notices in a browser: set by two people, told at the bell, by keyboard too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from accounts.models import Account
from payments.models import Limit
from tests.browser.conftest import Visitor
from tests.harness.browser import sign_in
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GROUP = "real-micro-usd"
SLOW = 30_000  # milliseconds for the worker to tell people and the bell to ask


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind(panel_stack: Stack, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The same panel serves every browser test: no other one shall meet these limits."""
    yield
    with django_db_blocker.unblock(), panel_stack.connected():
        Limit.objects.all().delete()


def send(page: Page, button: str) -> str:
    """Preview, send; the address of the request."""
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(re.compile("/requests/"))
    return page.url


def approve(page: Page, address: str) -> None:
    """Open the request and approve it by its key."""
    page.goto(address)
    page.get_by_role("button", name=re.compile("^Approve")).wait_for()
    page.keyboard.press("a")
    expect(page.locator("main")).to_contain_text("done", timeout=SLOW)


def test_a_limit_from_its_form_to_the_payment_that_it_holds(
    panel_stack: Stack, visitor: Visitor
) -> None:
    url = panel_stack.url
    with panel_stack.connected():
        login = Account.objects.filter(group=GROUP).earliest("login").login
    admin, clerk, checker = visitor(), visitor(), visitor()
    for page, name in ((admin, "admin"), (clerk, "ops"), (checker, "compliance")):
        sign_in(page, url, name)

    admin.goto(f"{url}/limits/")
    admin.get_by_role("link", name="Add a limit…").click()
    admin.locator("[name=role]").select_option("back-office")
    admin.get_by_label("At once").fill("50")
    admin.get_by_label("In 24 hours").fill("80")
    admin.get_by_label("MT4 groups").fill(GROUP)
    admin.get_by_label("Why").fill("As agreed with the auditors")
    address = send(admin, "Add limit")
    expect(admin.locator("main")).to_contain_text("waiting")

    # The checker is told at the bell, without a reload, and goes there by keyboard.
    bell = checker.get_by_role("link", name=re.compile("unread notice"))
    bell.wait_for(timeout=SLOW)
    bell.focus()
    checker.keyboard.press("Enter")
    checker.wait_for_url(re.compile("/notices/"))
    checker.keyboard.press("j")
    checker.keyboard.press("Enter")
    checker.wait_for_url(re.compile("/requests/"))
    approve(checker, address)

    clerk.goto(f"{url}/payments/demo/{login}/deposit/")
    clerk.locator("[name=amount]").fill("60.00")
    clerk.get_by_role("button", name="Preview").click()
    expect(clerk.locator("main")).to_contain_text("Your limit is 50.00 USD at once.")
    clerk.locator("[name=amount]").fill("40.00")
    send(clerk, "Deposit 40.00 USD on Sandbox")
    checker.goto(f"{url}/limits/")
    expect(checker.locator("main")).to_contain_text("Olga Petrov: 50")
    checker.get_by_role("link", name="each of Back office").click()
    expect(checker.locator("main")).to_contain_text("40.00")


def test_a_job_is_switched_on_by_two_people(panel_stack: Stack, visitor: Visitor) -> None:
    url = panel_stack.url
    admin, other = visitor(), visitor()
    sign_in(admin, url, "admin")
    sign_in(other, url, "admin2")
    admin.goto(f"{url}/jobs/")
    name = "Taking out expired credit"
    admin.get_by_role("link", name=f"{name}: switch on").click()
    admin.get_by_label("Why").fill("Until now it was done by hand")
    address = send(admin, "Switch on")
    admin.goto(f"{url}/jobs/")
    expect(admin.locator("main")).to_contain_text("waits for a second person")
    approve(other, address)
    admin.goto(f"{url}/jobs/")
    job = admin.get_by_role("region", name=name)
    expect(job).not_to_contain_text("never", timeout=45_000)


def test_the_pages_on_a_telephone_in_the_dark(panel_stack: Stack, visitor: Visitor) -> None:
    page = visitor(viewport={"width": 390, "height": 844}, color_scheme="dark")
    sign_in(page, panel_stack.url, "compliance")
    for name in ("limits", "jobs", "notices", "me"):
        page.goto(f"{panel_stack.url}/{name}/")
        expect(page.locator("h1")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.goto(f"{panel_stack.url}/limits/")
    page.get_by_role("link", name="each of Back office").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
