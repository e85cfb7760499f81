"""Explaining a difference: one person says what it is, another one confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.policy import Needed
from panel.commands import notices
from panel.commands.base import Change, Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from panel.commands.settle import hands
from panel.models import ChangeRequest, Notice, Platform, Status
from panel.ui.figures import money_text
from payments import owed
from payments.models import Difference, Payment
from payments.reconciliation.tables import what_differs

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import User
    from panel.mt4.read import Reader

State = Difference.State


@register
@dataclass(frozen=True, kw_only=True)
class ExplainDifference(PanelCommand):
    """Say why the books differ in one place, and by which payment it was put right, if by one."""

    name: ClassVar[str] = "payments.explain"
    label: ClassVar[str] = "Explanation of a difference"
    prefix: ClassVar[str] = "XD"
    permission: ClassVar[str] = "reconciliation.explain"
    approve_permission: ClassVar[str] = "reconciliation.approve"
    risk: ClassVar[Risk] = Risk.CRITICAL
    form_url: ClassVar[str | None] = "difference_explain"
    default_needed: ClassVar[Needed] = Needed(1, (), "A second person confirms every explanation.")

    difference: int
    finding: str
    # The reference of the payment that puts it right; empty where nothing had to be.
    correction: str = ""

    def row(self) -> Difference:
        """The difference; raises `Invalid` if there is none."""
        found = (
            Difference.objects.select_related("platform", "payment__request")
            .filter(pk=self.difference)
            .first()
        )
        if found is None:
            raise Invalid.of("There is no such difference.")
        return found

    def get_platform(self) -> Platform | None:
        """The platform whose books they are, so that scopes hold; it is not asked anything."""
        return self.row().platform

    def target(self, reader: Reader | None) -> Target:
        """The difference, on its account."""
        row = self.row()
        text = f"{what_differs(row).capitalize()}: {row.key} on {row.login}"
        return Target("difference", str(row.pk), text, row.login, row.mt4_group, row.currency)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what is open, in words, by somebody who had no hand in the payment."""
        row = self.row()
        if row.state != State.OPEN:
            raise Invalid.of(f"It is already {row.get_state_display()}.")
        if len(self.finding.strip()) < 10:
            raise Invalid.of("Say what happened, and how you know.", "finding")
        if self.correction:
            self._check_correction(row)
        _check_free(row)
        if actor and actor.user and actor.user.pk in _hands(row):
            raise Invalid.of("You made or decided on this payment, so somebody else explains it.")

    def _check_correction(self, row: Difference) -> None:
        payment = Payment.objects.filter(platform=row.platform, reference=self.correction).first()
        if payment is None:
            raise Invalid.of("There is no payment with this reference.", "correction")
        if payment.login != row.login:
            raise Invalid.of(f"{payment} is on account {payment.login}.", "correction")
        if payment.status != Status.DONE:
            raise Invalid.of(f"{payment} is {payment.get_status_display()}.", "correction")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Both sides as they were compared."""
        row = self.row()
        return {
            "state": row.state,
            "ours": row.our_amount,
            "theirs": row.their_amount,
            "tickets": row.tickets,
        }

    def preview(self, reader: Reader | None) -> Preview:
        """The verdict, in words."""
        row = self.row()
        to = State.CORRECTED if self.correction else State.EXPLAINED
        by = f", put right by {self.correction}" if self.correction else ""
        ours = money_text(row.our_amount, row.currency) if row.our_amount is not None else "nothing"
        theirs = (
            money_text(row.their_amount, row.currency)
            if row.their_amount is not None
            else "nothing"
        )
        return Preview(
            sentence=f"Explain {row.key} on {row.login} (panel {ours}, MT4 {theirs}){by}. "
            "Needs a second person.",
            button="Propose the explanation",
            changes=[Change("State", row.get_state_display(), to.label)],
        )

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Whoever had a hand in the payment has none in its explanation."""
        row = Difference.objects.filter(pk=request.payload["difference"]).first()
        if row and person.pk in _hands(row):
            return "You made or decided on the payment that is explained here."
        return ""

    def lock(self) -> None:
        """The difference: somebody may be asking for its correction at this moment."""
        Difference.objects.select_for_update(no_key=True).filter(pk=self.difference).first()

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Close the difference."""
        to = State.CORRECTED if self.correction else State.EXPLAINED
        row = self.row()
        _check_free(row)
        rows = Difference.objects.filter(pk=row.pk, state=State.OPEN)
        if rows.update(state=to, explanation=request) != 1:
            raise Invalid.of("It was closed in the meantime.")
        if row.kind == Difference.Kind.OWED and row.payment:
            notices.close(row.payment.request, Notice.Kind.OWED)
        return {"state": str(to)}


def _check_free(row: Difference) -> None:
    """What is owed is not explained away while it is being paid."""
    if row.kind == Difference.Kind.OWED and row.payment:
        owed.check_free(row.payment)


def _hands(row: Difference) -> set[int]:
    return hands(row.payment.request) if row.payment else set()
