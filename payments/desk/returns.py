"""Returning a withdrawal: what was debited and did not reach the client is credited back, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel import audit
from panel.access.actor import Actor
from panel.access.policy import Needed
from panel.commands.base import Check, Invalid
from panel.commands.registry import register
from panel.models import ChangeRequest, Status
from panel.ui.figures import money_text
from payments.desk.base import lock, withdrawal_of
from payments.desk.holding import BECAUSE
from payments.desk.separation import asked_for, why_not_pay
from payments.desk.stages import lead
from payments.effects import rises
from payments.models import Kind, Payment, Stage, Withdrawal
from payments.operation import MoneyCommand
from payments.payouts import guard
from payments.standing import Standing

if TYPE_CHECKING:
    from panel.access.actor import Actor as Person
    from panel.models import User
    from panel.mt4.read import Reader
    from payments.legs import Leg

NOTHING_CAME_OF_IT = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.FAILED)


def check_owed(row: Withdrawal, by: str) -> None:
    """Raise `Invalid` unless the withdrawal can go back now, or goes back by the request `by`."""
    if row.returned_by is not None and row.returned_by.reference == by:
        return
    match row.stage:
        case Stage.TO_PAY | Stage.BOUNCED:
            guard.check_free(row)
        case Stage.PAID:
            raise Invalid.of(f"{row} was paid out: mark its payout as failed first.")
        case Stage.RETURNING | Stage.RETURNED:
            raise Invalid.of(f"{row} is {row.get_stage_display()} already, by {row.returned_by}.")
        case _:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: nothing can go back.")


@register
@dataclass(frozen=True, kw_only=True)
class ReturnWithdrawal(MoneyCommand):
    """Credit a whole withdrawal back, as a record of its own that is linked to it.

    The withdrawal is taken in the request's own transaction, by conditional update, and the
    database allows one return of it that is alive or done: it never goes back twice. What was paid
    out goes back only after its payout was marked as failed.
    """

    name: ClassVar[str] = "payments.return"
    label: ClassVar[str] = "Return of a withdrawal"
    prefix: ClassVar[str] = "WR"
    permission: ClassVar[str] = "payments.payout"
    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    default_needed: ClassVar[Needed] = Needed(
        1, ("compliance",), "Compliance approves every return of a withdrawal."
    )
    reason_needed: ClassVar[bool] = True
    kind: ClassVar[Kind] = Kind.WITHDRAWAL_RETURN
    verb: ClassVar[str] = "Return"

    # The reference of what is returned, and why.
    withdrawal: str
    because: str

    @classmethod
    def of(cls, row: Withdrawal, because: str, comment: str = "") -> ReturnWithdrawal:
        """The return of a withdrawal, to the cent and to the account it came from."""
        payment = row.payment
        return cls(
            platform=row.platform.slug,
            login=payment.login,
            amount=payment.amount,
            method=payment.method,
            external_reference=row.provider_reference,
            comment=comment,
            withdrawal=payment.reference,
            because=because.strip(),
        )

    @property
    def returned(self) -> Withdrawal:
        """What is returned, as it stands now."""
        return withdrawal_of(self.withdrawal)

    def lock(self) -> None:
        """The withdrawal and its request."""
        lock(self.returned)

    def may_ask(self, person: User) -> str:
        """The way back is a step of the payout: it takes others than the withdrawal did."""
        row = self.returned
        return why_not_pay([row], person.pk).get(row.pk, "")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Nobody says yes to the return of what they asked for, or paid out themselves."""
        row = withdrawal_of(str(request.payload["withdrawal"]))
        if row.paid_by_id == person.pk:
            return "You paid this withdrawal out, so somebody else decides on its return."
        return asked_for(row, person.pk)

    def validate(self, reader: Reader | None, actor: Person | None) -> None:
        """The whole withdrawal, to its own account, and only while it is owed."""
        row = self.returned
        payment = row.payment
        same = (row.platform.slug, payment.login, payment.amount)
        if (self.platform, self.login, self.amount) != same:
            raise Invalid.of(f"{row} goes back whole, to the account it came from.")
        if not self.because:
            raise Invalid.of("Say why it goes back.", "because")
        if len(self.because) > BECAUSE:
            raise Invalid.of(f"Use at most {BECAUSE} characters.", "because")
        check_owed(row, self.request_reference)
        super().validate(reader, actor)

    def check_account(self, now: Standing) -> None:
        """In the currency in which it was debited."""
        currency = self.returned.payment.currency
        if now.currency != currency:
            raise Invalid.of(f"The account is in {now.currency} by now, it was debited {currency}.")

    def _opening(self, now: Standing) -> str:
        amount = money_text(self.amount, now.currency)
        return f"Return {amount} of {self.withdrawal} to {now.login} {now.name}"

    def _effect(self, now: Standing, then: Standing) -> str:
        return rises("balance", now.balance, then.balance, now.currency)

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """Where the money is instead."""
        yield from super().account_checks(now, then)
        row = self.returned
        if row.provider_reference:
            yield Check(
                "warn", f"It was with the provider as {row.provider_reference}; that failed."
            )
        else:
            yield Check("ok", "It was debited and never paid out.")

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """Linked to what it returns."""
        fields = super().row(leg, request, origin)
        return {**fields, "origin": self.returned.payment}

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """From now on nobody pays it out, and nobody else returns it."""
        row = withdrawal_of(request.payload["withdrawal"])
        # Locked by now: somebody else may have been first since it was validated.
        check_owed(row, request.reference)
        super().opened(request)
        by = Payment.objects.get(reference=request.reference)
        lead(row, [row.stage], Stage.RETURNING, returned_by=by, stage_before=row.stage)

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Once done it is returned for ever; if nothing came of it, it is owed as before."""
        super().moved(request)
        row = Withdrawal.objects.filter(returned_by__request=request, stage=Stage.RETURNING).first()
        if row is None:
            return
        if request.status == Status.DONE:
            lead(row, [Stage.RETURNING], Stage.RETURNED)
            audit.record(
                Actor.system(f"return {request.reference}"),
                "returned",
                source="worker",
                request=row.payment.request,
                reason=str(request.payload["because"]),
                detail=f"Credited back by {request.reference}.",
            )
        elif request.status in NOTHING_CAME_OF_IT:
            before = Stage(row.stage_before)
            lead(row, [Stage.RETURNING], before, returned_by=None, stage_before="")
