"""The live look on which a decision stands: figures now, what changed, what would stop it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panel.commands import decide
from panel.commands.base import Change, Check, Invalid, MT4Command
from panel.commands.registry import command_class
from panel.commands.submit import live_reader
from panel.lib.digest import sha256
from panel.models import ChangeRequest
from panel.mt4.errors import MT4Error, Unavailable
from panel.pages.story import value_text, words_of


@dataclass(frozen=True, slots=True)
class Figure:
    """One value at the time of the request and now."""

    label: str
    asked: str
    now: str

    @property
    def changed(self) -> bool:
        """Whether it is another one by now."""
        return self.asked != self.now


@dataclass(slots=True)
class Look:
    """What was read for this page. `digest` goes back with the approval: it says what was seen.

    `away`: why the trade server could not be asked; `stops`: why it would not go through. With
    either there is no approving.
    """

    digest: str = ""
    figures: list[Figure] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    away: str = ""

    @property
    def stops(self) -> list[str]:
        """What forbids approving, in words."""
        return [check.text for check in self.checks if check.level == "stop"]

    @property
    def has_changed(self) -> bool:
        """Whether anything is another one than when it was asked for."""
        return any(figure.changed for figure in self.figures)

    @property
    def may_approve(self) -> bool:
        """Whether the button is there to be pressed."""
        return bool(self.digest) and not self.stops and not self.away


def live_look(request: ChangeRequest) -> Look:
    """Read everything anew. What goes wrong is told in the look, not raised."""
    if request.platform and request.platform.is_away and _asks_mt4(request):
        return Look(away=f"{request.platform.name} does not answer: its figures cannot be read.")
    look = Look()
    try:
        command, live = decide.live_before(request)
        reader = live_reader(command)
        preview = command.preview(reader)
        look.digest = sha256(live)
        look.figures = compare(request, live, preview.figures)
        look.changes = list(preview.changes)
        look.checks = list(preview.checks)
        command.validate(reader, None)
    except Invalid as invalid:
        look.checks += [Check("stop", text) for texts in invalid.errors.values() for text in texts]
    except Unavailable as away:
        look.away = away.explain()
    except MT4Error as refused:
        look.checks.append(Check("stop", refused.explain()))
    return look


def _asks_mt4(request: ChangeRequest) -> bool:
    return issubclass(command_class(request.command), MT4Command)


def compare(
    request: ChangeRequest, live: Mapping[str, Any], now: Mapping[str, str]
) -> list[Figure]:
    """Figures in the command's own words, then whatever else it stands on and has changed."""
    asked: Mapping[str, str] = request.preview.get("figures", {})
    rows = [Figure(label, asked.get(label, ""), text) for label, text in now.items()]
    told = {label.casefold() for label in now}
    for name in sorted({*request.before, *live}):
        was, is_now = request.before.get(name), live.get(name)
        if was != is_now and words_of(name).casefold() not in told:
            rows.append(Figure(words_of(name), value_text(was), value_text(is_now)))
    return rows
