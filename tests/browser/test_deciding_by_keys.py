"""Deciding by keyboard: a letter alone carries nothing out, on no page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from panel.models import Approval, ChangeRequest, Status
from tests.browser.conftest import Visitor
from tests.browser.test_every_page import DESK, ugly
from tests.browser.test_withdrawal_desk import ask, open_at_desk
from tests.harness.browser import approve_by_keys
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SENT = """() => {
  window.sent = [];
  document.addEventListener('submit', (event) => {
    if (event.target.method === 'dialog') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    window.sent.push(event.target.id || event.target.action);
  }, true);
}"""


def status_of(stack: Stack, reference: str) -> str:
    """Where the request stands in the database."""
    with stack.connected():
        return ChangeRequest.objects.get(reference=reference).status


def own_page(page: Page, stack: Stack, reference: str) -> None:
    """The request's own page, which is not the desk's."""
    page.goto(f"{stack.url}/requests/{reference.replace(' ', '-')}/")
    page.locator("[data-key=a]:enabled").wait_for()


@pytest.mark.parametrize("place", ["desk", "request"])
def test_a_opens_a_dialog_with_the_figures_and_enter_sends(
    panel_stack: Stack, as_staff: Visitor, place: str
) -> None:
    reference = ask(as_staff("ops"), panel_stack, "12.30")
    page = as_staff("compliance", viewport=DESK, reduced_motion="reduce")
    if place == "desk":
        open_at_desk(page, panel_stack, "To decide", reference)
    else:
        own_page(page, panel_stack, reference)
    box = page.locator("dialog#approve")
    opener = page.locator("[data-key=a]")
    expect(box).to_be_hidden()

    page.keyboard.press("a")
    expect(box).to_be_visible()
    expect(box).to_contain_text("Withdraw 12.30 USD from")
    expect(box.get_by_role("row", name=re.compile("^Balance"))).to_be_visible()
    send = box.get_by_role("button", name="Approve 12.30 USD")
    expect(send).to_be_focused()
    assert not ugly(page)
    page.keyboard.press("a")  # the same stray letter again changes nothing
    page.wait_for_timeout(2_500)  # longer than the page's poll
    assert status_of(panel_stack, reference) == Status.PENDING

    # Escape closes it, from the note as well, and the focus goes back.
    box.get_by_label("Note").fill("Called the client.")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(opener).to_be_focused()
    assert status_of(panel_stack, reference) == Status.PENDING

    page.keyboard.press("a")
    expect(send).to_be_focused()
    expect(box.get_by_label("Note")).to_have_value("Called the client.")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("“Called the client.”", timeout=20_000)
    with panel_stack.connected():
        approval = Approval.objects.get(request__reference=reference)
        assert (approval.decision, approval.reason) == ("approve", "Called the client.")


def test_enter_in_the_note_sends_too(panel_stack: Stack, as_staff: Visitor) -> None:
    reference = ask(as_staff("ops"), panel_stack, "1.31")
    page = as_staff("compliance")
    open_at_desk(page, panel_stack, "To decide", reference)
    approve_by_keys(page, "Seen.")
    expect(page.locator("main")).to_contain_text("“Seen.”", timeout=20_000)


def test_the_enter_or_click_that_opened_the_dialog_does_not_confirm_it(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    reference = ask(as_staff("ops"), panel_stack, "1.32")
    page = as_staff("compliance")
    own_page(page, panel_stack, reference)
    page.locator("[data-key=a]").focus()
    for _ in range(4):  # held down: it repeats
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    box = page.locator("dialog#approve")
    expect(box).to_be_visible()
    page.evaluate(
        """() => document.querySelector('dialog#approve [data-confirms]').dispatchEvent(
          new MouseEvent('click', {bubbles: true, cancelable: true, detail: 2}))"""
    )
    page.wait_for_timeout(1_000)
    expect(box).to_be_visible()
    assert status_of(panel_stack, reference) == Status.PENDING


def test_without_javascript_the_button_sends_its_form(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    reference = ask(as_staff("ops"), panel_stack, "1.33")
    page = as_staff("compliance")
    state = page.context.storage_state()
    browser = page.context.browser
    assert browser
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{panel_stack.url}/requests/{reference.replace(' ', '-')}/")
    plain.get_by_role("button", name=re.compile("^Approve 1.33")).click()
    expect(plain.locator("main")).to_contain_text(f"Approved {reference}.")
    context.close()
    assert status_of(panel_stack, reference) != Status.PENDING


PAGES = (
    ("compliance", "/"),
    ("compliance", "/approvals/"),
    ("compliance", "/payments/withdrawals/"),
    ("ops", "/payments/"),
    ("ops", "/accounts/"),
    ("ops", "/payments/files/"),
    ("admin", "/policies/"),
)


def test_no_letter_sends_a_form_on_any_page(panel_stack: Stack, as_staff: Visitor) -> None:
    reference = ask(as_staff("ops"), panel_stack, "1.34")
    slug = reference.replace(" ", "-")
    deciding = ((f"/requests/{slug}/"), (f"/payments/withdrawals/{slug}/"))
    for name, path in (*PAGES, *(("compliance", path) for path in deciding)):
        page = as_staff(name)
        page.goto(f"{panel_stack.url}{path}")
        page.evaluate(SENT)
        # Links only lead elsewhere.
        leads = page.eval_on_selector_all(
            "a[data-key]", "links => links.flatMap(link => link.dataset.key.split(' '))"
        )
        for letter in LETTERS + LETTERS.upper():
            if letter not in leads:
                page.keyboard.press(letter)
                page.keyboard.press("Escape")
        assert page.evaluate("window.sent") == [], path
    assert status_of(panel_stack, reference) == Status.PENDING


def test_a_key_on_a_button_that_sends_only_leads_there(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    page = as_staff("ops")
    page.goto(f"{panel_stack.url}/me/")
    page.evaluate(SENT)
    page.evaluate(
        """() => document.querySelector('main').insertAdjacentHTML('beforeend',
          '<form method="post" id="gone"><button data-key="q">Pay</button></form>')"""
    )
    page.keyboard.press("q")
    expect(page.get_by_role("button", name="Pay")).to_be_focused()
    assert page.evaluate("window.sent") == []


def test_every_key_in_the_templates_opens_leads_or_asks() -> None:
    """A button that sends has a key only together with a dialog that asks first."""
    found = 0
    for template in Path("templates").rglob("*.html"):
        for tag in re.findall(r"<(?:button|input|a)\b[^>]*data-key=[^>]*>", template.read_text()):
            found += 1
            safe = tag.startswith("<a ") or 'type="button"' in tag or 'type="search"' in tag
            assert safe or "data-open-dialog" in tag, f"{template}: {tag}"
    assert found > 10
