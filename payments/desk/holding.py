"""Holding a withdrawal up, and letting it go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from panel.commands.base import Change, Invalid, Preview
from panel.commands.registry import register
from panel.commands.tasks import start
from panel.models import ChangeRequest, Status
from panel.ui.figures import money_text
from payments.desk.base import DeskCommand, tell
from payments.desk.stages import HOLDABLE, lead, stage_of
from payments.models import Stage, Withdrawal

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.mt4.read import Reader

BECAUSE = 300
NOT_TAKEN_UP = (Status.PENDING, Status.APPROVED)


def words(row: Withdrawal) -> str:
    """`WD 7Q2K9F31, 500.00 USD from 100234 Anna Kowalska`."""
    payment = row.payment
    amount = money_text(payment.amount, payment.currency)
    return f"{payment.reference}, {amount} from {payment.login} {payment.account_name}"


@register
@dataclass(frozen=True, kw_only=True)
class HoldWithdrawal(DeskCommand):
    """It waits for something: meanwhile it is neither approved nor sent to MT4."""

    name: ClassVar[str] = "payments.hold"
    label: ClassVar[str] = "Hold of a withdrawal"
    prefix: ClassVar[str] = "HD"
    permission: ClassVar[str] = "payments.hold"

    because: str

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only before MT4 was told, and with a reason."""
        row = self.row
        if not self.because.strip():
            raise Invalid.of("Say what it waits for.", "because")
        if len(self.because) > BECAUSE:
            raise Invalid.of(f"Use at most {BECAUSE} characters.", "because")
        request = row.payment.request
        if row.stage not in HOLDABLE or request.status not in NOT_TAKEN_UP:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: it cannot be put on hold.")

    def preview(self, reader: Reader | None) -> Preview:
        """What waits for what."""
        row = self.row
        return Preview(
            sentence=f"Put {words(row)} on hold: {self.because}",
            button="Put on hold",
            changes=[Change("Stage", row.get_stage_display(), Stage.ON_HOLD.label)],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Stop the withdrawal's request where it stands."""
        row = self.row
        because = self.because.strip()
        stopped = ChangeRequest.objects.filter(
            pk=row.payment.request_id, status__in=NOT_TAKEN_UP, on_hold=""
        ).update(on_hold=because)
        if stopped != 1:
            raise Invalid.of(f"{row} was taken up in the meantime: it cannot be put on hold.")
        lead(row, HOLDABLE, Stage.ON_HOLD)
        tell(row, request, "put on hold", reason=because)
        return {"stage": Stage.ON_HOLD}


@register
@dataclass(frozen=True, kw_only=True)
class ReleaseWithdrawal(DeskCommand):
    """What it waited for is settled: it goes on where it stood."""

    name: ClassVar[str] = "payments.release"
    label: ClassVar[str] = "Release of a withdrawal"
    prefix: ClassVar[str] = "HR"
    permission: ClassVar[str] = "payments.hold"

    note: str = ""

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what is on hold."""
        row = self.row
        if row.stage != Stage.ON_HOLD:
            raise Invalid.of(f"{row} is {row.get_stage_display()}, not on hold.")
        if len(self.note) > BECAUSE:
            raise Invalid.of(f"Use at most {BECAUSE} characters.", "note")

    def preview(self, reader: Reader | None) -> Preview:
        """What goes on."""
        row = self.row
        return Preview(
            sentence=f"Release {words(row)}; it was on hold: {row.payment.request.on_hold}",
            button="Release",
            changes=[Change("Stage", Stage.ON_HOLD.label, self._stage(row).label)],
        )

    def _stage(self, row: Withdrawal) -> Stage:
        request = row.payment.request
        free = ChangeRequest(status=request.status, on_hold="")
        return stage_of(free, row.payment.method)

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Let the request go on; it gets a whole lifetime anew, since it could not be decided."""
        row = self.row
        held = row.payment.request
        stage = self._stage(row)
        lead(row, [Stage.ON_HOLD], stage)
        ChangeRequest.objects.filter(pk=held.pk).update(
            on_hold="",
            not_before=None,
            expires=max(held.expires, timezone.now() + settings.REQUEST_LIFETIME),
        )
        tell(row, request, "released", reason=self.note.strip())
        if held.status == Status.APPROVED:
            transaction.on_commit(lambda: start(held.pk), robust=True)
        return {"stage": stage}
