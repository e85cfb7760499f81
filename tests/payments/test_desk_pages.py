"""The desk's pages: what stands where, what each person is offered, and what the review shows."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from panel.commands.base import Invalid
from panel.models import AuditEntry, ChangeRequest, Platform, Status
from payments.commands import Deposit, Withdraw
from payments.desk.files import LARGEST, AttachFile, path_of
from payments.desk.notes import AddNote
from payments.models import Attachment, Note, Stage, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import make_user
from tests.pages.browsing import seen_on, text_of, version_on
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import asked, debited, do, hold, paid_out, stage
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"


def page_of(request: ChangeRequest) -> str:
    """The reviewer's page."""
    return reverse("withdrawal", args=(request.reference,))


def upload(client: Client, request: ChangeRequest, name: str, content: bytes) -> Any:
    """Attach a file on the page."""
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return client.post(page_of(request), {"step": "attach", "file": file})


def test_each_withdrawal_stands_under_its_tab_with_the_count(
    platform: Platform, cast: Cast
) -> None:
    waiting, held = asked(platform, cast), asked(platform, cast)
    hold(cast.bob, held)
    to_pay, paid = debited(platform, cast), paid_out(platform, cast)
    client = as_user(cast.carol)
    places = {"": waiting, "on-hold/": held, "to-pay/": to_pay, "done/": paid}
    for place, there in places.items():
        page = client.get(reverse("withdrawal_list") + place).content.decode()
        table = page.partition("<tbody>")[2]
        for request in places.values():
            assert (request.reference in table) is (request is there), (place, request)
        assert 'To decide <span class="ui-tab-count"><span class="num">1</span>' in page
    assert client.get(reverse("withdrawal_list") + "lunch/").status_code == 404


def test_the_oldest_stands_first_and_filters_narrow(platform: Platform, cast: Cast) -> None:
    first = asked(platform, cast, "30.00", method="card", beneficiary="Bea Bee")
    second = asked(platform, cast, "40.00")
    client = as_user(cast.bob)

    def listed(query: str = "") -> str:
        page = client.get(f"{reverse('withdrawal_list')}?{query}").content.decode()
        return page.partition("<tbody>")[2]

    page = listed()
    assert page.index(first.reference) < page.index(second.reference)
    for query in ("method=card", "amount_max=35", "q=bea", f"q={first.login}", "sort=asked&q=bee"):
        assert first.reference in listed(query), query
        assert second.reference not in listed(query), query
    assert first.reference not in listed("older=1")
    Withdrawal.objects.update(asked=timezone.now() - timedelta(hours=2))
    assert first.reference in listed("older=1")
    assert first.reference not in listed("mine=me")


def test_the_desk_asks_the_database_the_same_however_much_there_is(
    platform: Platform, cast: Cast
) -> None:
    client = as_user(cast.bob)

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    one, _ = asked(platform, cast), asked(platform, cast)
    carry_out(ask(cast.olga, make(Deposit, one.login or 0, "500.00")))
    client.get(page_of(one))
    desk, review = cost(reverse("withdrawal_list")), cost(page_of(one))
    for number in range(4):
        more = ask(cast.olga, make(Withdraw, one.login or 0, f"{number + 1}.00"))
        approve_as(cast.bob, more)
        carry_out(more)
        asked(platform, cast)
    assert cost(reverse("withdrawal_list")) == desk
    assert cost(page_of(one)) == review


