"""Putting a batch together, and cancelling one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.access.policy import Needed
from panel.commands.base import (
    Change,
    Check,
    Invalid,
    PanelCommand,
    Preview,
    Risk,
    Target,
    platform_in_use,
)
from panel.commands.registry import register
from panel.lib.money import quantize
from panel.models import ChangeRequest, Platform
from payments.conversion import paid_text
from payments.models import PayingAccount, PayoutBatch, PayoutLine, Withdrawal
from payments.payouts import choosing, guard

if TYPE_CHECKING:
    from panel.models import User
    from panel.mt4.read import Reader

MOST_LINES = 500
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class BatchCommand(PanelCommand):
    """What the commands of batches have in common."""

    permission: ClassVar[str] = "payments.payout"
    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    risk: ClassVar[Risk] = Risk.CRITICAL


def outside(person: User, request: ChangeRequest, groups: Iterable[str]) -> str:
    """Why a person does not decide on a batch of these groups, in words; empty if they may."""
    platform = request.platform_id
    if platform is not None and all(person.sees(platform, group) for group in groups):
        return ""
    return "The batch has accounts outside your scopes."


@register
@dataclass(frozen=True, kw_only=True)
class MakeBatch(BatchCommand):
    """Withdrawals, by reference, to be paid from one account by one file."""

    name: ClassVar[str] = "payouts.make"
    label: ClassVar[str] = "Payout batch"
    prefix: ClassVar[str] = "PB"
    form_url: ClassVar[str | None] = "payout_batch_add"

    platform: str
    account: int
    withdrawals: tuple[str, ...]

    def get_platform(self) -> Platform:
        """The platform by its slug; raises `Invalid` as `platform_in_use` does."""
        return platform_in_use(self.platform)

    @cached_property
    def paying(self) -> PayingAccount:
        """The account that pays; raises `Invalid`."""
        found = PayingAccount.objects.filter(pk=self.account, active=True).first()
        if found is None:
            raise Invalid.of("Choose a paying account that is in use.", "account")
        return found

    def rows(self) -> list[Withdrawal]:
        """The withdrawals as they stand now; raises `Invalid` for one that is not there."""
        rows = list(choosing.rows_of(self.withdrawals))
        missing = set(self.withdrawals) - {row.payment.reference for row in rows}
        missing |= {str(row) for row in rows if row.platform.slug != self.platform}
        if missing:
            raise Invalid.of(f"There is no withdrawal {', '.join(sorted(missing)[:SHOWN])} here.")
        return rows

    @property
    def total(self) -> Decimal:
        """What the clients are paid in all, in the account's currency."""
        return sum((choosing.to_client(row)[0] for row in self.rows()), Decimal(0))

    @property
    def amount(self) -> Decimal | None:
        """The total: policies may ask more people for more money."""
        return quantize(self.total, self.paying.currency)

    def target(self, reader: Reader | None) -> Target:
        """A batch of the paying account, with the groups of all its withdrawals."""
        groups = sorted({row.mt4_group for row in self.rows()})
        return Target(
            "payout batch",
            f"{self.account}/new",
            f"{len(self.withdrawals)} payouts from {self.paying.name}",
            group=groups[0] if len(groups) == 1 else "",
            currency=self.paying.currency,
            further_groups=tuple(groups),
        )

    def lock(self) -> None:
        """The requests first, then the withdrawals: the order in which every step takes them."""
        rows = Withdrawal.objects.filter(payment__reference__in=self.withdrawals)
        requests = ChangeRequest.objects.filter(pk__in=rows.values("payment__request"))
        list(requests.select_for_update(no_key=True).order_by("pk"))
        pks = list(rows.values_list("pk", flat=True))
        list(Withdrawal.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Each is owed, in no other batch, of one way and currency, and not the maker's own."""
        if not self.withdrawals:
            raise Invalid.of("Choose at least one withdrawal.", "withdrawals")
        if len(self.withdrawals) > MOST_LINES:
            raise Invalid.of(f"At most {MOST_LINES} withdrawals in one batch.", "withdrawals")
        person = actor.person_or_fail() if actor else None
        rows = self.rows()
        found = choosing.in_sentences(rows, choosing.problems(rows, self.paying, person))
        if found:
            more = len(found) - SHOWN
            raise Invalid(
                {"withdrawals": [*found[:SHOWN], *([f"And {more} more."] if more > 0 else [])]}
            )

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Every group of the batch has to be theirs."""
        rows = choosing.rows_of(request.payload["withdrawals"])
        return outside(person, request, (row.mt4_group for row in rows))

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Which withdrawals there are, from which account."""
        return {"account": self.account, "withdrawals": sorted(self.withdrawals)}

    def preview(self, reader: Reader | None) -> Preview:
        """The control sum and count, and what a file could not say."""
        rows, paying = self.rows(), self.paying
        bare = [row for row in rows if not row.paid_to]
        changed = [row for row in rows if row.kept and row.kept.details != row.paid_to]
        found = [
            Check("ok", "Each is debited, in no other batch, and neither asked for nor approved by "
                  "whoever makes the batch."),
        ]  # fmt: skip
        if bare:
            found.append(
                Check("warn", f"{len(bare)} without a kept beneficiary: the file has the name alone"
                      f" ({_some(bare)}).")
            )  # fmt: skip
        if changed:
            found.append(
                Check("warn", f"{len(changed)} to details that were changed since they were "
                      f"approved ({_some(changed)}).")
            )  # fmt: skip
        total = paid_text(self.total, paying.currency)
        return Preview(
            sentence=f"Pay {len(rows)} withdrawals, {total} in all, from {paying.name}",
            button=f"Make a batch of {total}",
            changes=[
                Change("Payouts", "", str(len(rows))),
                Change("Control sum", "", total),
            ],
            checks=found,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write batch and lines; under the lock, everything is looked at once more."""
        rows, paying = self.rows(), self.paying
        found = choosing.in_sentences(rows, choosing.problems(rows, paying, None))
        if found:
            raise Invalid.of(found[0], "withdrawals")
        batch = PayoutBatch.objects.create(
            request=request,
            reference=request.reference,
            platform=self.get_platform(),
            account=paying,
            method=paying.method,
            currency=paying.currency,
            made_by=request.maker,
            groups=sorted({row.mt4_group for row in rows}),
        )
        PayoutLine.objects.bulk_create(
            PayoutLine(
                batch=batch,
                number=number,
                withdrawal=row,
                amount=choosing.to_client(row)[0],
                paid_to=choosing.where_to(row),
            )
            for number, row in enumerate(rows, start=1)
        )
        return {"batch": batch.reference}


def _some(rows: list[Withdrawal]) -> str:
    more = ", …" if len(rows) > SHOWN else ""
    return ", ".join(str(row) for row in rows[:SHOWN]) + more


@register
@dataclass(frozen=True, kw_only=True)
class CancelBatch(BatchCommand):
    """Give up a batch: what of it has no outcome waits to be paid out again.

    Once its file was downloaded the bank may have it: then a second person confirms that it has
    not, and will not.
    """

    name: ClassVar[str] = "payouts.cancel"
    label: ClassVar[str] = "End of a payout batch"
    prefix: ClassVar[str] = "PK"
    form_url: ClassVar[str | None] = "payout_batch_cancel"
    reason_needed: ClassVar[bool] = True

    batch: str

    @property
    def row(self) -> PayoutBatch:
        """The batch as it stands now; raises `Invalid`."""
        found = PayoutBatch.objects.select_related("platform").filter(reference=self.batch).first()
        if found is None:
            raise Invalid.of("There is no such batch.")
        return found

    @property
    def least_needed(self) -> Needed:
        """Two people once the file has left the panel."""
        if self.row.state == PayoutBatch.State.OPEN:
            return self.default_needed
        return Needed(1, (), "A second person confirms that the bank does not pay the file.")

    def get_platform(self) -> Platform:
        """The batch's."""
        return self.row.platform

    def lock(self) -> None:
        """The batch."""
        PayoutBatch.objects.select_for_update(no_key=True).filter(reference=self.batch).first()

    def target(self, reader: Reader | None) -> Target:
        """The batch, with the groups of all its withdrawals."""
        row = self.row
        return Target(
            "payout batch",
            row.reference,
            f"Batch {row}",
            group=row.groups[0] if len(row.groups) == 1 else "",
            currency=row.currency,
            further_groups=tuple(row.groups),
        )

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only one that is not at its end."""
        row = self.row
        if row.state not in (PayoutBatch.State.OPEN, PayoutBatch.State.SENT):
            raise Invalid.of(f"{row} is {row.get_state_display()}: nothing of it waits.")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Every group of the batch has to be theirs."""
        row = PayoutBatch.objects.get(reference=request.payload["batch"])
        return outside(person, request, row.groups)

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Where it stands, and how many lines wait."""
        row = self.row
        waiting = row.lines.filter(state=PayoutLine.State.LISTED).count()
        return {"batch": row.reference, "state": row.state, "waiting": waiting}

    def preview(self, reader: Reader | None) -> Preview:
        """What becomes of its lines."""
        row, waiting = self.row, self.before(None)["waiting"]
        checks = []
        if row.state == PayoutBatch.State.SENT:
            checks.append(
                Check("warn", "Its file was downloaded: make sure with the bank that it is not "
                      "paid, or the clients are paid twice.")
            )  # fmt: skip
        return Preview(
            sentence=f"End {row}: {waiting} withdrawals wait to be paid out again",
            button="End batch",
            changes=[Change("State", row.get_state_display(), PayoutBatch.State.CANCELLED.label)],
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Take every line out that has no outcome."""
        row = self.row
        if row.state == PayoutBatch.State.SENT and not request.approvals_needed:
            raise Invalid.of(f"The file of {row} was downloaded just now: look at it again.")
        taken = row.lines.filter(state=PayoutLine.State.LISTED).update(
            state=PayoutLine.State.TAKEN_OUT, text=request.reason[:300], finished=timezone.now()
        )
        guard.close(row)
        audit.record(
            Actor.person(request.maker, request_id=request.request_id),
            "payout batch ended",
            source=request.source,
            request=request,
            obj=("payout batch", row.reference, str(row)),
            reason=request.reason,
            detail=f"{taken} withdrawals wait to be paid out again.",
        )
        return {"taken_out": taken}
