"""Whether an account may be used, and whether it may trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from accounts.commands.base import AccountCommand, asked
from panel.commands.base import Change, Check, Preview
from panel.commands.registry import register
from panel.mt4.protocol.flags import EnableFlags

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.mt4.protocol.records import User
    from panel.mt4.read import Reader


@register
@dataclass(frozen=True, kw_only=True)
class ChangeAccess(AccountCommand):
    """Enable or disable an account, and set whether it is read-only."""

    name: ClassVar[str] = "accounts.change_access"
    label: ClassVar[str] = "Change of access"
    prefix: ClassVar[str] = "AX"
    permission: ClassVar[str] = "accounts.change_access"
    form_url: ClassVar[str | None] = "account_change_access"

    enabled: bool
    read_only: bool

    def aims(self) -> dict[str, Any]:
        """Both flags."""
        return {"enabled": self.enabled, "read_only": self.read_only}

    def now(self, user: User) -> dict[str, Any]:
        """Both flags as they are."""
        return {
            "enabled": EnableFlags.Enabled in user.enable_flags,
            "read_only": EnableFlags.ReadOnly in user.enable_flags,
        }

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Something must differ."""
        self.refuse_empty(self.user(reader))

    def preview(self, reader: Reader | None) -> Preview:
        """The flags before and after, and what is open."""
        user = self.user(reader)
        now = self.now(user)
        changes = []
        if now["enabled"] != self.enabled:
            changes.append(Change("Sign-in", _enabled(now["enabled"]), _enabled(self.enabled)))
        if now["read_only"] != self.read_only:
            changes.append(
                Change("Trading", _read_only(now["read_only"]), _read_only(self.read_only))
            )
        words = " and ".join(f"{each.label.lower()} {each.after}" for each in changes)
        return Preview(
            sentence=f"Set {self.login} {user.name}: {words}.",
            button="Disable the account"
            if now["enabled"] and not self.enabled
            else "Change access",
            changes=changes,
            checks=[self._open_check(asked(reader), user)],
        )

    def execute(self, call: Call) -> None:
        """One patch that leaves the other flags as they are."""

        def changes() -> Mapping[str, Any]:
            flags = call.reader.account(self.login).enable_flags
            for flag, wanted in (
                (EnableFlags.Enabled, self.enabled),
                (EnableFlags.ReadOnly, self.read_only),
            ):
                flags = flags | flag if wanted else flags & ~flag
            return {"enable_flags": flags}

        self.patch(call, changes)

    def _open_check(self, reader: Reader, user: User) -> Check:
        count = len(reader.trades_of(self.login, user.group))
        if not count:
            return Check("ok", "Nothing is open on this account.")
        things = "1 position or order" if count == 1 else f"{count} positions and orders"
        if self.enabled and not self.read_only:
            return Check("ok", f"{things} open.")
        return Check("warn", f"{things} open: the client will not be able to close them.")


def _enabled(value: bool) -> str:
    return "enabled" if value else "disabled"


def _read_only(value: bool) -> str:
    return "read-only" if value else "allowed"
