"""New passwords for an account: made by the panel, shown once to whoever asked for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from accounts.commands.base import SECONDS, AccountCommand
from accounts.passwords import new_password
from panel.commands.base import Change, Check, Evidence, Invalid, Preview
from panel.commands.registry import register
from panel.mt4.errors import Rejected

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call, Send
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

MAIN, INVESTOR = "main", "investor"
WORDS = {MAIN: "Main password", INVESTOR: "Investor password"}


def set_new_password(call: Call, login: int, which: str) -> None:
    """One step of a command: make a password, seal it, and only then send it."""
    password = call.keep_secret(WORDS[which], new_password)

    def send(parcel: Send) -> dict[str, Any]:
        call.writer.set_password(login, password, investor=which == INVESTOR, **parcel.options())
        return {}

    call.step(
        f"{which}-password",
        send=send,
        evidence=lambda mark: password_evidence(call.reader, login, password),
        seconds=SECONDS,
        twice_is_once=True,
    )


def password_evidence(reader: Reader, login: int, password: str) -> Evidence:
    """Whether the account has this password.

    MT4 says whether it is one of the two, and refuses to say for a disabled account. Without a
    "yes" it may be sent again: it is the same password, so that twice does no more than once.
    """
    try:
        fits = reader.check_password(login, password)
    except Rejected as rejected:
        return Evidence("absent", f"MT4 does not check it: {rejected.explain()}")
    if fits:
        return Evidence("found", "MT4 accepts the new password.")
    return Evidence("absent", "MT4 does not accept the new password.")


@register
@dataclass(frozen=True, kw_only=True)
class ResetPassword(AccountCommand):
    """Replace the main or the investor password by a new random one."""

    name: ClassVar[str] = "accounts.reset_password"
    label: ClassVar[str] = "New password"
    prefix: ClassVar[str] = "PW"
    permission: ClassVar[str] = "accounts.reset_password"
    form_url: ClassVar[str | None] = "account_password"

    which: str

    def aims(self) -> dict[str, Any]:
        """Nothing that could be read again: MT4 gives no password away."""
        return {}

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """An account that exists, and one of its two passwords."""
        if self.which not in WORDS:
            raise Invalid.of("Choose the main or the investor password.", "which")
        self.user(reader)

    def preview(self, reader: Reader | None) -> Preview:
        """Which password, and that the old one stops working."""
        user = self.user(reader)
        word = WORDS[self.which].lower()
        return Preview(
            sentence=f"Give {self.login} {user.name} a new {word}; the old one stops working.",
            button=f"Reset {word}",
            changes=[Change(WORDS[self.which], "as it is", "new, made by the panel")],
            checks=[Check("ok", "It is shown once, on the page of the request, to you alone.")],
        )

    def execute(self, call: Call) -> None:
        """One step."""
        set_new_password(call, self.login, self.which)

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """There is nothing that could be read again."""
        return ""
