"""The page of a payment: all that is known of it, its request, its legs, MT4's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse

from panel.commands import inbox
from panel.commands.votes import in_scope
from panel.models import Platform, Status
from panel.ui import story
from panel.ui.figures import money_text
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.views import PanelView
from payments import owed
from payments.adjustments import charged_back
from payments.conversion import paid_text, plain_number
from payments.models import Kind, MoneyMirror, Payment
from payments.queries import payments_of, records_of

# The payments of a file are not shown beside one of them.
LEGS = 10


@dataclass(frozen=True, slots=True)
class Linked:
    """Another payment, and what it is to this one."""

    what: str
    payment: Payment


class PaymentView(PanelView):
    """One payment."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/payment.html"

    @cached_property
    def payment(self) -> Payment:
        """The payment of the address; a 404 outside the person's scopes."""
        rows = payments_of(self.request.actor.person_or_fail()).select_related(
            "platform", "request__maker", "origin"
        )
        found = rows.filter(reference=self.kwargs["reference"]).first()
        if found is None:
            raise Http404("There is no such payment, or it is not yours to see.")
        return found

    def get_page_platform(self) -> Platform:
        """The payment's."""
        return self.payment.platform

    def get_title(self) -> str:
        """Kind and reference."""
        kind = self.payment.get_kind_display()
        return f"{kind[:1].upper()}{kind[1:]} {self.payment.reference}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return (Link("Payments", at(reverse("payment_list"), self.payment.platform)),)

    def get_more(self) -> Sequence[Link]:
        """What can follow from it."""
        payment, may = self.payment, self.request.actor.may
        links = []
        if payment.kind == Kind.WITHDRAWAL and hasattr(payment, "withdrawal"):
            address = reverse("withdrawal", args=(payment.reference,))
            links.append(Link("On the withdrawal desk", address, "clock"))
        if payment.status != Status.DONE:
            return links
        place = (payment.platform.slug, payment.login)
        if self.left and may("payments.chargeback"):
            address = reverse("payment_chargeback", args=place)
            links.append(Link("Charge back", f"{address}?deposit={payment.reference}", "replace"))
        if may("payments.correct"):
            address = reverse("payment_correction", args=place)
            links.append(Link("Correct", f"{address}?corrects={payment.reference}", "edit"))
        return links

    @cached_property
    def left(self) -> Decimal | None:
        """What of a deposit could still be charged back; None for anything else."""
        payment = self.payment
        if payment.kind != Kind.DEPOSIT or payment.status != Status.DONE:
            return None
        return payment.amount - charged_back(payment, but="", waiting=True)

    def linked(self) -> list[Linked]:
        """The other legs of its request, what it follows from and what followed from it."""
        seen = payments_of(self.request.actor.person_or_fail()).select_related("platform")
        payment = self.payment
        found = [
            Linked("same request", other)
            for other in seen.filter(request=payment.request).exclude(pk=payment.pk)[: LEGS + 1]
        ]
        if len(found) > LEGS:
            found = []
        told = {one.payment.pk for one in found}
        if payment.origin_id is not None and payment.origin_id not in told:
            origin = seen.filter(pk=payment.origin_id).first()
            found += [Linked("came before", origin)] if origin else []
        found += [
            Linked("came after", other)
            for other in seen.filter(origin=payment).order_by("created", "pk")
            if other.pk not in told
        ]
        return found

    def is_partly_hidden(self) -> bool:
        """Whether its request concerns an account that this person does not see."""
        return not in_scope(self.payment.request, self.request.actor.person_or_fail())

    def facts(self) -> list[story.Row]:
        """What changed hands, where it was in another currency or with a fee."""
        payment = self.payment
        if payment.paid_amount is None or payment.rate is None:
            return []
        rows = [story.Row("Paid", paid_text(payment.paid_amount, payment.paid_currency))]
        if payment.paid_currency != payment.currency:
            rate = f"{plain_number(payment.rate)} {payment.currency} for 1 {payment.paid_currency}"
            rows.append(story.Row("Rate", rate))
        if payment.fee:
            rows.append(story.Row("Fee", money_text(payment.fee, payment.currency)))
        return [*rows, story.Row("Booked", money_text(payment.amount, payment.currency))]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """Everything; the request and its story for those who may see requests."""
        payment, person = self.payment, self.request.actor.person_or_fail()
        change = inbox.visible_requests(person).filter(pk=payment.request_id).first()
        mirror = MoneyMirror.objects.filter(platform=payment.platform).first()
        records = records_of(person).filter(
            platform=payment.platform, login=payment.login, reference=payment.reference
        )
        return super().get_context(
            payment=payment,
            change=change,
            steps=story.timeline(change) if change else [],
            moved=story.read_again(change) if change else [],
            paid=self.facts(),
            left=self.left,
            linked=self.linked(),
            partly_hidden=self.is_partly_hidden(),
            owed=owed.of_request(payment.request)[:LEGS],
            records=list(records.order_by("ticket")),
            as_of=mirror.read_at if mirror else None,
            account_url=reverse("account_payments", args=(payment.platform.slug, payment.login)),
            **extra,
        )
