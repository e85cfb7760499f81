"""The sandbox's control page in a browser: faults by keyboard, and a log that follows by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, Api

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
pytestmark = pytest.mark.browser
PAGES = ("/", "/accounts", f"/accounts/{FIRST_LOGIN}", "/prices", "/faults", "/calls", "/managers")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), accounts=60) as sandbox:
        yield Api(sandbox)


def test_a_fault_is_switched_on_by_keyboard_and_its_call_appears_in_the_log(
    api: Api, visitor: Visitor
) -> None:
    page = visitor()
    page.goto(f"{api.sandbox.url}/faults")
    page.get_by_label("Fault").select_option("outcome_unknown_applied")
    page.get_by_role("combobox", name=re.compile("^Operation")).fill("TradeTransaction")
    page.get_by_role("combobox", name=re.compile("^Operation")).press("Enter")
    expect(page.get_by_role("status").filter(has_text="switched on")).to_have_text(
        "outcome_unknown_applied is switched on for TradeTransaction."
    )
    expect(page.locator("header")).to_contain_text("1 fault switched on")

    page.get_by_role("link", name="Calls", exact=True).click()
    assert api.money(FIRST_LOGIN, 5, "DP page").code == "OutcomeUnknown"
    row = page.locator("#live tbody tr").first
    expect(row).to_contain_text("TradeTransaction")  # by itself: nobody reloads the page
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(row).to_contain_text("OutcomeUnknown")
    expect(row).to_contain_text("outcome_unknown_applied")

    page.get_by_role("link", name="Faults", exact=True).click()
    page.get_by_role("button", name="Switch off").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("The fault is switched off.")
    assert api.sandbox.faults() == []


def test_figures_follow_the_market_while_the_focus_stays(api: Api, visitor: Visitor) -> None:
    page = visitor()
    page.goto(f"{api.sandbox.url}/prices")
    row = page.locator("tr", has_text="EURGBP")
    page.locator("#live .scroll").focus()
    api.sandbox.price("EURGBP", 0.9, 0.9002)
    expect(row).to_contain_text("0.90000")
    expect(page.locator("#live .scroll")).to_be_focused()


def test_the_page_says_when_the_server_is_gone_and_goes_on_when_it_is_back(
    api: Api, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(f"{api.sandbox.url}/")
    away = page.get_by_text("The server does not answer")
    expect(away).to_be_hidden()
    api.sandbox.kill()
    expect(away).to_be_visible()
    api.sandbox.start()
    expect(away).to_be_hidden(timeout=10_000)
    page.close()
    api.sign_in()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_legible_and_none_scrolls_sideways_on_a_telephone(
    visitor: Visitor, api: Api, scheme: str
) -> None:
    api.sandbox.fault("busy", "MailSend")
    for code in ("Ok", "TradeNoMoney"):
        assert api.money(FIRST_LOGIN, 1 if code == "Ok" else -(10**6), "DP page").code == code
    page = visitor(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    for path in PAGES:
        page.goto(f"{api.sandbox.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path
    api.sandbox.clear_faults()
