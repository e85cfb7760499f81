"""The panel by keyboard: lists, decisions, what is listed, and what survives a refresh."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_list_by_keyboard_alone(panel_stack: Stack, as_staff: Visitor) -> None:
    page = as_staff("ops")
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


def test_a_refresh_leaves_the_focus_where_it_was(panel_stack: Stack, as_staff: Visitor) -> None:
    page = as_staff("ops")
    page.goto(f"{panel_stack.url}/accounts/")
    link = page.get_by_role("row").nth(3).get_by_role("link").first
    login = link.inner_text()
    link.focus()
    page.evaluate("document.activeElement.dataset.old = 'yes'")
    expect(page.locator("[data-old]")).to_have_count(0, timeout=15_000)
    expect(page.locator(":focus")).to_have_text(login)
