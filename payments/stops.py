"""Stopping withdrawals of one account, and allowing them again: both take two people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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
from panel.models import Platform
from payments.models import WithdrawalStop
from payments.standing import standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader


def stop_of(platform: Platform, login: int) -> WithdrawalStop | None:
    """The stop on an account, if there is one."""
    rows = WithdrawalStop.objects.select_related("request")
    return rows.filter(platform=platform, login=login).first()


def stopped(platform: Platform, logins: Iterable[int]) -> set[int]:
    """Those of some accounts from which nothing may leave."""
    rows = WithdrawalStop.objects.filter(platform=platform, login__in=list(logins))
    return set(rows.values_list("login", flat=True))


def words(stop: WithdrawalStop) -> str:
    """`Withdrawals are stopped by SW 7Q2K9F31: fraud is looked into`."""
    return f"Withdrawals from this account are stopped by {stop.request.reference}: {stop.why}"


def refuse(platform: Platform, login: int) -> None:
    """Raise `Invalid` if nothing may leave the account."""
    stop = stop_of(platform, login)
    if stop is not None:
        raise Invalid.of(words(stop))


def check(platform: Platform, login: int) -> Iterator[Check]:
    """The same for whoever decides."""
    stop = stop_of(platform, login)
    if stop is not None:
        yield Check("stop", words(stop))


@register
@dataclass(frozen=True, kw_only=True)
class SetWithdrawals(PanelCommand):
    """Stop the withdrawals and transfers out of one account, or allow them again.

    What is on its way to MT4 already goes on; what waits for a decision or a worker is refused.
    """

    name: ClassVar[str] = "payments.set_withdrawals"
    label: ClassVar[str] = "Withdrawals of an account"
    prefix: ClassVar[str] = "SW"
    permission: ClassVar[str] = "payments.hold"
    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    risk: ClassVar[Risk] = Risk.CRITICAL
    form_url: ClassVar[str | None] = "payment_stop"
    reason_needed: ClassVar[bool] = True
    default_needed: ClassVar[Needed] = Needed(
        1, (), "A second person confirms that withdrawals are stopped or allowed again."
    )

    platform: str
    login: int
    allowed: bool

    def get_platform(self) -> Platform:
        """The platform by its slug; raises `Invalid` as `platform_in_use` does."""
        return platform_in_use(self.platform)

    def target(self, reader: Reader | None) -> Target:
        """The account, read live: its group is what scopes go by."""
        if reader is None:
            raise TypeError("An account is never decided on without a live reader.")
        now = standing(reader, self.login)
        text = f"{now.login} {now.name}"
        return Target("account", str(now.login), text, now.login, now.group, now.currency)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Something must change."""
        if self._allowed() == self.allowed:
            state = "allowed" if self.allowed else "stopped"
            raise Invalid.of(f"Withdrawals from {self.login} are {state} already.")

    def _allowed(self) -> bool:
        return stop_of(self.get_platform(), self.login) is None

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether they are allowed."""
        return {"allowed": self._allowed()}

    def preview(self, reader: Reader | None) -> Preview:
        """What it means."""
        if self.allowed:
            stop = stop_of(self.get_platform(), self.login)
            sentence = f"Allow withdrawals from {self.login} again"
            checks = [Check("warn", words(stop))] if stop else []
        else:
            sentence = f"Stop withdrawals and transfers from {self.login}"
            checks = [Check("ok", "What waits for a decision is refused; deposits go on.")]
        state = ("stopped", "allowed")
        return Preview(
            sentence=sentence,
            button="Allow withdrawals" if self.allowed else "Stop withdrawals",
            changes=[Change("Withdrawals", state[not self.allowed], state[self.allowed])],
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the stop, or take it away."""
        platform = self.get_platform()
        if self.allowed:
            WithdrawalStop.objects.filter(platform=platform, login=self.login).delete()
        else:
            WithdrawalStop.objects.get_or_create(
                platform=platform,
                login=self.login,
                defaults={"why": request.reason, "request": request},
            )
        return {"allowed": self.allowed}
