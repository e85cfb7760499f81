"""Opening an account: the record, then the main password, then the investor password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from accounts.commands.base import LEVERAGE_MOST, SECONDS, refresh_mirror
from accounts.commands.group import find_group, refuse_outside
from accounts.commands.password import INVESTOR, MAIN, set_new_password
from accounts.commands.profile import LABELS, profile_errors
from accounts.models import Account
from panel.commands.base import (
    Change,
    Check,
    Evidence,
    Invalid,
    MT4Command,
    Preview,
    Risk,
    Target,
)
from panel.commands.registry import register
from panel.lib.references import carries, new_reference
from panel.models import ChangeRequest
from panel.mt4.limits import FIELD_LIMITS
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import UserCreate

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call, Send
    from panel.mt4.protocol.records import User
    from panel.mt4.read import Reader

STEP = "create"
COMMENT_MOST = FIELD_LIMITS["comment"] - len(new_reference("OA")) - 1
"""Characters left for a comment once the request's reference stands before it."""


@register
@dataclass(frozen=True, kw_only=True)
class CreateAccount(MT4Command):
    """Open an account in a group, with both passwords; MT4 gives it the next login.

    The request's reference stands at the beginning of the record's comment: by it the account is
    found again should the answer get lost.
    """

    name: ClassVar[str] = "accounts.create"
    label: ClassVar[str] = "Opening of an account"
    prefix: ClassVar[str] = "OA"
    permission: ClassVar[str] = "accounts.create"
    approve_permission: ClassVar[str] = "accounts.approve"
    risk: ClassVar[Risk] = Risk.NORMAL
    form_url: ClassVar[str | None] = "account_create"

    group: str
    leverage: int
    profile: dict[str, str]

    def target(self, reader: Reader | None) -> Target:
        """A new account in the group; raises `Invalid` for a group that does not exist."""
        group = find_group(reader, self.group)
        return Target(
            kind="account",
            key="new",
            text=f"new account for {self.profile.get('name', '')}".strip(),
            group=group.group,
            currency=group.currency,
        )

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Every field within MT4's limits, a name, a group in use, a sensible leverage."""
        if unknown := self.profile.keys() - LABELS.keys():
            raise Invalid.of(f"A profile has no {', '.join(sorted(unknown))}.")
        errors = profile_errors({"name": "", **self.profile})
        if len(self.profile.get("comment", "")) > COMMENT_MOST:
            errors["comment"] = [f"Use at most {COMMENT_MOST} characters: the reference is added."]
        if not 1 <= self.leverage <= LEVERAGE_MOST:
            errors["leverage"] = [f"Choose a leverage from 1:1 to 1:{LEVERAGE_MOST}."]
        if errors:
            raise Invalid(errors)
        find_group(reader, self.group)
        refuse_outside(self.get_platform().pk, self.group, actor)

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The group's currency: the account will be kept in it."""
        return {"currency": find_group(reader, self.group).currency}

    def preview(self, reader: Reader | None) -> Preview:
        """Who, where, with which leverage; and whether the e-mail is known already."""
        group = find_group(reader, self.group)
        name = self.profile["name"]
        rows = [
            ("Group", self.group),
            ("Currency", group.currency),
            ("Leverage", f"1:{self.leverage}"),
            *((LABELS[field], text) for field, text in self.profile.items() if text),
        ]
        return Preview(
            sentence=f"Open an account for {name} in {self.group} ({group.currency}, "
            f"1:{self.leverage}), with a new main and a new investor password.",
            button=f"Open account for {name}",
            changes=[Change(label, "–", text) for label, text in rows],
            checks=[
                *self._twins(),
                Check("ok", "Both passwords are shown once, on the request's page, to you alone."),
            ],
        )

    def execute(self, call: Call) -> None:
        """Record, main password, investor password: each step once, however often resumed."""
        done = call.step(
            STEP,
            send=lambda parcel: self._send(call, parcel),
            evidence=lambda mark: self._evidence(call, mark),
            seconds=SECONDS,
        )
        for which in (MAIN, INVESTOR):
            set_new_password(call, int(done["login"]), which)

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """The new account as MT4 has it."""
        user = reader.account(created_login(request) or 0)
        fields = {name: getattr(user, name) for name in self.profile if name != "comment"}
        return {"login": user.login, "group": user.group, "leverage": user.leverage, **fields}

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """Which fields are not as they were asked for."""
        wanted = {"group": self.group, "leverage": self.leverage, **self.profile}
        other = [name for name, value in wanted.items() if after.get(name, value) != value]
        return f"Read again, it differs in: {', '.join(other)}." if other else ""

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """The request takes the login as soon as it is known, and the mirror reads the account."""
        login = created_login(request)
        if login is None:
            return
        if request.login is None:
            request.login, request.object_key = login, str(login)
            request.object_text = f"{login} {request.payload['profile']['name']}"[:200]
            ChangeRequest.objects.filter(pk=request.pk).update(
                login=login, object_key=request.object_key, object_text=request.object_text
            )
        refresh_mirror(request)

    def _send(self, call: Call, parcel: Send) -> dict[str, Any]:
        texts = {**self.profile, "comment": self._comment(call.reference)}
        record = UserCreate(
            group=self.group,
            leverage=self.leverage,
            enable_flags=EnableFlags.Enabled | EnableFlags.ChangePassword,
            **texts,  # type: ignore[arg-type]
        )
        return {"login": call.writer.create_account(record, **parcel.options()).login}

    def _comment(self, reference: str) -> str:
        return f"{reference} {self.profile.get('comment', '')}".strip()

    def _evidence(self, call: Call, mark: dict[str, Any] | None) -> Evidence:
        """Look for our reference in the group; once it was sent, everywhere before saying that it
        is nowhere. A server may change comments: a newer account of this name that nothing else
        here opened is for a person to look at.
        """
        there = call.reader.group_accounts(self.group)
        ours = _ours(there, call.reference)
        if not ours and mark is not None:
            everyone = (user for page in call.reader.accounts() for user in page)
            ours = _ours(everyone, call.reference)
        if not ours:
            newest = max((user.login for user in there), default=0)
            text = f"No account carries {call.reference} in its comment."
            alike = self._alike(there, mark.get("login", 0)) if mark is not None else []
            if alike:
                logins = ", ".join(str(login) for login in alike)
                return Evidence("unclear", f"{text} But {logins} has the same name and is newer.")
            return Evidence("absent", text, mark={"login": newest})
        if len(ours) > 1:
            logins = ", ".join(str(user.login) for user in ours)
            return Evidence("unclear", f"Several accounts carry {call.reference}: {logins}.")
        login = ours[0].login
        return Evidence("found", f"Account {login} carries {call.reference}.", {"login": login})

    def _alike(self, there: Iterable[User], after: int) -> list[int]:
        """Logins of this name above a login that no other request of ours opened."""
        newer = [
            user.login
            for user in there
            if user.login > after and user.name == self.profile.get("name", "")
        ]
        known = ChangeRequest.objects.filter(
            command=self.name, platform__slug=self.platform, login__in=newer
        )
        return sorted(set(newer) - set(known.values_list("login", flat=True)))

    def _twins(self) -> list[Check]:
        email = self.profile.get("email", "").lower()
        if not email:
            return [Check("warn", "There is no e-mail address.")]
        known = Account.objects.present().filter(platform__slug=self.platform, email_key=email)
        count = known.count()
        if not count:
            return [Check("ok", "No other account has this e-mail address.")]
        have = "1 account has" if count == 1 else f"{count} accounts have"
        return [Check("warn", f"{have} this e-mail address already.")]


def created_login(request: ChangeRequest) -> int | None:
    """The login that a request to open an account has brought, once it is known."""
    done = request.progress.get(STEP, {}).get("done", {})
    return int(done["login"]) if "login" in done else None


def _ours(users: Iterable[User], reference: str) -> list[User]:
    return [user for user in users if carries(user.comment, reference)]
