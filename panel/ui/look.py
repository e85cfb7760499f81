"""The live look on which a decision stands: figures now, what changed, what would stop it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from panel.access import contact
from panel.commands import decide
from panel.commands.base import Check, Invalid, MT4Command, Preview
from panel.commands.registry import command_class
from panel.commands.rules import earlier_rule
from panel.commands.submit import live_reader
from panel.commands.votes import given, maker_gone
from panel.lib.digest import sha256
from panel.models import ChangeRequest, User
from panel.mt4.errors import MT4Error, Unavailable
from panel.ui.story import currency_of, value_text, words_of


@dataclass(frozen=True, slots=True)
class Line:
    """One value: at the time of the request, now, and once it is done (empty if it stays)."""

    label: str
    asked: str
    now: str
    after: str = ""

    @property
    def changed(self) -> bool:
        """Whether it is another one than when it was asked for."""
        return self.asked != self.now


@dataclass(slots=True)
class Look:
    """What was read for this page. `digest` goes back with the approval: it says what was seen.

    `away`: why the trade server could not be asked; `stops`: why it would not go through. With
    either there is no approving.
    """

    digest: str = ""
    sentence: str = ""
    lines: list[Line] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    away: str = ""

    @property
    def stops(self) -> list[str]:
        """What forbids approving, in words."""
        return [check.text for check in self.checks if check.level == "stop"]

    @property
    def warnings(self) -> list[Check]:
        """What is worth a thought before approving."""
        return [check for check in self.checks if check.level == "warn"]

    @property
    def moving(self) -> list[Line]:
        """The lines that a last look before approving needs: what will be another one, or is."""
        return [line for line in self.lines if line.after or line.changed]

    def conceal(self) -> None:
        """Dot out the contact details."""
        self.lines = [
            replace(line, asked=contact.HIDDEN, now=contact.HIDDEN, after=contact.HIDDEN)
            if contact.is_contact(line.label)
            else line
            for line in self.lines
        ]

    @property
    def may_approve(self) -> bool:
        """Whether the button is there to be pressed."""
        return bool(self.digest) and not self.stops and not self.away


def live_look(request: ChangeRequest, person: User | None = None) -> Look:
    """Read everything anew. What goes wrong is told in the look, not raised.

    `person` is whoever may approve it on this page: what they have to do first stops them.
    """
    if request.platform and request.platform.is_away and _asks_mt4(request):
        return Look(
            away=f"{request.platform.name} does not answer: its figures cannot be read.",
            checks=told_of(request),
        )
    look = Look()
    if request.on_hold:
        look.checks.append(Check("stop", f"It is on hold: {request.on_hold}"))
    look.checks += told_of(request)
    try:
        command_class(request.command).read_anew(request)
        command, live = decide.live_before(request)
        reader = live_reader(command)
        preview = command.preview(reader)
        look.digest = sha256(live)
        look.sentence = preview.sentence
        look.lines = compare(request, live, preview)
        look.checks += preview.checks
        if person is not None:
            look.checks += [Check("stop", text) for text in command.to_do_first(request, person)]
        command.validate(reader, None)
    except Invalid as invalid:
        told = look.stops
        texts = [text for some in invalid.errors.values() for text in some if text not in told]
        look.checks += [Check("stop", text) for text in texts]
    except Unavailable as away:
        look.away = away.explain()
    except MT4Error as refused:
        look.checks.append(Check("stop", refused.explain()))
    return look


def told_of(request: ChangeRequest) -> list[Check]:
    """What has happened around the request since it was asked for: its maker, its rule."""
    texts = [maker_gone(request)]
    earlier = earlier_rule(request)
    if earlier:
        texts.append(earlier.text)
    texts += [lost.text for lost in given(request)[1]]
    return [Check("warn", text) for text in texts if text]


def _asks_mt4(request: ChangeRequest) -> bool:
    return issubclass(command_class(request.command), MT4Command)


def compare(request: ChangeRequest, live: Mapping[str, Any], preview: Preview) -> list[Line]:
    """What changes, what it stands on, then whatever else has changed since it was asked."""
    kept: Mapping[str, Any] = request.preview
    asked = {change["label"]: change["before"] for change in kept.get("changes", ())}
    asked |= kept.get("figures", {})
    after = {change.label: change.after for change in preview.changes}
    # A figure names its currency, a change does not: the figure speaks where there are both.
    now = {change.label: change.before for change in preview.changes} | preview.figures
    lines = [
        Line(label, asked.get(label, ""), text, after.get(label, "")) for label, text in now.items()
    ]
    lines = [_without_currency(line, request.currency) for line in lines]
    told = {label.casefold() for label in now}
    for name in sorted({*request.before, *live}):
        was, is_now = request.before.get(name), live.get(name)
        if was == is_now or words_of(name).casefold() in told:
            continue
        currency = currency_of(live, name, request.currency)
        line = Line(words_of(name), value_text(was, currency), value_text(is_now, currency))
        if not _is_told(line, lines):
            lines.append(line)
    return lines


def _is_told(line: Line, lines: list[Line]) -> bool:
    """Whether it repeats a figure under its fuller name: `To balance` after `100010 balance`."""
    last = line.label.casefold().split()[-1:]
    return any(
        (line.asked, line.now) == (other.asked, other.now)
        and last == other.label.casefold().split()[-1:]
        for other in lines
    )


def _without_currency(line: Line, currency: str) -> Line:
    """The currency stands once, in the table's head."""
    if not currency:
        return line
    suffix = f" {currency}"
    return replace(
        line,
        asked=line.asked.removesuffix(suffix),
        now=line.now.removesuffix(suffix),
        after=line.after.removesuffix(suffix),
    )