def test_the_review_shows_what_a_decision_needs(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00", name="Anna Kowalska")
    carry_out(ask(cast.olga, make(Deposit, login, "60.00", method="card")))
    earlier = ask(cast.olga, make(Withdraw, login, "5.00", method="card"))
    approve_as(cast.bob, earlier)
    carry_out(earlier)
    request = ask(
        cast.olga, make(Withdraw, login, "80.00", method="bank", beneficiary="Zbigniew Nowak")
    )
    page = text_of(as_user(cast.bob).get(page_of(request)))
    for words in (
        "Balance 155.00 155.00 75.00",
        "Can be withdrawn 155.00",
        "The beneficiary is Zbigniew Nowak, the account belongs to Anna Kowalska.",
        "55.00 USD came by card and goes back there first.",
        "card 60.00 5.00 55.00",
        "24 h 60.00 5.00 55.00 2 waiting 0.00 80.00",
        "Deposit without trading: 60.00 USD",
        "None open",
        f"approved {earlier.reference}",
        "Payments of the last 90 days 2 others",
        "Approve 80.00 USD",
        "client asked",
    ):
        assert words in page, words


def test_compliance_approves_on_the_page_what_it_saw(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    client = as_user(cast.bob)
    page = client.get(page_of(request))
    assert 'data-key="a"' in page.content.decode()
    answer = client.post(page_of(request), {"step": "approve", "seen": "0" * 64})
    assert answer.status_code == 409
    assert "It changed while you looked" in answer.content.decode()
    client.post(page_of(request), {"step": "approve", "seen": seen_on(page)})
    assert stage(request) == Stage.DEBITING
    carry_out(ChangeRequest.objects.get(pk=request.pk))
    assert stage(request) == Stage.TO_PAY


def test_the_page_holds_releases_pays_and_marks_as_failed(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    checker, payer = as_user(cast.bob), as_user(cast.olga)
    held = {"step": "hold", "reason": "Waits for the client's documents.", "words": "Passport."}
    checker.post(page_of(request), held)
    shown = checker.get(page_of(request))
    page = shown.content.decode()
    assert "Waits for the client&#x27;s documents. Passport." in page
    assert re.search(r'value="approve"[^>]* disabled', page)
    approve = checker.post(page_of(request), {"step": "approve", "seen": seen_on(shown)})
    assert approve.status_code == 409
    checker.post(page_of(request), {"step": "release", "words": "They came."})
    seen = seen_on(checker.get(page_of(request)))
    checker.post(page_of(request), {"step": "approve", "seen": seen})
    carry_out(ChangeRequest.objects.get(pk=request.pk))
    none = payer.post(page_of(request), {"step": "pay", "provider_reference": ""})
    assert "Enter the provider" in none.content.decode()
    payer.post(page_of(request), {"step": "pay", "provider_reference": "SEPA-11"})
    assert stage(request) == Stage.PAID
    failed = {"step": "fail", "reason": "The provider cancelled it.", "words": ""}
    payer.post(page_of(request), failed)
    assert stage(request) == Stage.BOUNCED
    story = text_of(payer.get(page_of(request)))
    for words in ("Put on hold", "Released", "“They came.”", "Paid out", "Payout failed"):
        assert words in story, words


def test_with_mt4_away_the_page_shows_the_panels_own_books_and_nothing_can_be_approved(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    carry_out(ask(cast.olga, make(Deposit, request.login or 0, "60.00", method="card")))
    Platform.objects.update(authority="http://127.0.0.1:9", api_base="http://127.0.0.1:9")
    page = as_user(cast.bob).get(page_of(request))
    assert page.status_code == 200
    assert "Approving waits until it is back; rejecting does not." in text_of(page)
    assert "card 60.00 0.00 60.00" in text_of(page)
    assert re.search(r'value="approve"[^>]* disabled', page.content.decode())


def test_nobody_is_offered_what_they_may_not_do(platform: Platform, cast: Cast) -> None:
    waiting, to_pay = asked(platform, cast), debited(platform, cast)
    offers = {
        cast.bob: ('value="approve"', 'data-open-dialog="hold"', 'data-open-dialog="reject"'),
        cast.olga: ('data-open-dialog="pay"', f"{page_of(to_pay)}return/"),
    }
    everything = [offer for some in offers.values() for offer in some]
    for person in (cast.bob, cast.olga, cast.maya, cast.alice, cast.carol, cast.ada):
        client = as_user(person)
        pages = "".join(client.get(page_of(r)).content.decode() for r in (waiting, to_pay))
        for offer in everything:
            assert (offer in pages) is (offer in offers.get(person, ())), (person, offer)


def test_a_withdrawal_outside_the_scopes_is_not_there(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    client = as_user(make_user("Erik", "compliance", groups="real-std-eur"))
    assert client.get(page_of(request)).status_code == 404
    assert client.post(page_of(request), {"step": "approve"}).status_code == 404
    assert request.reference not in client.get(reverse("withdrawal_list")).content.decode()


def test_an_open_page_learns_what_others_do_and_asks_little(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    client = as_user(cast.bella)
    version = version_on(client.get(page_of(request)))
    headers = {"HX-Request": "true"}
    quiet = client.get(page_of(request), {"version": version}, headers=headers)
    assert quiet.status_code == 204
    hold(cast.bob, request, "Waits for papers.")
    changed = client.get(page_of(request), {"version": version}, headers=headers)
    assert "Waits for papers." in changed.content.decode()


def test_next_leads_to_the_next_one_to_decide(platform: Platform, cast: Cast) -> None:
    first, second = asked(platform, cast), asked(platform, cast)
    client = as_user(cast.bob)
    assert page_of(second) in client.get(page_of(first)).content.decode()
    seen = seen_on(client.get(page_of(first)))
    client.post(page_of(first), {"step": "approve", "seen": seen})
    assert page_of(second) in client.get(page_of(first)).content.decode()
    assert page_of(first) not in client.get(page_of(second)).content.decode().replace(
        f'action="{page_of(second)}"', ""
    )


def test_notes_are_written_once_and_stay(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    client = as_user(cast.maya)
    client.post(page_of(request), {"step": "note", "text": "Called the client.\r\nAll fine."})
    note = Note.objects.get()
    assert (note.text, note.author) == ("Called the client.\nAll fine.", cast.maya)
    assert "Called the client." in client.get(page_of(request)).content.decode()
    assert AuditEntry.objects.filter(action=f"request {AddNote.name}").exists()
    with pytest.raises(TypeError):
        note.save()
    with pytest.raises(TypeError):
        note.delete()
    for change in (
        lambda: Note.objects.update(text="Never."),
        lambda: Note.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    for person in (cast.carol, cast.alice, cast.ada):
        assert (
            as_user(person).post(page_of(request), {"step": "note", "text": "No."}).status_code
            == 409
        )


def test_a_file_is_looked_at_kept_apart_and_handed_out_as_a_file(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    client = as_user(cast.olga)
    assert upload(client, request, "../../Pass\u202eport.exe", PDF).status_code == 302
    row = Attachment.objects.get()
    assert (row.name, row.content_type, row.size) == (
        "Passport.exe.pdf",
        "application/pdf",
        len(PDF),
    )
    path = path_of(row.stored)
    assert path.read_bytes() == PDF
    assert path.stat().st_mode & 0o077 == 0
    assert row.name not in str(path)

    url = reverse("withdrawal_file", args=(request.reference, row.pk))
    answer = as_user(cast.carol).get(url)
    assert answer.getvalue() == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="Passport.exe.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="attachment downloaded")
    assert (entry.reference, entry.outcome) == (request.reference, "ok")
    assert row.sha256 in entry.detail
    assert "Carol" in entry.actor
    assert "attachment downloaded" not in text_of(client.get(page_of(request))).lower()

    for person in (cast.alice, cast.ada, cast.dave):
        assert as_user(person).get(url).status_code == 403
    erik = as_user(make_user("Erik", "compliance", groups="real-std-eur"))
    assert erik.get(url).status_code == 404
    other = reverse("withdrawal_file", args=(asked(platform, cast).reference, row.pk))
    assert client.get(other).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("photo.png", b"<html><script>alert(1)</script></html>", "Only PDF, PNG and JPEG"),
        ("movie.pdf", b"GIF89a\x01\x00\x01\x00\x00\x00\x00", "Only PDF, PNG and JPEG"),
        ("empty.pdf", b"", "empty"),
        ("huge.pdf", PDF + b"0" * LARGEST, "larger than 10 MiB"),
    ],
)
def test_what_is_no_document_is_refused_and_not_kept(
    platform: Platform, cast: Cast, name: str, content: bytes, says: str
) -> None:
    request = asked(platform, cast)
    answer = upload(as_user(cast.olga), request, name, content)
    assert answer.status_code == 409
    assert says in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_file_that_was_tampered_with_is_not_handed_out(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    client = as_user(cast.olga)
    upload(client, request, "photo.png", PNG)
    row = Attachment.objects.get()
    assert row.content_type == "image/png"
    url = reverse("withdrawal_file", args=(request.reference, row.pk))
    path_of(row.stored).write_bytes(PNG + b"more")
    assert client.get(url).status_code == 404
    path_of(row.stored).unlink()
    assert client.get(url).status_code == 404
    trouble = AuditEntry.objects.filter(action="attachment downloaded", outcome="failed")
    assert trouble.count() == 2


def test_only_a_file_that_was_looked_at_can_be_attached(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    for stored in ("../../etc/passwd", "0" * 32):
        command = AttachFile(
            withdrawal=request.reference,
            file_name="x.pdf",
            content_type="application/pdf",
            size=1,
            sha256="0" * 64,
            stored=stored,
        )
        with pytest.raises(Invalid, match="not there"):
            do(cast.olga, command)


def test_the_form_of_a_return_asks_why_and_shows_what_comes_back(
    platform: Platform, cast: Cast
) -> None:
    request = debited(platform, cast)
    client = as_user(cast.olga)
    url = reverse("withdrawal_return", args=(request.reference,))
    assert "The client cancelled the withdrawal." in client.get(url).content.decode()
    form = {"key": "k", "choice": "The client cancelled the withdrawal.", "words": "By mail."}
    page = text_of(client.post(url, {**form, "step": "preview"}))
    assert f"Return 80.00 USD of {request.reference}" in page
    assert "Balance 20.00 100.00" in page
    assert "needs compliance" in page
    empty = client.post(url, {**form, "choice": "", "step": "preview"})
    assert empty.status_code == 422
    answer = client.post(url, {**form, "step": "send"})
    back = ChangeRequest.objects.get(command="payments.return")
    assert answer["Location"] == reverse("request_detail", args=(back.reference,))
    assert back.reason == "The client cancelled the withdrawal. By mail."
    assert (back.amount, back.status) == (Decimal("80.00"), Status.PENDING)
    assert back.reference in client.get(page_of(request)).content.decode()
