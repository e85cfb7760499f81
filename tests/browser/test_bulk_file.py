"""A file of payments in a browser: errors, the fix, approval, a killed worker, the result."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account
from panel import audit
from panel.models import AuditEntry, ChangeRequest, Status
from panel.mt4.read import reader
from payments.models import BulkFile, BulkItem, Payment
from tests.chaos.conftest import demo
from tests.harness.browser import approve_by_keys, sign_in
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 90_000  # milliseconds for the workers to carry the file out
LINES, ACCOUNTS = 120, 24
HEADER = "login,kind,amount,currency,reference,comment"


def lines_for(logins: list[int]) -> list[str]:
    """Five deposits for each account, every one with another amount and reference."""
    return [
        f"{logins[number % ACCOUNTS]},deposit,{number + 1}.{number % 100:02},USD,PAY-{number},bonus"
        for number in range(LINES)
    ]


def upload(page: Page, lines: list[str]) -> None:
    """Choose the file and have it checked."""
    content = "\n".join([HEADER, *lines, ""]).encode()
    page.locator("input[type=file]").set_input_files(
        {"name": "payday.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_url(re.compile(r"/payments/files/\d+/$"))


def test_a_file_with_errors_is_mended_approved_and_carried_out_though_a_worker_dies(
    browser: Browser, make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = make_stack(workers=2, database="postgres", broker="redis")

    def person(name: str) -> Page:
        page = browser.new_context(accept_downloads=True).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        sign_in(page, stack.url, name)
        return page

    with stack.connected():
        rows = Account.objects.filter(currency="USD", enabled=True, login__gt=100_000)
        logins = list(rows.order_by("login").values_list("login", flat=True)[:ACCOUNTS])
        before = {login: reader(demo().connection).account(login).balance for login in logins}
    assert len(logins) == ACCOUNTS
    good = lines_for(logins)

    # The clerk uploads a file with errors; each is named, and nothing is sent.
    clerk = person("ops")
    clerk.goto(f"{stack.url}/payments/files/")
    clerk.get_by_role("link", name="Upload a file").first.click()
    bad = [*good]
    bad[3] = bad[3].replace(",deposit,", ",gift,")
    bad[7] = f"{logins[7]},deposit,1.234,USD,PAY-7,"
    bad[9] = f"{logins[9]},deposit,10,JPY,=1+1,"
    upload(clerk, bad)
    errors = clerk.locator(".ui-file-errors tbody tr")
    expect(errors).to_have_count(4)
    for number, place in enumerate(["5 kind", "9 amount", "11 reference", "11 currency"]):
        for words in place.split():
            expect(errors.nth(number)).to_contain_text(words)
    expect(clerk.locator("main")).to_contain_text("Nothing was sent")

    # Mended, it is asked for by keyboard; its maker has no button to approve it.
    clerk.keyboard.press("u")
    clerk.wait_for_url(re.compile("/payments/files/new/"))
    upload(clerk, good)
    expect(clerk.locator("main")).to_contain_text("no error")
    file_page = clerk.url
    clerk.keyboard.press("s")
    clerk.wait_for_url(re.compile("/submit/"))
    clerk.locator("[name=reason]").fill("Monthly bonus.")
    clerk.get_by_role("button", name="Preview").click()
    clerk.get_by_role("button", name=f"Submit {LINES} payments").click()
    clerk.wait_for_url(re.compile("/requests/"))
    expect(clerk.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)

    # A second person sees sums, digest and lines, and approves the file as a whole.
    with stack.connected():
        file = BulkFile.objects.get(state=BulkFile.State.SUBMITTED)
        request = ChangeRequest.objects.get(bulk_file=file)
    stack.sandbox.fault("delay", "TradeTransaction", seconds=0.4)
    checker = person("compliance")
    checker.goto(f"{stack.url}/approvals/")
    checker.get_by_role("link", name=request.reference).first.click()
    main = checker.locator("main")
    for words in (file.sha256, "First lines", "Monthly bonus.", str(logins[0])):
        expect(main).to_contain_text(words)
    approve_by_keys(checker)

    # In the middle one of the two workers is killed; the other one brings the file to its end.
    clerk.goto(file_page)
    sending = BulkItem.objects.filter(file=file, state=BulkItem.State.SENDING)
    with stack.connected():
        wait_until(sending.exists, 60, "lines on their way")
        token = sending.values_list("worker", flat=True)[0]
        # Some of its lines are booked by now, and no outcome of them is written yet.
        time.sleep(0.7)
        session = os.getsid(int(token.split(":")[1]))
        next(worker for worker in stack.workers if worker.pid == session).kill()
        assert sending.filter(worker=token).exists()
    stack.sandbox.clear_faults()
    result = clerk.get_by_role("link", name=re.compile("Result file"))
    expect(result.first).to_be_visible(timeout=SLOW)
    expect(clerk.locator("main")).to_contain_text("100 %")
    expect(clerk.locator("main")).not_to_contain_text("still being read", timeout=SLOW)

    # The result file has every line, done, with its ticket.
    with clerk.expect_download() as download:
        clerk.keyboard.press("d")
    path = tmp_path / "result.csv"
    download.value.save_as(path)
    told = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert [row["line"] for row in told] == [str(line) for line in range(2, LINES + 2)]
    assert {row["outcome"] for row in told} == {"done"}
    assert all(row["ticket"].isdecimal() for row in told)

    # MT4 has each line once, the books and the log agree.
    with stack.connected():
        request.refresh_from_db()
        assert request.status == Status.DONE
        expected = {login: Decimal(0) for login in logins}
        for row in told:
            expected[int(row["login"])] += Decimal(row["amount"])
        live = reader(demo().connection)
        seen: Counter[str] = Counter()
        for login in logins:
            assert live.account(login).balance == before[login] + expected[login]
            seen.update(record.comment[:11] for record in live.history(login))
        assert {seen[row["reference_in_mt4"]] for row in told} == {1}
        references = [row["reference_in_mt4"] for row in told]
        assert Payment.objects.filter(reference__in=references, status=Status.DONE).count() == LINES
        assert AuditEntry.objects.filter(action="bulk result exported").count() == 1
        assert audit.verify() is None
