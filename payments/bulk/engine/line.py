"""One line of a file as a request of its own: made by the engine when its outcome is unknown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from panel.commands import holds
from panel.commands.base import Invalid, MT4Command, Preview, Risk, Target
from panel.commands.registry import register
from panel.lib.money import ZERO
from panel.models import ChangeRequest, Hold, Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.ui.figures import money_text
from payments.bulk.engine.chunk import DEADLINE, State
from payments.commands import last_second
from payments.desk.stages import debited
from payments.evidence import judge, records_of
from payments.mirror import keep
from payments.models import BulkItem, Kind, Payment

if TYPE_CHECKING:
    from datetime import datetime

    from panel.access.actor import Actor
    from panel.commands.base import Evidence
    from panel.commands.call import Call, Send
    from panel.mt4.read import Reader

# The one step of it: its key is the line's key with this behind.
STEP = "balance"
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

    @property
    def signed(self) -> Decimal:
        """The amount as MT4 books it."""
        return Kind(self.kind).signed(self.amount)

    @property
    def purse(self) -> TradeCommand:
        """Balance or credit."""
        return TradeCommand.Credit if Kind(self.kind).is_credit else TradeCommand.Balance

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

    def execute(self, call: Call) -> None:
        """The line's one operation, found again by its reference in the account's history."""

        def evidence() -> Evidence:
            found = records_of(
                call.reader,
                self.get_platform(),
                self.login,
                call.reference,
                since=self.traced_since(call.request),
            )
            return judge(found, kind=self.purse, amount=self.signed)

        def send(parcel: Send) -> dict[str, Any]:
            answer = call.writer.balance(
                self.login,
                self.signed,
                f"{call.reference} {self.comment}".strip(),
                kind=self.purse,
                expiration=last_second(self.expires) if self.expires else None,
                **parcel.options(),
            )
            return {"order": answer.order, "amount": answer.price, "comment": answer.comment}

        call.step(STEP, send=send, evidence=evidence, seconds=DEADLINE)

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """What the account's history says now; the record is kept, and its ticket."""
        platform = self.get_platform()
        found = records_of(
            reader, platform, self.login, request.reference, since=self.traced_since(request)
        )
        keep(platform, [(trade, request.mt4_group, request.currency) for trade in found])
        seen = judge(found, kind=self.purse, amount=self.signed)
        if seen.verdict == "found":
            Payment.objects.filter(request=request).update(ticket=found[0].order)
            BulkItem.objects.filter(pk=self.item).update(ticket=found[0].order)
        return {"records": seen.verdict, "records_text": seen.text}

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """MT4 said yes: its history must say so too, once, and with this amount."""
        return "" if after["records"] == "found" else str(after["records_text"])

    @classmethod
    def traced_since(cls, request: ChangeRequest) -> datetime:
        """The file's: its request is made once the outcome is in doubt, which may be days after
        the line was sent, if nobody was there to look.
        """
        return BulkItem.objects.select_related("file").get(pk=request.payload["item"]).file.created

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
