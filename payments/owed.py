"""What a request owes an account that it left half done: kept among the differences of the books.

A request of several legs can end with one taken and no other to balance it. Then both books agree
and are wrong alike, so no comparison would find it. It is written down in the transaction that
ends the request, as a `Difference` of the kind `owed` whose payment is the one that never came
about, and stands open until it is done by a correction of that payment, or explained by two people.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from panel.commands import notices
from panel.commands.base import Invalid, Leftover
from panel.models import ChangeRequest, Notice, Status
from panel.models.change import OPEN
from payments.models import Difference, Kind, Payment

# Who is told: they can see it and ask for what puts it right.
RIGHTS = frozenset({"reconciliation.view", "payments.correct"})


def open_owed() -> QuerySet[Difference]:
    """Everything that is owed now."""
    return Difference.objects.filter(kind=Difference.Kind.OWED, state=Difference.State.OPEN)


def write_down(payment: Payment, text: str) -> None:
    """The account is owed what this payment was to bring it. Call it where the request ends."""
    now = timezone.now()
    Difference.objects.update_or_create(
        platform_id=payment.platform_id,
        login=payment.login,
        key=payment.reference,
        defaults={
            "kind": Difference.Kind.OWED,
            "mt4_group": payment.mt4_group,
            "currency": payment.currency,
            "is_credit": Kind(payment.kind).is_credit,
            "payment": payment,
            "our_amount": payment.amount,
            "their_amount": None,
            "text": text[:300],
            "time": now,
            "last_seen": now,
            "state": Difference.State.OPEN,
        },
    )


def of_payment(payment: Payment) -> Difference | None:
    """What is owed because this payment never came about; None if nothing, or no longer."""
    return open_owed().filter(payment=payment).first()


def of_request(request: ChangeRequest) -> QuerySet[Difference]:
    """What is owed because of a request."""
    return open_owed().filter(payment__request=request)


def left_open(request: ChangeRequest) -> Leftover | None:
    """The same for the request's own page and its notices."""
    row = of_request(request).first()
    if row is None:
        return None
    return Leftover(
        Notice.Kind.OWED, row.text, reverse("difference_detail", args=(row.pk,)), RIGHTS
    )


def was_owed(payment: Payment) -> bool:
    """Whether this payment is one that should have come back, and did not."""
    return payment.kind == Kind.TRANSFER_RETURN and payment.status == Status.FAILED


def under_way(payment: Payment) -> ChangeRequest | None:
    """The request that would put it right and has not ended, if there is one."""
    rows = ChangeRequest.objects.filter(payments__origin=payment, status__in=OPEN)
    return rows.select_related("maker").first()


def check_free(payment: Payment, *, but: str = "") -> None:
    """Raise `Invalid` if another request than `but` (a reference) is about to put it right."""
    other = under_way(payment)
    if other is not None and other.reference != but:
        raise Invalid.of(f"{other} puts it right already, and is {other.get_status_display()}.")


def lock(platform: str, login: int, reference: str) -> None:
    """Lock what is owed for a payment, until this transaction ends."""
    rows = open_owed().select_for_update(of=("self",), no_key=True)
    rows.filter(platform__slug=platform, login=login, key=reference).first()


def settle(payment: Payment | None, to: Difference.State, by: ChangeRequest) -> None:
    """Close what is owed for a payment, if something is, and take the notices of it away."""
    if payment is None:
        return
    rows = open_owed().filter(payment=payment)
    if rows.update(state=to, explanation=by, last_seen=timezone.now()):
        notices.close(payment.request, Notice.Kind.OWED)
