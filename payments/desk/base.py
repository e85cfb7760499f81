"""What the desk's commands have in common: the withdrawal they are about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from panel import audit
from panel.access.actor import Actor
from panel.commands.base import Invalid, PanelCommand, Risk, Target
from panel.models import ChangeRequest
from payments.models import Withdrawal
from payments.payouts import guard

if TYPE_CHECKING:
    from panel.models import Platform
    from panel.mt4.read import Reader


def withdrawal_of(reference: str) -> Withdrawal:
    """The withdrawal of a reference; raises `Invalid` if there is none."""
    rows = Withdrawal.objects.select_related("payment__request", "platform")
    found = rows.filter(payment__reference=reference).first()
    if found is None:
        raise Invalid.of(f"There is no withdrawal {reference}.", "withdrawal")
    return found


def lock(row: Withdrawal) -> None:
    """The request, the withdrawal, then its batch: the order in which every step takes them."""
    ChangeRequest.objects.select_for_update(no_key=True).get(pk=row.payment.request_id)
    Withdrawal.objects.select_for_update(no_key=True).get(pk=row.pk)
    guard.lock_batch(row)


@dataclass(frozen=True, kw_only=True)
class DeskCommand(PanelCommand):
    """A step of a withdrawal that MT4 knows nothing of. `withdrawal` is its reference."""

    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    risk: ClassVar[Risk] = Risk.NORMAL

    withdrawal: str

    @property
    def row(self) -> Withdrawal:
        """The withdrawal, as it stands now."""
        return withdrawal_of(self.withdrawal)

    @property
    def amount(self) -> Decimal | None:
        """The withdrawal's: policies may ask more people for more money."""
        return self.row.payment.amount

    def get_platform(self) -> Platform | None:
        """The withdrawal's platform, so that scopes hold; it is not asked anything."""
        return self.row.platform

    def target(self, reader: Reader | None) -> Target:
        """The withdrawal, with its account."""
        payment = self.row.payment
        return Target(
            "withdrawal",
            payment.reference,
            f"{payment.login} {payment.account_name}",
            login=payment.login,
            group=payment.mt4_group,
            currency=payment.currency,
        )

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Where it stands."""
        row = self.row
        return {"withdrawal": row.payment.reference, "stage": row.stage}

    def lock(self) -> None:
        """The withdrawal and its request."""
        lock(self.row)


def tell(
    row: Withdrawal, request: ChangeRequest, action: str, *, reason: str = "", detail: str = ""
) -> None:
    """Write a step into the withdrawal's own story, by whoever asked for it."""
    maker = Actor.person(request.maker, request_id=request.request_id)
    by = f"By {request.reference}."
    audit.record(
        maker,
        action,
        source=request.source,
        request=row.payment.request,
        reason=reason,
        detail=f"{detail} {by}".strip(),
    )
