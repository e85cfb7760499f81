"""The pages of bulk files: uploading, errors, asking, lines, downloads, and who sees what."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from panel.models import AuditEntry, ChangeRequest, Platform
from payments.bulk import views
from payments.bulk.check import check
from payments.models import BulkError, BulkFile, BulkItem
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import make_user
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.bulk.files import TO, csv_of, found, workbook_of
from tests.payments.test_commands import enabled_account
from tests.payments.test_pages import as_user, key_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with 1,000.00 USD."""
    return enabled_account(platform, name="Anna Kowalska")


def sent(client: Client, data: bytes = b"", name: str = "march.csv", **fields: str) -> str:
    """Upload, follow, and give the page."""
    form = {"method": "bank", **fields}
    if data:
        form["file"] = SimpleUploadedFile(name, data)  # type: ignore[assignment]
    answer = client.post(reverse("bulk_upload"), form, follow=True)
    return str(answer.content.decode())


def test_a_file_goes_from_upload_over_its_check_to_a_request(
    platform: Platform, cast: Cast, login: int
) -> None:
    client = as_user(cast.olga)
    page = sent(client, csv_of(f"{login},deposit,10,USD,a,", f"{login},withdrawal,5,USD,b,{TO}"))
    file = BulkFile.objects.get()
    assert (file.state, file.source, file.name) == ("ready", "csv", "march.csv")
    assert "2</span> lines, no error" in page or "2 lines, no error" in page
    assert file.sha256 in page
    entry = AuditEntry.objects.get(action="bulk file uploaded")
    assert entry.after is not None
    assert entry.after["sha256"] == file.sha256

    address = reverse("bulk_submit", args=(file.pk,))
    key = key_in(client.get(address).content.decode())
    form = {"key": key, "reason": "payday"}
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "1 deposit of 10.00 USD, 1 withdrawal of 5.00 USD" in preview
    assert "Submit 2 payments" in preview
    answers = [client.post(address, {**form, "step": "send"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    request = ChangeRequest.objects.get()
    assert answers[0]["Location"] == reverse("request_detail", args=(request.reference,))

    decision = as_user(cast.bob).get(answers[0]["Location"]).content.decode()
    for words in (file.sha256, "Anna Kowalska", "First lines", "All lines", "Approve"):
        assert words in decision
    assert reverse("bulk_lines", args=(file.pk,)) in decision


def test_errors_are_listed_with_line_and_column_and_all_of_them_are_in_a_file(
    platform: Platform, cast: Cast, login: int
) -> None:
    client = as_user(cast.olga)
    page = sent(client, csv_of("1,deposit,1.234,USD,=x,", f"{login},deposit,1,EUR,,"))
    assert "4 errors" in page.replace("</span>", "").replace('<span class="num">', "")
    assert "3 decimals" in page
    assert "Nothing was sent" in page
    file = BulkFile.objects.get()
    answer = client.get(reverse("bulk_errors", args=(file.pk,)))
    rows = list(csv.reader(io.StringIO(_text(answer).lstrip("\ufeff"))))
    assert [row[:2] for row in rows[1:]] == [
        ["2", "amount"],
        ["2", "reference"],
        ["2", "login"],
        ["3", "currency"],
    ]
    assert rows[2][2] == "'=x"
    broken = sent(client, b"\xff\xfe\x00")
    assert "Whole file" in broken or "UTF-16" in broken


def _text(answer: object) -> str:
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_workbooks_and_pasted_rows_come_the_same_way(
    platform: Platform, cast: Cast, login: int
) -> None:
    client = as_user(cast.olga)
    sent(client, workbook_of((login, "deposit", 10, "USD", "a", "")), name="march.bin")
    sent(client, rows=f"{login}\tdeposit\t11\tUSD\tb\t")
    states = BulkFile.objects.order_by("pk").values_list("source", "state", "name")
    assert list(states) == [("xlsx", "ready", "march.bin"), ("paste", "ready", "pasted rows")]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Choose a file, or paste rows."),
        ({"rows": "1", "data": b"x"}, "not both"),
        ({"rows": "1", "credit_expires": "2040-01-01"}, "MT4 knows no day after"),
        ({"rows": "1" * 200_001}, "at most 200000 characters"),
    ],
)
def test_a_form_that_cannot_be_taken_says_why(
    platform: Platform, cast: Cast, fields: dict[str, str], says: str
) -> None:
    assert says in sent(as_user(cast.olga), **fields)  # type: ignore[arg-type]
    assert not BulkFile.objects.exists()


def test_a_file_beyond_50_mib_is_refused_and_not_kept(
    platform: Platform, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.bulk.forms.UploadForm.most_bytes", 10)
    assert "larger than 50 MiB" in sent(as_user(cast.olga), b"x" * 11)
    monkeypatch.undo()
    monkeypatch.setattr("payments.bulk.store.MOST_BYTES", 10)
    assert "larger than 50 MiB" in sent(as_user(cast.olga), b"x" * 11)
    assert not BulkFile.objects.exists()


def test_a_large_file_is_checked_by_a_worker_and_its_page_says_so(
    platform: Platform, cast: Cast, login: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(views, "check_soon", asked.append)
    monkeypatch.setattr(views, "AT_ONCE", 10)
    page = sent(as_user(cast.olga), csv_of(f"{login},deposit,10,USD,a,"))
    file = BulkFile.objects.get()
    assert asked == [file.pk]
    assert "Being checked" in page
    assert "every 2s" in page
    check(file.pk)
    part = as_user(cast.olga).get(
        reverse("bulk_file", args=(file.pk,)), headers={"HX-Request": "true"}
    )
    assert "no error" in part.content.decode()
    assert "every 2s" not in part.content.decode()
    assert "<html" not in part.content.decode()


def test_a_file_is_seen_by_who_sees_all_its_accounts_and_by_who_uploaded_it(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform, group="real-std-eur")
    file = checked(cast.olga, f"{login},deposit,1,USD,,", f"{other},deposit,1,EUR,,")
    erik = make_user("Erik", "back-office", groups="real-std-eur")
    both = make_user("Bo", "back-office", groups="real-*")
    names = (
        "bulk_file",
        "bulk_lines",
        "bulk_result",
        "bulk_source",
        "bulk_errors",
        "bulk_progress",
    )

    def statuses(person: object) -> set[int]:
        client = as_user(person)  # type: ignore[arg-type]
        answers = [client.get(reverse(name, args=(file.pk,))) for name in names]
        for answer in answers:
            answer.close()
        return {answer.status_code for answer in answers}

    assert statuses(erik) == {404}
    assert statuses(both) == {200}
    assert "march.csv" not in as_user(erik).get(reverse("bulk_list")).content.decode()
    assert "march.csv" in as_user(cast.carol).get(reverse("bulk_list")).content.decode()
    BulkFile.objects.update(uploaded_by=erik)
    assert statuses(erik) == {200}


def test_a_file_with_errors_is_seen_by_who_sees_every_account_there_is(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,1,EUR,,", "1,deposit,1,USD,,")
    assert file.state == "has_errors"
    erik = make_user("Erik", "back-office", groups="real-std-eur")
    names = ("bulk_file", "bulk_errors", "bulk_source")
    for person, status in ((erik, 404), (cast.carol, 200), (cast.olga, 200)):
        for name in names:
            answer = as_user(person).get(reverse(name, args=(file.pk,)))
            answer.close()
            assert answer.status_code == status
    assert "march.csv" not in as_user(erik).get(reverse("bulk_list")).content.decode()


def test_lines_are_found_by_login_reference_and_state(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform, name="Bernd Brot")
    file = checked(cast.olga, f"{login},deposit,1,USD,AAA,", f"{other},deposit,2,USD,BBB,")
    file.items.filter(login=other).update(state=BulkItem.State.REJECTED, text="Not enough money")
    client = as_user(cast.olga)

    def listed(query: str) -> str:
        return client.get(f"{reverse('bulk_lines', args=(file.pk,))}?{query}").content.decode()

    for query in (f"q={login}", "q=aaa", "q=kowalska", "state=ready"):
        assert "AAA" in listed(query), query
        assert "BBB" not in listed(query), query
    assert "Not enough money" in listed("state=rejected")
    # What was rejected is no part of what is done or waits.
    foot = listed("").partition("<tfoot>")[2].partition("</tfoot>")[0]
    assert "Waiting in USD" in foot
    assert "1.00" in foot
    assert "3.00" not in foot


def running(cast: Cast, *lines: str) -> BulkFile:
    """A file whose lines the workers have."""
    file = checked(cast.olga, *lines)
    approve_as(cast.bob, submitted(cast.olga, file))
    carry_out(ChangeRequest.objects.get())
    file.refresh_from_db()
    return file


def test_a_running_file_shows_its_progress_and_can_be_stopped(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = running(cast, *[f"{login},deposit,{n},USD,{n}," for n in range(1, 5)])
    file.items.filter(line=2).update(state=BulkItem.State.DONE)
    file.items.filter(line=3).update(state=BulkItem.State.UNKNOWN)
    page = as_user(cast.carol).get(reverse("bulk_file", args=(file.pk,))).content.decode()
    assert "50 %" in page
    assert ">Stop<" not in page
    assert as_user(cast.carol).post(reverse("bulk_stop", args=(file.pk,))).status_code == 403
    client = as_user(cast.olga)
    for _ in range(2):
        client.post(reverse("bulk_stop", args=(file.pk,)))
        file.refresh_from_db()
        assert file.state == BulkFile.State.CANCELLING
    assert ChangeRequest.objects.filter(command="payments.bulk_stop").count() == 1
    assert file.items.filter(state=BulkItem.State.CANCELLED).count() == 2


def test_the_result_has_every_line_with_its_outcome_and_runs_no_formula(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = running(cast, f"{login},deposit,1,USD,a,hello", f"{login},deposit,2,USD,b,")
    first = file.items.get(line=2)
    file.items.filter(line=2).update(state="done", ticket=77, finished=timezone.now())
    file.items.filter(line=3).update(state="rejected", text="=HYPERLINK(1)")
    BulkFile.objects.update(state=BulkFile.State.FINISHED, finished=timezone.now())
    client = as_user(cast.olga)
    page = client.get(reverse("bulk_file", args=(file.pk,))).content.decode()
    assert "Result file" in page
    assert reverse("bulk_again", args=(file.pk,)) in page
    again = client.post(
        reverse("bulk_again", args=(file.pk,)), {"key": "k", "reason": "", "step": "send"}
    )
    asked = ChangeRequest.objects.get(command="payments.bulk_again")
    assert again["Location"] == reverse("request_detail", args=(asked.reference,))
    page = client.get(reverse("bulk_file", args=(file.pk,))).content.decode()
    assert asked.reference in page
    assert reverse("bulk_again", args=(file.pk,)) not in page

    answer = client.get(reverse("bulk_result", args=(file.pk,)))
    assert 'filename="march-result.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(_text(answer).lstrip("\ufeff"))))
    assert [row["outcome"] for row in rows] == ["done", "rejected"]
    assert (rows[0]["ticket"], rows[0]["reference_in_mt4"]) == ("77", first.reference)
    assert rows[1]["message"] == "'=HYPERLINK(1)"
    assert AuditEntry.objects.get(action="bulk result exported").object_text == "march.csv"


def test_the_template_is_a_file_that_can_be_uploaded(platform: Platform, cast: Cast) -> None:
    for form in ("csv", "xlsx"):
        answer = as_user(cast.olga).get(reverse("bulk_template", args=(form,)))
        entries, faults = found(answer.content)
        assert ([entry.kind for entry in entries], faults) == (["deposit", "withdrawal"], [])
        assert (entries[1].beneficiary, entries[1].destination[:7]) == ("Anna Kowalska", "DE89 37")


def test_a_ready_file_can_be_checked_again_and_a_submitted_one_cannot(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,1,USD,a,")
    client = as_user(cast.olga)
    client.post(reverse("bulk_check", args=(file.pk,)))
    file.refresh_from_db()
    assert (file.state, file.check_attempt) == (BulkFile.State.READY, 2)
    submitted(cast.olga, file)
    client.post(reverse("bulk_check", args=(file.pk,)))
    file.refresh_from_db()
    assert (file.state, file.check_attempt) == (BulkFile.State.SUBMITTED, 2)


def test_pages_cost_the_same_few_queries_for_3_and_3000_lines(
    platform: Platform, cast: Cast, login: int
) -> None:
    client = as_user(cast.olga)
    file = BulkFile.objects.create(
        platform=platform, name="x", sha256="0" * 64, size=1, source="csv", state="ready",
        uploaded_by=cast.olga, groups=["real-std-usd"], rows=3000, errors=0,
    )  # fmt: skip

    def cost(name: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse(name, args=(file.pk,))).status_code == 200
        return len(seen)

    def fill(start: int, end: int) -> None:
        BulkItem.objects.bulk_create(
            BulkItem(
                file=file, line=n, login=login, kind="deposit", amount=n, currency="USD",
                mt4_group="real-std-usd", reference=f"BD {n:08}",
            )
            for n in range(start, end)
        )  # fmt: skip

    empty = {name: cost(name) for name in ("bulk_file", "bulk_lines")}
    fill(1, 4)
    few = {name: cost(name) for name in empty}
    fill(4, 3001)
    assert {name: cost(name) for name in empty} == few
    assert max(few.values()) <= 22, few
    BulkError.objects.bulk_create(
        BulkError(file=file, line=n, column="amount", message="x") for n in range(3000)
    )
    BulkFile.objects.update(errors=3000, state="has_errors")
    page = client.get(reverse("bulk_file", args=(file.pk,))).content.decode()
    assert page.count("What is wrong</th>") == 1
    assert page.count('data-label="What is wrong"') == 200
