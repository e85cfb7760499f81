"""A payout batch in a browser: a kept beneficiary, the batch, its file, the provider's answer."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from panel.models import ChangeRequest
from payments.models import Beneficiary, PayoutBatch, Stage, Withdrawal
from tests.browser.conftest import Visitor
from tests.browser.test_every_page import DESK, ugly
from tests.harness.stack import Stack
from tests.payments.paying import paying_account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 20_000  # milliseconds for a worker to take something up and the page to show it
LOGIN = 100002


def send(page: Page, button: str) -> None:
    """Preview the form, and press the button that says what it does."""
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=re.compile(f"^{button}")).click()
    page.wait_for_url(re.compile(r"/(requests|batches)/[A-Z]{2}-"))


def approve(page: Page, stack: Stack, reference: str, place: str = "requests") -> None:
    """Approve a request on its page."""
    page.goto(f"{stack.url}/{place}/{reference.replace(' ', '-')}/")
    page.get_by_role("button", name=re.compile("^Approve")).first.click()
    page.locator("dialog#approve [data-confirms]").click()


def test_withdrawals_are_paid_by_a_batch_and_marked_by_the_answer(
    panel_stack: Stack, as_staff: Visitor, tmp_path: Path
) -> None:
    with panel_stack.connected():
        found = walk(panel_stack, as_staff, tmp_path / "answer.csv")
    assert not found, "\n".join(found)


def walk(stack: Stack, as_staff: Visitor, answer: Path) -> list[str]:
    """The whole way; what is ugly on its pages."""
    found: list[str] = []
    options = {"viewport": DESK, "reduced_motion": "reduce"}
    clerk = as_staff("ops", **options)
    clerk.goto(f"{stack.url}/payments/demo/{LOGIN}/beneficiaries/add/")
    clerk.get_by_label("IBAN", exact=False).first.fill("DE89 3704 0044 0532 0130 00")
    clerk.get_by_label("Why").fill("The client sent a statement.")
    found += ugly(clerk)
    send(clerk, "Keep beneficiary")
    manager = as_staff("manager", **options)
    approve(manager, stack, ChangeRequest.objects.latest("pk").reference)
    expect(manager.get_by_text("Approved NB").first).to_be_visible()
    found += ugly(manager)
    row = Beneficiary.objects.get(login=LOGIN)
    clerk.goto(f"{stack.url}/payments/account/demo/{LOGIN}/beneficiaries/")
    expect(clerk.get_by_text("DE89 3704 0044 0532 0130 00")).to_be_visible()
    found += ugly(clerk)
    Beneficiary.objects.filter(pk=row.pk).update(usable_from=timezone.now() - timedelta(hours=1))

    clerk.goto(f"{stack.url}/payments/demo/{LOGIN}/withdraw/")
    clerk.locator("[name=amount]").fill("25.00")
    clerk.locator("[name=kept]").select_option(str(row.pk))
    clerk.locator("[name=reason]").fill("The client asked.")
    found += ugly(clerk)
    send(clerk, "Withdraw 25.00")
    withdrawal = Withdrawal.objects.latest("pk")
    compliance = as_staff("compliance", **options)
    approve(compliance, stack, withdrawal.payment.reference, "payments/withdrawals")
    expect(compliance.locator("#review-state")).to_contain_text("to pay out", timeout=SLOW)
    expect(compliance.get_by_text("DE89 3704 0044 0532 0130 00")).to_be_visible()

    currency = withdrawal.payment.currency
    house = paying_account(name="House of the browser", currency=currency)
    # Olga asked for it: somebody else of the back office pays it.
    desk = as_staff("ops2", **options)
    desk.goto(f"{stack.url}/payments/withdrawals/to-pay/?q={withdrawal.payment.reference}")
    desk.locator("tbody input[type=checkbox]").first.check()
    found += ugly(desk)
    desk.get_by_role("button", name="Make a payout batch").click()
    expect(desk.get_by_text(withdrawal.payment.reference).first).to_be_visible()
    desk.get_by_label("Paid from").select_option(str(house.pk))
    found += ugly(desk)
    send(desk, "Make a batch of 25.00")
    batch = PayoutBatch.objects.get(account=house)
    found += ugly(desk)
    desk.get_by_role("button", name="Make the ISO 20022 file").click()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download the file").click()
    text = Path(download.value.path()).read_text()
    assert withdrawal.payment.reference in text
    assert download.value.suggested_filename.endswith(f"25.00-{currency}.xml")
    found += ugly(desk)

    answer.write_text(
        "reference,provider_reference,status\n"
        f"{withdrawal.payment.reference},BROWSER-1,paid\nWD 00000000,BROWSER-2,paid\n"
    )
    desk.get_by_role("link", name="Upload an answer").click()
    found += ugly(desk)
    desk.locator("[name=file]").set_input_files(answer)
    desk.get_by_role("button", name="Upload and look at it").click()
    expect(desk.get_by_text("has no payout of this reference")).to_be_visible()
    found += ugly(desk)
    desk.get_by_role("button", name="Write 1 outcome").click()
    expect(desk.get_by_text("Every outcome was written.")).to_be_visible()
    withdrawal.refresh_from_db()
    assert (withdrawal.stage, withdrawal.provider_reference) == (Stage.PAID, "BROWSER-1")
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.CLOSED
    return found
