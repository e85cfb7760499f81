"""Every page, for those who may open it: quiet, within its width, legible in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from panel.ui.states import STATES, state_html
from tests.browser.conftest import Visitor
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
TELEPHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}
# Where the sidebar does not lead, by role.
MORE = {
    "ops": (
        "me/",
        "sign/2fa/",
        "sign/2fa/totp/activate/",
        "sign/2fa/webauthn/add/",
        "sign/sessions/",
        "sign/password/change/",
        "accounts/demo/100001/",
        "accounts/demo/100001/changes/",
        "accounts/demo/open/",
        "accounts/demo/100001/access/",
        "trading/account/demo/100001/positions/",
        "trading/account/demo/100001/history/",
        "payments/account/demo/100001/",
        "payments/new/?q=a",
        "payments/files/new/",
        "payments/demo/100001/withdraw/",
        "payments/account/demo/100001/beneficiaries/",
        "payments/demo/100001/beneficiaries/add/",
        "payments/batches/add/",
        "payments/batches/accounts/",
        "payments/demo/100001/credit-in/",
        "payments/demo/100001/transfer/",
        "payments/demo/100001/correction/",
        "payments/demo/100001/chargeback/",
        "payments/demo/100001/negative-reset/",
        "accounts/?q=nobody-has-this-name",
    ),
    "dealer": (),
    "compliance": ("payments/demo/100001/stop/",),
    "manager": ("payments/reconciliation/run/", "payments/reconciliation/?state=explained"),
    "auditor": ("audit/1/",),
    "admin": (
        "staff/1/",
        "staff/invite/",
        "roles/add/",
        "policies/add/",
        "platforms/demo/",
        "platforms/demo/change/",
        "limits/add/",
        "payments/batches/accounts/add/",
        "payments/batches/rules/",
        "jobs/negative_reset/change/",
    ),
}


def faint_words(page: Page, width: int) -> list[str]:
    """Words with too little contrast, in light and dark."""
    found: list[str] = []
    for theme in ("light", "dark"):
        page.evaluate("t => document.documentElement.setAttribute('data-bs-theme', t)", theme)
        words = page.evaluate(CONTRAST)
        found += [f"{page.url}: {theme}, {width} px: {one}" for one in words]
    return found


def ugly(page: Page) -> list[str]:
    """What is wrong, on a telephone or at a desk: faint, too wide, or not one heading."""
    found: list[str] = []
    for size in (TELEPHONE, DESK):  # back at the desk for the next page
        page.set_viewport_size(size)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            found.append(f"{page.url}: {wide} px wide on {size['width']} px")
        found += faint_words(page, size["width"])
    headings = page.locator("h1").count()
    return found if headings == 1 else [*found, f"{page.url}: {headings} headings"]


@pytest.mark.parametrize("name", MORE)
def test_no_page_complains_scrolls_sideways_or_is_faint(
    panel_stack: Stack, as_staff: Visitor, name: str
) -> None:
    # Colours that are on their way to others would be measured in between.
    page = as_staff(name, viewport=DESK, reduced_motion="reduce")
    links = page.locator(".ui-nav a").evaluate_all("all => all.map(a => a.pathname.slice(1))")
    assert len(links) > 5
    found: list[str] = []
    for address in (*links, *MORE[name]):
        answer = page.goto(f"{panel_stack.url}/{address}")
        assert answer is not None
        assert answer.status == 200, address
        found += ugly(page)
    assert not found, "\n".join(found)


def test_states_notices_and_errors_are_legible(
    panel_stack: Stack, visitor: Visitor, as_staff: Visitor
) -> None:
    found: list[str] = []
    stranger = visitor(viewport=DESK, reduced_motion="reduce")
    for address in ("sign/login/", "sign/password/reset/"):
        stranger.goto(f"{panel_stack.url}/{address}")
        found += ugly(stranger)

    clerk = as_staff("ops", viewport=DESK, reduced_motion="reduce")
    for address in ("staff/", "no-such-page/"):
        clerk.goto(f"{panel_stack.url}/{address}")
        found += ugly(clerk)
    clerk.goto(f"{panel_stack.url}/payments/demo/100001/withdraw/")
    clerk.get_by_role("button", name="Preview").click()
    expect(clerk.locator(".ui-error")).to_be_visible()
    found += ugly(clerk)
    clerk.locator("[name=amount]").fill("1.50")
    clerk.get_by_role("button", name="Preview").click()
    expect(clerk.locator(".ui-sentence")).to_be_visible()
    levels = ("info", "success", "warning", "bad", "unknown")
    samples = [str(state_html(state)) for state in STATES]
    samples += [f'<p class="ui-notice ui-notice-{level}">{level}</p>' for level in levels]
    samples += ['<a class="btn btn-danger" href="/">Remove it</a>']
    clerk.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)",
        "".join(samples),
    )
    found += ugly(clerk)
    assert not found, "\n".join(found)
