"""The withdrawal desk in a browser: from the request to the payout, and another one's way back."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from panel import audit
from panel.models import AuditEntry, ChangeRequest
from panel.mt4.read import reader
from payments.books import books
from payments.models import Attachment, Stage, Withdrawal
from tests.browser.conftest import Visitor
from tests.browser.test_every_page import DESK, ugly
from tests.chaos.conftest import demo, records_of
from tests.harness.browser import approve_by_keys
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 20_000  # milliseconds for a worker to take something up and the page to show it
LOGIN = 100001
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"


def ask(clerk: Page, stack: Stack, amount: str) -> str:
    """Ask for a withdrawal by its form; its reference."""
    clerk.goto(f"{stack.url}/payments/demo/{LOGIN}/withdraw/")
    clerk.locator("[name=amount]").fill(amount)
    clerk.locator("[name=reason]").fill("The client asked by e-mail.")
    clerk.get_by_role("button", name="Preview").click()
    clerk.get_by_role("button", name=re.compile("^Withdraw ")).click()
    clerk.wait_for_url(re.compile("/requests/"))
    found = re.search(r"/requests/([A-Z]{2})-([0-9A-Z]{8})/", clerk.url)
    assert found, clerk.url
    return f"{found[1]} {found[2]}"


def open_at_desk(page: Page, stack: Stack, tab: str, reference: str) -> None:
    """Find a withdrawal under a tab of the desk and open it."""
    page.goto(f"{stack.url}/payments/withdrawals/")
    page.get_by_role("navigation", name="Stages").get_by_role(
        "link", name=re.compile(f"^{tab} ")
    ).click()
    page.get_by_role("link", name=reference).first.click()
    page.wait_for_url(re.compile("/withdrawals/WD-"))


def expect_stage(page: Page, word: str) -> None:
    """The open page says where it stands, by itself and without a reload."""
    expect(page.locator("#review-state")).to_contain_text(word, timeout=SLOW)


def choose(page: Page, dialog: str, reason: str, words: str = "") -> None:
    """Fill a dialog of reasons, which a key has opened, and send it."""
    box = page.locator(f"dialog#{dialog}")
    expect(box).to_be_visible()
    box.get_by_label("Reason", exact=True).select_option(reason)
    if words:
        box.get_by_label("In your words").fill(words)
    box.locator("button.btn-primary, button.btn-danger").click()


def test_a_withdrawal_from_the_request_over_a_hold_to_the_payout(
    panel_stack: Stack, as_staff: Visitor, tmp_path: Path
) -> None:
    clerk = as_staff("ops")
    checker = as_staff("compliance", viewport=DESK, reduced_motion="reduce")
    reference = ask(clerk, panel_stack, "40.00")

    # Compliance opens it on the desk and puts it on hold: it cannot be approved.
    open_at_desk(checker, panel_stack, "To decide", reference)
    expect(checker.locator("main")).to_contain_text("is the account’s owner")
    expect(checker.locator("main")).to_contain_text("Open positions")
    assert not ugly(checker)
    checker.keyboard.press("h")
    choose(checker, "hold", "Waits for the client's documents.", "Passport.")
    expect_stage(checker, "on hold")
    approve = checker.get_by_role("button", name=re.compile("^Approve 40.00"))
    expect(approve).to_be_disabled()
    expect(checker.locator("main")).to_contain_text("Passport.")

    # The clerk finds it there, attaches what was missing, and writes a note.
    open_at_desk(clerk, panel_stack, "On hold", reference)
    clerk.get_by_role("button", name="Attach a file").click()
    passport = tmp_path / "passport.pdf"
    passport.write_bytes(PDF)
    clerk.locator("#attach-file").set_input_files(passport)
    clerk.get_by_role("button", name="Attach file", exact=True).click()
    expect(clerk.locator("main")).to_contain_text("passport.pdf")
    clerk.keyboard.press("m")
    clerk.get_by_label("Note", exact=True).fill("The passport came by post.")
    clerk.get_by_role("button", name="Add note", exact=True).click()
    expect(clerk.locator("main")).to_contain_text("The passport came by post.")

    # Compliance sees both without a reload, reads the file, releases it and approves by keyboard.
    expect(checker.locator("main")).to_contain_text("The passport came by post.", timeout=SLOW)
    with checker.expect_download() as download:
        checker.get_by_role("link", name="passport.pdf").click()
    assert download.value.path().read_bytes() == PDF
    checker.keyboard.press("h")
    checker.get_by_role("button", name=f"Release {reference}").click()
    expect_stage(checker, "waiting")
    approve_by_keys(checker)
    expect_stage(checker, "to pay out")
    expect(checker.get_by_role("button", name="Paid out")).to_have_count(0)

    # Whoever asked for it does not pay it out; a colleague does, under the provider's reference.
    open_at_desk(clerk, panel_stack, "To pay out", reference)
    expect(clerk.locator("main")).to_contain_text("so somebody else pays it out")
    expect(clerk.get_by_role("button", name="Paid out")).to_have_count(0)
    payer = as_staff("ops2")
    open_at_desk(payer, panel_stack, "To pay out", reference)
    payer.keyboard.press("p")
    payer.get_by_label("Provider’s reference").fill("SEPA-7781")
    payer.get_by_role("button", name="Mark 40.00 USD as paid out").click()
    expect_stage(payer, "paid out")
    expect_stage(checker, "paid out")
    assert not ugly(checker)

    with panel_stack.connected():
        row = Withdrawal.objects.get(payment__reference=reference)
        assert (row.stage, row.provider_reference) == (Stage.PAID, "SEPA-7781")
        request = ChangeRequest.objects.get(reference=reference)
        assert [record.profit for record in records_of(request)] == [Decimal("-40.00")]
        assert Attachment.objects.get(payment=row.payment).size == len(PDF)
        steps = AuditEntry.objects.filter(reference=reference).order_by("seq")
        assert [entry.action for entry in steps] == [
            "request payments.withdraw",
            "put on hold",
            "attachment downloaded",
            "released",
            "request approved",
            "request executing",
            "request done",
            "paid out",
        ]
        assert audit.verify() is None


def test_a_payout_that_fails_goes_back_to_the_account_once(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    clerk, checker = as_staff("ops"), as_staff("compliance")
    with panel_stack.connected():
        balance = reader(demo().connection).account(LOGIN).balance
    reference = ask(clerk, panel_stack, "30.00")
    open_at_desk(checker, panel_stack, "To decide", reference)
    approve_by_keys(checker)
    expect_stage(checker, "to pay out")
    payer = as_staff("ops2")
    open_at_desk(payer, panel_stack, "To pay out", reference)
    payer.keyboard.press("p")
    payer.get_by_label("Provider’s reference").fill("SEPA-7782")
    payer.get_by_role("button", name="Mark 30.00 USD as paid out").click()
    expect_stage(payer, "paid out")
    expect(payer.get_by_role("link", name="Return to the account")).to_have_count(0)

    # Only what the provider did not deliver can go back.
    payer.keyboard.press("f")
    choose(payer, "fail", "The beneficiary's bank refused it.")
    expect_stage(payer, "payout failed")
    payer.get_by_role("link", name="Return to the account").click()
    payer.get_by_label("Reason").select_option(
        "The payout failed and the client wants it back on the account."
    )
    payer.get_by_role("button", name="Preview").click()
    expect(payer.locator("main")).to_contain_text(f"Return 30.00 USD of {reference}")
    payer.get_by_role("button", name="Return 30.00 USD").click()
    payer.wait_for_url(re.compile("/requests/WR-"))
    expect_stage(checker, "being returned")

    # Compliance approves the return from its inbox; MT4 credits it back.
    checker.get_by_role("link", name=re.compile("^WR ")).first.click()
    checker.wait_for_url(re.compile("/requests/WR-"))
    expect(checker.get_by_role("button", name=re.compile("^Approve 30.00"))).to_be_enabled()
    approve_by_keys(checker)
    expect(checker.locator("#request-state")).to_contain_text("done", timeout=SLOW)
    open_at_desk(clerk, panel_stack, "Returned", reference)
    expect(clerk.locator("main")).to_contain_text("Credited back by WR")
    with panel_stack.connected():
        row = Withdrawal.objects.get(payment__reference=reference)
        assert row.stage == Stage.RETURNED
        assert row.returned_by is not None
        assert reader(demo().connection).account(LOGIN).balance == balance
        assert books(demo(), LOGIN).agree


def test_n_leads_through_what_waits_and_a_reason_of_ones_own_is_kept(
    panel_stack: Stack, as_staff: Visitor
) -> None:
    clerk, checker = as_staff("ops"), as_staff("compliance")
    first, second = ask(clerk, panel_stack, "1.10"), ask(clerk, panel_stack, "1.20")
    open_at_desk(checker, panel_stack, "To decide", first)
    checker.keyboard.press("r")
    box = checker.locator("dialog#reject")
    box.get_by_label("Reason", exact=True).select_option("Another reason")
    box.get_by_label("In your words").fill("The wallet is not the client's.")
    box.get_by_label("Offer these words").check()
    box.locator("button.btn-danger").click()
    expect_stage(checker, "rejected")
    checker.keyboard.press("n")
    checker.wait_for_url(re.compile(second.replace(" ", "-")))
    checker.keyboard.press("r")
    choose(checker, "reject", "The wallet is not the client's.")
    expect_stage(checker, "rejected")
