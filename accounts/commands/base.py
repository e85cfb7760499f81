"""What the commands about one existing account share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from panel.commands.base import Evidence, Invalid, MT4Command, Risk, Target
from panel.lib.digest import plain
from panel.models import Status
from panel.mt4.errors import Rejected

if TYPE_CHECKING:
    from panel.commands.call import Call, Send
    from panel.models import ChangeRequest
    from panel.mt4.protocol.records import User
    from panel.mt4.read import Reader

SECONDS = 20.0
"""Deadline asked of MT4 for one step."""
LEVERAGE_MOST = 5000
TOUCHED = (Status.DONE, Status.FAILED, Status.UNKNOWN)


def asked(reader: Reader | None) -> Reader:
    """The reader that every command of MT4 is given."""
    if reader is None:
        raise TypeError("A change of an account needs a reader.")
    return reader


@dataclass(frozen=True, kw_only=True)
class AccountCommand(MT4Command):
    """A change of one account. `aims` names the fields it sets, with the values they get."""

    approve_permission: ClassVar[str] = "accounts.approve"
    risk: ClassVar[Risk] = Risk.NORMAL

    login: int

    def aims(self) -> dict[str, Any]:
        """The values wanted, by what `now` calls them."""
        raise NotImplementedError

    def now(self, user: User) -> dict[str, Any]:
        """The same values as the account has them."""
        return {name: getattr(user, name) for name in self.aims()}

    def user(self, reader: Reader | None) -> User:
        """The account, live; raises `Invalid` if there is none."""
        try:
            return asked(reader).account(self.login)
        except Rejected as rejected:
            raise Invalid.of(
                f"MT4 does not give account {self.login}: {rejected.explain()}", "login"
            ) from rejected

    def target(self, reader: Reader | None) -> Target:
        """The account, with its group and the group's currency."""
        user = self.user(reader)
        group = asked(reader).group(user.group)
        return Target(
            kind="account",
            key=str(self.login),
            text=f"{self.login} {user.name}".strip(),
            login=self.login,
            group=user.group,
            currency=group.currency,
        )

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """What the fields hold now."""
        return self.now(self.user(reader))

    def refuse_empty(self, user: User) -> None:
        """Raise `Invalid` when the account is as wanted already."""
        if self.now(user) == self.aims():
            raise Invalid.of("The account already is like this: there is nothing to change.")

    def patch(self, call: Call, changes: Callable[[], Mapping[str, Any]]) -> None:
        """The one step of a command that writes fields of the account's record."""

        def send(parcel: Send) -> dict[str, Any]:
            call.writer.patch_account(self.login, changes(), **parcel.options())
            return {}

        call.step(
            "patch",
            send=send,
            evidence=lambda mark: self.evidence(call),
            seconds=SECONDS,
            twice_is_once=True,
        )

    def evidence(self, call: Call) -> Evidence:
        """Compare the live record with what was wanted and with what was there."""
        try:
            live = plain(self.now(call.reader.account(self.login)))
        except Rejected as rejected:
            return Evidence("unclear", f"MT4 does not give the account: {rejected.explain()}")
        if live == plain(self.aims()):
            return Evidence("found", "MT4 has the account as it was asked for.", live)
        before = decided_on(call.request)
        if live == {name: before.get(name) for name in live}:
            return Evidence("absent", "MT4 has the account as it was before.", live)
        return Evidence(
            "unclear", "MT4 has neither the values from before nor those asked for.", live
        )

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """Which fields are not as they were asked for."""
        wanted = plain(self.aims())
        other = [
            f"{name} is {after.get(name)}, asked for was {value}"
            for name, value in wanted.items()
            if after.get(name) != value
        ]
        return f"Read again, it differs: {'; '.join(other)}." if other else ""

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Whatever may have touched the account has the mirror read it again."""
        refresh_mirror(request)


def decided_on(request: ChangeRequest) -> dict[str, Any]:
    """The live values that the last checker saw, or the maker's if nobody had to check."""
    seen: dict[str, Any] | None = (
        request.approvals.order_by("-created").values_list("live", flat=True).first()
    )
    return seen or request.before


def refresh_mirror(request: ChangeRequest) -> None:
    """Once this transaction commits, have the account read again if it may have changed."""
    platform_id, login = request.platform_id, request.login
    if request.status not in TOUCHED or platform_id is None or login is None:
        return

    def refresh() -> None:
        from accounts.tasks import refresh_soon

        refresh_soon(platform_id, login)

    transaction.on_commit(refresh, robust=True)
