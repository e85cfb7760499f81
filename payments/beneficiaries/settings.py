"""Changing the rules of beneficiaries and payouts: one administrator, confirmed by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.commands.administration import AdministrationCommand, Problems, differences
from panel.commands.base import Check, Invalid, Preview, Target
from panel.commands.registry import register
from payments.models import PayoutRules

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

FIELDS = ("cooling_off_hours", "separation_days", "require_kept")
LABELS = {
    "cooling_off_hours": "Cooling off, hours",
    "separation_days": "Separation, days",
    "require_kept": "Only to kept beneficiaries",
}
MOST_HOURS, MOST_DAYS = 24 * 30, 365


@register
@dataclass(frozen=True, kw_only=True)
class SetPayoutRules(AdministrationCommand):
    """How long a beneficiary cools off, who may approve, and whether one is demanded."""

    name: ClassVar[str] = "payouts.rules"
    label: ClassVar[str] = "Rules of payouts"
    prefix: ClassVar[str] = "PQ"
    permission: ClassVar[str] = "payments.paying_accounts"
    form_url: ClassVar[str | None] = "payout_rules"

    cooling_off_hours: int
    separation_days: int
    require_kept: bool

    def target(self, reader: Reader | None) -> Target:
        """The one row."""
        return Target("payout rules", "1", "Rules of payouts")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Sensible spans, and something new."""
        problems = Problems()
        if not 0 <= self.cooling_off_hours <= MOST_HOURS:
            problems.add("cooling_off_hours", f"From 0 to {MOST_HOURS} hours.")
        if not 0 <= self.separation_days <= MOST_DAYS:
            problems.add("separation_days", f"From 0 to {MOST_DAYS} days.")
        problems.raise_if_any()
        if self._wanted() == self.before(None):
            raise Invalid.of("Nothing would change.")

    def _wanted(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The rules as they are."""
        now = PayoutRules.current()
        return {name: getattr(now, name) for name in FIELDS}

    def preview(self, reader: Reader | None) -> Preview:
        """What would hold, and whether it is less strict."""
        was, wanted = self.before(None), self._wanted()
        looser = (
            was["cooling_off_hours"] > self.cooling_off_hours
            or was["separation_days"] > self.separation_days
            or (was["require_kept"] and not self.require_kept)
        )
        found = [Check("ok", "What cools off already keeps the time it was given.")]
        if looser:
            found.append(Check("warn", "Less is held back than before."))
        return Preview(
            sentence=f"A beneficiary cools off for {self.cooling_off_hours} hours; "
            + (
                "withdrawals go to kept beneficiaries alone"
                if self.require_kept
                else "other beneficiaries may be typed"
            ),
            button="Change rules",
            changes=differences(LABELS, _words(was), _words(wanted)),
            checks=found,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write them."""
        PayoutRules.objects.update_or_create(pk=1, defaults=self._wanted())
        return {}


def _words(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: ("yes" if value else "no") if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
