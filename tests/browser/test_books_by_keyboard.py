"""Money moved and the books explained without a mouse: forms, previews, a comparison, a verdict."""

from __future__ import annotations

import re
import time
import uuid
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from panel.mt4.write import writer
from panel.ui.owners import all_owners
from payments.models import Difference
from tests.browser.conftest import Visitor
from tests.browser.test_every_page import DESK, ugly
from tests.chaos.conftest import demo
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOGIN = 100001
SLOW = 20_000  # milliseconds for a worker to take something up and the page to show it


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def expect_focus(page: Page, words: str | re.Pattern[str]) -> None:
    """What has the focus is named so."""
    expect(page.locator(":focus")).to_have_accessible_name(words)


def to_first_action(page: Page, words: str) -> None:
    """Over the skip link and past the crumbs to what the page is for, and press it."""
    press(page, "Tab")
    expect_focus(page, "Skip to the content")
    press(page, "Enter", "Tab")
    if page.locator(".ui-crumbs a").count():
        press(page, "Tab")
    expect_focus(page, words)
    press(page, "Enter")


def test_a_transfer_is_asked_for_by_keyboard(panel_stack: Stack, as_staff: Visitor) -> None:
    with panel_stack.connected():
        owners = all_owners(demo())
    other = next(
        login
        for login, owner in owners.items()
        if login > LOGIN and owner.currency == owners[LOGIN].currency
    )
    page = as_staff("ops", viewport=DESK, reduced_motion="reduce")
    page.goto(f"{panel_stack.url}/payments/demo/{LOGIN}/transfer/")
    expect_focus(page, "Amount")
    page.keyboard.type("1.505")
    press(page, "Tab")
    page.keyboard.type(str(other))
    press(page, "Enter")

    # Wrong: the focus is on the field, and its error is read out with it.
    expect(page.locator(":focus")).to_have_attribute("aria-invalid", "true")
    expect_focus(page, "Amount")
    expect(page.locator(":focus")).to_have_accessible_description(re.compile("two"))
    press(page, "Control+a")
    page.keyboard.type("1.50")
    press(page, "Enter")

    expect_focus(page, "Preview")
    expect(page.locator(".ui-sentence")).to_contain_text("Transfer 1.50")
    press(page, "Tab")
    expect_focus(page, re.compile("^Transfer 1.50 "))
    press(page, "Enter")
    page.wait_for_url(re.compile("/requests/TR-"))
    expect(page.locator("main")).to_contain_text("waiting")


def test_a_difference_is_found_explained_and_confirmed_by_keyboard(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    # The books begin with the panel's first payment, maybe the one of the test before. MT4 counts
    # whole seconds, so what is booked in the same one would stand before it.
    time.sleep(1.1)
    with panel_stack.connected():
        writer(demo().connection).balance(
            100004, Decimal("7.25"), comment="by hand J.S.", key=str(uuid.uuid4())
        )
    page = as_staff("manager", viewport=DESK, reduced_motion="reduce")
    page.goto(f"{panel_stack.url}/payments/reconciliation/")
    to_first_action(page, "Reconcile now")
    page.wait_for_url(re.compile("/run/"))
    expect_focus(page, "First day")
    press(page, "Enter")
    expect(page.locator("#last-run")).to_contain_text("UTC, by Maya", timeout=SLOW)
    with panel_stack.connected():
        row = Difference.objects.get(comment="by hand J.S.")

    # The list takes it in by itself; a search narrows it, and a row opens with Enter.
    expect(page.locator("main")).to_contain_text(row.key, timeout=SLOW)
    assert not ugly(page)
    page.goto(f"{page.url}{'&' if '?' in page.url else '?'}q=100004")
    press(page, "j", "Enter")
    page.wait_for_url(re.compile(rf"/reconciliation/{row.pk}/(\?|$)"))
    expect(page.locator(".ui-figures")).to_contain_text("MT4 has more")
    assert not ugly(page)
    to_first_action(page, "Explain…")
    expect_focus(page, "What happened, and how you know")
    page.keyboard.type("J.S. booked the bonus of the fair by hand, see her mail.")
    press(page, "Tab", "Enter")
    expect_focus(page, "Preview")
    press(page, "Tab", "Enter")
    page.wait_for_url(re.compile("/requests/XD-"))

    checker = as_staff("compliance", viewport=DESK, reduced_motion="reduce")
    checker.goto(page.url)
    expect(checker.get_by_role("button", name=re.compile("^Approve explanation"))).to_be_visible()
    press(checker, "a")
    expect_focus(checker, re.compile("^Approve"))
    press(checker, "Enter")
    expect(checker.locator("main")).to_contain_text("done", timeout=SLOW)
    checker.goto(f"{panel_stack.url}/payments/reconciliation/{row.pk}/")
    expect(checker.locator(".ui-subtitle")).to_contain_text("explained")
    expect(checker.locator("main")).to_contain_text("J.S. booked the bonus")
