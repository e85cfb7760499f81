"""One line of a file as a request of its own: made by the engine when its outcome is unknown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from panel.commands import holds
from panel.commands.base import Invalid, MT4Command, Preview, Records, Risk, Target
from panel.commands.registry import load, register
from panel.lib.money import ZERO
from panel.models import ChangeRequest, Hold, Platform, Status
from panel.ui.figures import money_text
from payments.bulk.engine.chunk import STEP, State
from payments.bulk.engine.look import refusals
from payments.commands import last_second
from payments.desk.stages import debited
from payments.evidence import records_beside
from payments.legs import Leg
from payments.models import BulkItem, Kind, Payment

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.mt4.read import Reader

LINE_STATE = {
    Status.DONE: State.DONE,
    Status.FAILED: State.REJECTED,
    Status.UNKNOWN: State.UNKNOWN,
}


@register
@dataclass(frozen=True, kw_only=True)
class BulkLine(MT4Command):
    """Finds out what became of a line; never submitted, and never approved by itself."""

    name: ClassVar[str] = "payments.bulk_line"
    label: ClassVar[str] = "Line of a file"
    prefix: ClassVar[str] = "BL"
    permission: ClassVar[str] = "payments.bulk"
    approve_permission: ClassVar[str] = "payments.approve_bulk"
    risk: ClassVar[Risk] = Risk.MONEY

    item: int
    line: int
    login: int
    kind: str
    amount: Decimal = ZERO
    comment: str = ""
    expires: date | None = None

    def leg(self, reference: str) -> Leg:
        """The line's one operation."""
        return Leg(
            step=STEP,
            reference=reference,
            login=self.login,
            kind=Kind(self.kind),
            amount=self.amount,
            comment=self.comment,
            expires=last_second(self.expires) if self.expires else None,
        )

    def target(self, reader: Reader | None) -> Target:
        """The account, as the file has it."""
        item = BulkItem.objects.get(pk=self.item)
        words = f"{item.login} {item.account_name}"
        return Target("account", str(item.login), words, item.login, item.mt4_group, item.currency)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Nobody asks for a line: it comes out of a file that was approved."""
        raise Invalid.of("A line of a file is not asked for by itself.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """A line stands on the file's approval, not on values of its own."""
        return {}

    def preview(self, reader: Reader | None) -> Preview:
        """What the line was to do."""
        label = Kind(self.kind).label
        sentence = f"Line {self.line}: {label} of {money_text(self.amount)} on {self.login}"
        return Preview(sentence=sentence, button="Carry out")

    def check_again(self, reader: Reader, request: ChangeRequest) -> None:
        """The file's own live look, for this line."""
        item = BulkItem.objects.get(pk=self.item)
        for why in refusals(self.get_platform(), {item.login: [item]}).values():
            raise Invalid.of(why)

    def execute(self, call: Call) -> None:
        """As any payment's."""
        self.leg(call.reference).take(call, self.get_platform())

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """What the account's history says now; the record is kept, and its ticket."""
        group = reader.account(self.login).group
        currency = reader.group(group).currency
        leg = self.leg(request.reference)
        seen = leg.see(reader, self.get_platform(), request, group, currency)
        if "ticket" in seen.data:
            BulkItem.objects.filter(pk=self.item).update(ticket=seen.data["ticket"])
        return {"records": seen.verdict, "records_text": seen.text}

    @classmethod
    def records(cls, request: ChangeRequest) -> Records:
        """With the evidence's own eyes."""
        platform, command = request.platform, load(request)
        if platform is None or not isinstance(command, BulkLine):
            raise TypeError(f"{request.reference} is no line of a file.")
        mark = request.progress.get(STEP, {}).get("mark", {})
        return records_beside([(command.leg(request.reference).wanted(platform), mark)])

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """MT4 said yes: its history must say so too, once, and with this amount."""
        return "" if after["records"] == "found" else str(after["records_text"])

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """The line and its payment stand where their request stands.

        The account goes to the next line on it that nobody knows the outcome of, if there is one.
        """
        final = request.status in (Status.DONE, Status.FAILED)
        Payment.objects.filter(request=request).update(
            status=request.status, finished=request.finished
        )
        BulkItem.objects.filter(pk=request.payload["item"]).update(
            state=LINE_STATE[Status(request.status)],
            code=request.outcome_code,
            text="" if request.status == Status.DONE else request.outcome_text,
            finished=request.finished,
        )
        if request.status == Status.DONE:
            debited(Payment.objects.filter(request=request))
        if final:
            _hand_on(request)


def _hand_on(request: ChangeRequest) -> None:
    """Let the next line of unknown outcome hold the account that this one gives back.

    Its row is locked, so that it cannot come to its end in the same moment and leave the hold
    behind; one that is locked already is passed over, and `hold_doubts` finds it.
    """
    others = ChangeRequest.objects.select_for_update(skip_locked=True).filter(
        command=BulkLine.name,
        platform=request.platform_id,
        login=request.login,
        status=Status.UNKNOWN,
    )
    other = others.exclude(pk=request.pk).order_by("pk").first()
    if other is not None and other.login is not None:
        holds.take(other, [other.login])


def hold_doubts(platform: Platform) -> None:
    """Hold the accounts of unknown lines that nobody holds."""
    held = Hold.objects.filter(platform=platform).values("login")
    doubts = ChangeRequest.objects.filter(
        command=BulkLine.name, platform=platform, status=Status.UNKNOWN
    )
    for pk in doubts.exclude(login__in=held).order_by("pk").values_list("pk", flat=True):
        rows = doubts.select_for_update(skip_locked=True)
        with suppress(holds.Held), transaction.atomic():
            request = rows.filter(pk=pk).first()
            if request is not None and request.login is not None:
                holds.take(request, [request.login])
