"""MT4 goes away and comes back: reading goes on, nothing half done, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from panel.models import ChangeRequest
from tests.harness.browser import approve_by_keys, sign_in
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 30_000  # milliseconds: the platforms are looked at every ten seconds


def test_reading_goes_on_while_mt4_is_away_and_paying_waits(
    make_stack: Callable[..., Stack], browser: Browser
) -> None:
    stack = make_stack(sandbox={"accounts": 20})
    clerk = browser.new_page()
    sign_in(clerk, stack.url, "ops")
    clerk.goto(f"{stack.url}/payments/demo/100001/withdraw/")
    clerk.locator("[name=amount]").fill("1.00")
    clerk.get_by_role("button", name="Preview").click()
    clerk.get_by_role("button", name="Withdraw 1.00 USD").click()
    clerk.wait_for_url(re.compile("/requests/"))
    waiting = clerk.url
    # A form is open and filled when the server goes.
    clerk.goto(f"{stack.url}/payments/demo/100001/deposit/")
    clerk.locator("[name=amount]").fill("77.70")
    stack.sandbox.kill()

    clerk.get_by_role("button", name="Preview").click()
    expect(clerk.locator("main")).to_contain_text("The trade server does not answer")
    expect(clerk.locator("main")).to_contain_text("Nothing was changed")
    expect(clerk.locator("[name=amount]")).to_have_value("77.70")

    checker = browser.new_page()
    sign_in(checker, stack.url, "compliance")
    checker.goto(waiting)
    expect(checker.get_by_role("button", name=re.compile("^Approve"))).to_be_disabled()

    clerk.goto(f"{stack.url}/accounts/")
    expect(clerk.locator("header, body").first).to_contain_text("away", timeout=SLOW)
    expect(clerk.locator("main")).to_contain_text("100001")
    expect(clerk.locator("main")).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d"))
    clerk.goto(f"{stack.url}/accounts/demo/100001/")
    expect(clerk.locator("main")).to_contain_text(re.compile("does not answer|not live|away"))

    # It comes back: no restart, the checker's open page has its button again by itself.
    stack.sandbox.start()
    expect(checker.get_by_role("button", name=re.compile("^Approve"))).to_be_enabled(timeout=SLOW)
    approve_by_keys(checker)
    expect(checker.locator("#request-state")).to_contain_text("done", timeout=SLOW)
    with stack.connected():
        assert ChangeRequest.objects.count() == 1
