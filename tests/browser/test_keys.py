"""The panel by keyboard: lists, decisions, what is listed, and what survives a refresh."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

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


SAMPLE = """
<div id="sample">
  <button type="button" data-key="q">Approve 5.00 USD<kbd aria-hidden="true">q</kbd></button>
  <button type="button" data-key="w v" data-key-label="Put on hold">Hold</button>
  <button type="button" data-key="z" disabled>Never</button>
  <button type="button" data-key="u" hidden>Unseen</button>
  <input aria-label="Words"><textarea aria-label="More"></textarea>
  <select aria-label="Choice"><option>1</option></select>
  <input type="checkbox" aria-label="Tick">
  <p contenteditable="true" role="textbox" aria-label="Free">x</p>
</div>
"""


@pytest.fixture
def sample(panel_stack: Stack, as_staff: Visitor) -> Page:
    """A page without a list; its buttons' keys are collected in `clicks` as they are pressed."""
    page = as_staff("ops")
    page.goto(f"{panel_stack.url}/me/")
    page.evaluate(
        """html => {
          document.querySelector('main').insertAdjacentHTML('beforeend', html);
          window.clicks = [];
          document.querySelector('#sample').addEventListener('click', (event) => {
            const key = event.target.closest('[data-key]')?.dataset.key;
            if (key) window.clicks.push(key);
          });
        }""",
        SAMPLE,
    )
    return page


def test_a_key_presses_what_declares_it(sample: Page) -> None:
    for key in ("q", "w", "v", "z", "u", "y"):
        sample.keyboard.press(key)
    assert sample.evaluate("clicks") == ["q", "w v", "w v"]


def test_a_key_held_down_presses_once(sample: Page) -> None:
    for _ in range(4):
        sample.keyboard.down("q")
    sample.keyboard.up("q")
    assert sample.evaluate("clicks") == ["q"]


def test_no_key_fires_while_one_types_or_with_another_key(sample: Page) -> None:
    for label in ("Words", "More", "Choice", "Tick", "Free"):
        sample.get_by_label(label, exact=True).focus()
        sample.keyboard.press("q")
    sample.locator("h1").click()
    for chord in ("Control+q", "Alt+q", "Meta+q", "Shift+Q"):
        sample.keyboard.press(chord)
    sample.get_by_role("button", name=re.compile("^Keys")).click()
    sample.keyboard.press("q")  # an open dialog comes first
    assert sample.evaluate("clicks") == []


def test_the_overlay_lists_the_keys_of_this_page(sample: Page, panel_stack: Stack) -> None:
    sample.keyboard.press("?")
    keys = sample.get_by_role("dialog", name="Keys")
    here = keys.locator("[data-keys-here]")
    expect(here.locator("dd")).to_have_text(["Approve 5.00 USD", "Put on hold"])
    expect(here.locator("kbd")).to_have_text(["q", "w", "v"])
    expect(keys.get_by_text("In a list")).to_be_hidden()
    sample.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    sample.goto(f"{panel_stack.url}/accounts/")
    sample.keyboard.press("?")
    expect(keys.get_by_text("Next or previous row")).to_be_visible()
    expect(here).to_be_hidden()
