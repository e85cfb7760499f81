"""Attachments of payments that are no withdrawals: the same rights, scopes and looks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from panel.models import AuditEntry, ChangeRequest, Platform
from payments.commands import Deposit
from payments.models import Attachment
from tests.core.conftest import Cast
from tests.core.money import carry_out
from tests.factories import make_user
from tests.pages.browsing import text_of
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk_pages import PDF
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)


def deposit(platform: Platform, cast: Cast) -> ChangeRequest:
    """A deposit that is done."""
    login = enabled_account(platform, "100.00")
    return carry_out(ask(cast.olga, make(Deposit, login, "20.00", method="card")))


def page_of(request: ChangeRequest) -> str:
    """The payment's page."""
    return reverse("payment_detail", args=(request.reference,))


def upload(client: Client, request: ChangeRequest, name: str, content: bytes) -> Any:
    """Attach a file on the page."""
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return client.post(page_of(request), {"step": "attach", "file": file})


def test_a_file_is_put_with_a_deposit_and_handed_out_by_right_and_scope(
    platform: Platform, cast: Cast
) -> None:
    request = deposit(platform, cast)
    client = as_user(cast.olga)
    assert 'data-open-dialog="attach"' in client.get(page_of(request)).content.decode()
    assert upload(client, request, "../Sta\u202etement.exe", PDF).status_code == 302
    row = Attachment.objects.get()
    assert (row.name, row.payment.reference) == ("Statement.exe.pdf", request.reference)
    assert "Statement.exe.pdf" in text_of(client.get(page_of(request)))
    url = reverse("payment_file", args=(request.reference, row.pk))
    answer = as_user(cast.carol).get(url)
    assert answer.getvalue() == PDF
    assert "attachment;" in answer["Content-Disposition"]
    entry = AuditEntry.objects.get(action="attachment downloaded")
    assert (entry.reference, entry.outcome) == (request.reference, "ok")

    # Who may not read papers sees that there are some; out of scope there is no payment at all.
    assert as_user(cast.alice).get(url).status_code == 403
    assert url not in as_user(cast.alice).get(page_of(request)).content.decode()
    far = as_user(make_user("Erik", "compliance", groups="real-std-eur"))
    assert far.get(url).status_code == 404
    assert upload(far, request, "x.pdf", PDF).status_code == 404
    assert upload(as_user(cast.alice), request, "x.pdf", PDF).status_code == 403
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("photo.png", b"<html><script>alert(1)</script></html>", "Only PDF, PNG and JPEG"),
        ("empty.pdf", b"", "empty"),
    ],
)
def test_what_is_no_document_is_refused_beside_the_page(
    platform: Platform, cast: Cast, name: str, content: bytes, says: str
) -> None:
    request = deposit(platform, cast)
    answer = upload(as_user(cast.olga), request, name, content)
    assert answer.status_code == 422
    assert says in text_of(answer)
    none = as_user(cast.olga).post(page_of(request), {"step": "attach"})
    assert "Choose a file first." in text_of(none)
    assert not Attachment.objects.exists()
