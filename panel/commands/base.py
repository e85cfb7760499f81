"""Command: the one shape of everything that changes something."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from panel.access.policy import Needed
from panel.lib.digest import plain

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.models import ChangeRequest, Platform, User
    from panel.mt4.protocol.records import Trade
    from panel.mt4.read import Reader


class Risk(enum.StrEnum):
    """What is at stake."""

    NORMAL = "normal"
    MONEY = "money"
    CRITICAL = "critical"


class Invalid(Exception):
    """The command cannot be carried out as it stands; messages by field, `""` for the whole."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(text for texts in errors.values() for text in texts))

    @classmethod
    def of(cls, text: str, name: str = "") -> Invalid:
        """One message, for one field or for the whole."""
        return cls({name: [text]})


@dataclass(frozen=True, slots=True)
class Change:
    """One line of before and after, in words for people."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ok, worth a warning, or a stop.

    `about` names its kind where many are counted together; empty elsewhere.
    """

    level: Literal["ok", "warn", "stop"]
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What will happen, before it does."""

    sentence: str
    button: str
    changes: Sequence[Change] = ()
    checks: Sequence[Check] = ()
    figures: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the request's row."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Target:
    """What a command is about.

    Of two things that are not there yet, `key` tells the one from the other: a request replaces an
    earlier one of the same kind, key and login alone.

    `further_groups` are those of other accounts that it concerns, beside `group`: only who sees
    all of them sees the request.
    """

    kind: str
    key: str
    text: str
    login: int | None = None
    group: str = ""
    currency: str = ""
    further_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What MT4 alone says about whether a step happened.

    `found`: it did, exactly as asked. `absent`: certainly not. `unclear`: a person must look
    (two records, another amount); then `text` says what was seen.

    `mark` is what a look before the first sending leaves for the later ones: by what they tell
    records that came after it from those that were there. Empty where the step needs none.
    """

    verdict: Literal["found", "absent", "unclear"]
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    mark: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Records:
    """MT4's records beside a request of unknown outcome, for people to judge.

    `ours` carry its mark, `candidates` came after it was first sent and belong to nothing else that
    is known, `earlier` were there before. `trouble` says why they could not be read.
    """

    ours: Sequence[Trade] = ()
    candidates: Sequence[Trade] = ()
    earlier: Sequence[Trade] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What an ended request left for people to do: in words, and on which page.

    `notice` is the kind of notice by which they hear of it, `rights` those without which nobody
    could do it, `but` the people who must not all the same.
    """

    notice: str
    text: str
    url: str
    rights: frozenset[str]
    but: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Command:
    """A change. Subclasses are frozen keyword-only dataclasses whose fields are the payload.

    Field types: int, str, bool, Decimal, datetime, date, tuple or dict of those, or None.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    prefix: ClassVar[str]
    permission: ClassVar[str]
    approve_permission: ClassVar[str]
    risk: ClassVar[Risk]
    # URL name of the form that makes this command; None for those made by a button elsewhere.
    form_url: ClassVar[str | None] = None
    # URL name of a page of its own on which it is decided, by its reference; else the request's.
    review_url: ClassVar[str | None] = None
    # What is demanded when no policy speaks: closed for what is critical.
    default_needed: ClassVar[Needed] = Needed(0, (), "Runs at once: no policy asks for approval.")
    # Whether whoever asks for it has to say why.
    reason_needed: ClassVar[bool] = False
    # The request it was loaded from, so that its preview does not warn of itself; else empty.
    request_reference: ClassVar[str] = ""

    @property
    def moves_money(self) -> bool:
        """Whether it moves money on an MT4 account."""
        return self.risk is Risk.MONEY

    @property
    def amount(self) -> Decimal | None:
        """The amount that policies look at, in the account's currency; None without one."""
        return None

    @property
    def least_needed(self) -> Needed:
        """The approvals without which it never runs, whatever the policies say."""
        return self.default_needed

    def get_platform(self) -> Platform | None:
        """The platform it is about; None for a change of the panel itself."""
        return None

    def target(self, reader: Reader | None) -> Target:
        """What it is about, read live."""
        raise NotImplementedError

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Raise `Invalid` for everything that is wrong. Runs at submission and again on execution
        (then without an actor)."""
        raise NotImplementedError

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The live values that the decision stands on; a difference later asks again."""
        raise NotImplementedError

    def preview(self, reader: Reader | None) -> Preview:
        """What will happen, in a sentence, with checks."""
        raise NotImplementedError

    def hold_limits(
        self, maker: User, target: Target, *, but: ChangeRequest | None, lock: bool
    ) -> None:
        """Raise `Invalid` if it would go past a limit of its maker.

        `but` is the request that it replaces. With `lock` this runs in the transaction that
        writes the request, and nobody else's request of the same maker is counted meanwhile.
        """

    def watched(self, before: dict[str, Any]) -> dict[str, Any]:
        """The part of `before` that must still hold when it is carried out."""
        return before

    def may_ask(self, person: User) -> str:
        """A further reason why this person may not ask for it, in words; empty if there is none.

        A denial: it is written into the audit log.
        """
        return ""

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """A further reason why this person may not decide, in words; empty if there is none."""
        return ""

    @classmethod
    def moves_text(cls, request: ChangeRequest) -> str:
        """What it moves, where one amount would mislead: in, out and net apart; else empty."""
        return ""

    @classmethod
    def read_anew(cls, request: ChangeRequest) -> None:
        """Hook: its decision is opened or taken; read again what is stored for it.

        Raises the errors of `panel.mt4.errors`.
        """

    def to_do_first(self, request: ChangeRequest, person: User) -> Sequence[str]:
        """What this person has to do before they may approve it; rejecting does not wait."""
        return ()

    def approving(self, request: ChangeRequest, person: User) -> None:
        """Hook: this person approves; same transaction. Raises `Invalid` if it is too early."""
        todo = self.to_do_first(request, person)
        if todo:
            raise Invalid({"": list(todo)})

    def lock(self) -> None:
        """Lock the rows that applying it will change, in the order of their kinds: requests first.

        Called in the transaction that applies it, before the audit log's head is locked.
        """

    @classmethod
    def left_open(cls, request: ChangeRequest) -> Leftover | None:
        """What it left for people to do once it had ended; None if nothing, or no longer."""
        return None

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """Hook: the request was made; same transaction."""

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Hook: the request took a step; same transaction."""


def platform_in_use(slug: str) -> Platform:
    """A platform by its slug; raises `Invalid` if there is none or it is switched off."""
    from panel.models import Platform

    found = Platform.objects.filter(slug=slug, enabled=True).first()
    if found is None:
        raise Invalid.of("This platform does not exist or is switched off.", "platform")
    return found


@dataclass(frozen=True, kw_only=True)
class MT4Command(Command):
    """A change on an MT4 server. Its steps go through `Call.step`, each with its evidence."""

    platform: str

    def get_platform(self) -> Platform:
        """The platform by its slug; raises `Invalid` if there is none or it is switched off.

        Looked up once: a command is loaded anew for each thing that is done with it.
        """
        return self._platform_row

    @cached_property
    def _platform_row(self) -> Platform:
        return platform_in_use(self.platform)

    def check_again(self, reader: Reader, request: ChangeRequest) -> None:
        """Raise `Invalid` unless what was approved is still possible, on live figures; what was
        read is kept on the row, as the values from before. Called before every sending as long as
        nothing of the request is done."""
        self.validate(reader, None)
        approved = request.approvals.order_by("-created").values_list("live", flat=True).first()
        before = plain(self.before(reader))
        type(request).objects.filter(pk=request.pk).update(before_sending=before)
        request.before_sending = before
        expected, live = self.watched(approved or request.before), self.watched(before)
        changed = [name for name in expected if live.get(name) != expected[name]]
        if changed:
            raise Invalid.of(
                "Changed since it was decided: "
                + ", ".join(f"{name} is {live.get(name)}, was {expected[name]}" for name in changed)
                + ". Submit it again if it is still wanted."
            )

    def execute(self, call: Call) -> None:
        """Take the steps. Raises the errors of `panel.mt4.errors`; never repeats by itself."""
        raise NotImplementedError

    @classmethod
    def accounts(cls, request: ChangeRequest) -> Sequence[int]:
        """The logins on which it moves money: nothing else moves money there meanwhile."""
        return [request.login] if request.moves_money and request.login is not None else []

    @classmethod
    def records(cls, request: ChangeRequest) -> Records:
        """What MT4 has now that may be this request's, read live as its evidence is; for people."""
        return Records()

    @classmethod
    def in_doubt(cls, request: ChangeRequest) -> str:
        """The step of which nobody knows whether it happened; empty where there is one alone."""
        return ""

    @classmethod
    def goes_on(
        cls, request: ChangeRequest, happened: bool, words: dict[str, str]
    ) -> dict[str, Any] | None:
        """The progress with which a request goes on once people settled the step in doubt.

        None when their verdict is the outcome of the whole request. `words` is what is kept as the
        answer of the step.
        """
        return None

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """The values read again once done, to be held against what was approved."""
        return self.before(reader)

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """What differs from what was approved, in words; empty if nothing does."""
        return ""


@dataclass(frozen=True, kw_only=True)
class PanelCommand(Command):
    """A change of the panel's own rows, applied in one transaction with its outcome."""

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the rows; what it returns is kept as the result."""
        raise NotImplementedError
