"""Every page of the sidebar, for those who may open it: quiet, within its width, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.browser import sign_in
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TELEPHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


def sidebar(page: Page) -> list[str]:
    """The addresses that the sidebar leads to."""
    links = page.locator("nav a[href^='/']")
    found: list[str] = links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return sorted(set(found))


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("name", ["ops", "compliance", "admin", "auditor"])
def test_no_page_complains_or_scrolls_sideways(
    panel_stack: Stack, browser: Browser, name: str, look: str
) -> None:
    size = TELEPHONE if look == "dark" else DESK
    context = browser.new_context(viewport=size, color_scheme=look)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, panel_stack.url, name)
    addresses = sidebar(page)
    assert len(addresses) > 5
    more = ["/me/", "/sign/2fa/", "/sign/sessions/", "/sign/password/change/"]
    if name != "admin":
        more += [f"/accounts/demo/100001/{tab}" for tab in ("", "changes/")]
        more += ["/payments/account/demo/100001/", "/trading/account/demo/100001/positions/"]
    for address in [*addresses, *more]:
        answer = page.goto(f"{panel_stack.url}{address}")
        assert answer is not None
        assert answer.status == 200, address
        expect(page.locator("h1")).to_have_count(1)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{address} is {wide} px wide"
        assert complaints == [], address
    context.close()


def test_a_list_by_keyboard_alone(panel_stack: Stack, browser: Browser) -> None:
    page = browser.new_page()
    sign_in(page, panel_stack.url, "ops")
    page.goto(f"{panel_stack.url}/accounts/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_contain_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/accounts/demo/\d+/$"))
    page.keyboard.press("/")
    expect(page.locator("[type=search]:focus, input[name=q]:focus")).to_be_visible()
    page.keyboard.type("100002")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("100002")
