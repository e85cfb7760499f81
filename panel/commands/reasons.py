"""The reasons people choose from: added and retired, never rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.commands.base import Change, Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from panel.models import ChangeRequest, Purpose, Reason

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.mt4.read import Reader

LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class ReasonCommand(PanelCommand):
    """One sentence of one list."""

    permission: ClassVar[str] = "reasons.change"
    approve_permission: ClassVar[str] = "admin.approve"
    risk: ClassVar[Risk] = Risk.NORMAL
    form_url: ClassVar[str | None] = "reason_list"

    purpose: str
    text: str

    def _existing(self) -> Reason | None:
        return Reason.objects.filter(purpose=self.purpose, text=self.text.strip()).first()

    def target(self, reader: Reader | None) -> Target:
        """The sentence."""
        return Target("reason", self.purpose, self.text.strip()[:200])

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether it can be chosen."""
        existing = self._existing()
        return {"offered": bool(existing and existing.active)}

    def check_words(self) -> None:
        """Raise `Invalid` for a purpose that is unknown or words that cannot be kept."""
        if self.purpose not in Purpose.values:
            raise Invalid.of("Choose what the reason is for.", "purpose")
        if not self.text.strip():
            raise Invalid.of("Write the reason.", "text")
        if len(self.text.strip()) > LONGEST:
            raise Invalid.of(f"Use at most {LONGEST} characters.", "text")


@register
@dataclass(frozen=True, kw_only=True)
class AddReason(ReasonCommand):
    """Offer a reason, or offer a retired one again."""

    name: ClassVar[str] = "reasons.add"
    label: ClassVar[str] = "Reason to choose from"
    prefix: ClassVar[str] = "RA"

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """New words for a known purpose."""
        self.check_words()
        existing = self._existing()
        if existing and existing.active:
            raise Invalid.of("This reason is in the list already.", "text")

    def preview(self, reader: Reader | None) -> Preview:
        """Where it will stand."""
        label = Purpose(self.purpose).label
        return Preview(
            sentence=f"Offer “{self.text.strip()}” for {label}",
            button="Add reason",
            changes=[Change("Offered", "no", "yes")],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Add it to the list."""
        reason, new = Reason.objects.get_or_create(
            purpose=self.purpose, text=self.text.strip(), defaults={"added_by": request.maker}
        )
        if not new:
            Reason.objects.filter(pk=reason.pk).update(active=True)
        return {"reason": reason.pk}


@register
@dataclass(frozen=True, kw_only=True)
class RetireReason(ReasonCommand):
    """Offer a reason no more. Where it was given, it stays."""

    name: ClassVar[str] = "reasons.retire"
    label: ClassVar[str] = "Reason not offered any more"
    prefix: ClassVar[str] = "RX"

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """One that is offered."""
        self.check_words()
        existing = self._existing()
        if existing is None or not existing.active:
            raise Invalid.of("This reason is not in the list.", "text")

    def preview(self, reader: Reader | None) -> Preview:
        """What can be chosen no more."""
        label = Purpose(self.purpose).label
        return Preview(
            sentence=f"Offer “{self.text.strip()}” no more for {label}",
            button="Retire reason",
            changes=[Change("Offered", "yes", "no")],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Take it off the list."""
        retired = Reason.objects.filter(purpose=self.purpose, text=self.text.strip(), active=True)
        return {"retired": retired.update(active=False)}
