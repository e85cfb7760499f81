"""Putting a rule of separated duties in force, or out of it: two administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.separation import RULES, SeparationRule, holds
from panel.commands.administration import AdministrationCommand
from panel.commands.base import Change, Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.models import Separation

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

WORDS = {True: "in force", False: "not in force"}


@register
@dataclass(frozen=True, kw_only=True)
class SetSeparation(AdministrationCommand):
    """Put a rule in force, or out of it. `rule` is its name."""

    name: ClassVar[str] = "policies.separation"
    label: ClassVar[str] = "Separation of duties"
    prefix: ClassVar[str] = "SD"
    permission: ClassVar[str] = "policies.change"
    form_url: ClassVar[str | None] = "separation_change"

    rule: str
    active: bool

    def _rule(self) -> SeparationRule:
        if self.rule not in RULES:
            raise Invalid.of("There is no such rule.", "rule")
        return RULES[self.rule]

    def target(self, reader: Reader | None) -> Target:
        """The rule."""
        return Target("separation", self.rule, self._rule().label)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A rule that there is, and a change."""
        if holds(self._rule()) == self.active:
            raise Invalid.of(f"It is {WORDS[self.active]} already.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether it is in force."""
        return {"active": holds(self._rule())}

    def preview(self, reader: Reader | None) -> Preview:
        """What holds from then on."""
        rule = self._rule()
        return Preview(
            sentence=f"{rule.label}: {rule.on if self.active else rule.off}",
            button="Put in force" if self.active else "Put out of force",
            changes=[Change("Rule", WORDS[not self.active], WORDS[self.active])],
            checks=[
                Check("ok", "One person more stands between a request and the money.")
                if self.active
                else Check("warn", "One person less stands between a request and the money.")
            ],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        Separation.objects.update_or_create(name=self.rule, defaults={"active": self.active})
        return {"active": self.active}
