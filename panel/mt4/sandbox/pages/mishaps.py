"""Mishaps of the whole server, and what its plug-ins have changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from panel.mt4.sandbox.hooks import Hooked
from panel.mt4.sandbox.pages.html import (
    Markup,
    choice,
    columns,
    facts,
    field,
    form,
    join,
    moment,
    section,
    table,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.state import State

SHOWN = 50
_HEADS = columns("Time", "#Ticket", "#Account", "#Asked for", "~Comment asked", "#Booked",
                 "~Comment booked", "~Plug-ins")  # fmt: skip


def listed(state: State, backups: Sequence[str]) -> Page:
    newest = islice(reversed(state.hooks.changed), SHOWN)
    live = join(
        (
            facts(
                (
                    ("Server", state.config.common.name),
                    ("Newest ticket", state.last_ticket),
                    ("Clock is wrong by", f"{state.clock.shift.total_seconds() / 3600:+g} h"),
                )
            ),
            section(
                "Changed by plug-ins",
                table(_HEADS, map(_row, newest), "Plug-ins have changed nothing yet."),
            ),
        )
    )
    return Page("Mishaps", live, join(_forms(backups)))


def _row(row: Hooked) -> Sequence[object]:
    return (
        moment(row.time),
        row.ticket,
        row.login,
        row.asked_amount,
        row.asked_comment,
        row.amount,
        row.comment,
        ", ".join(row.plugins),
    )


def _forms(backups: Sequence[str]) -> list[Markup]:
    hours = field("hours", "Hours", kind="number", value=72, hint="back: below 0", more="required")
    forms = [
        section("Set the clock wrong", form("/clock/jump", "Jump", hours)),
        section("Forget every idempotency key", form("/keys/forget", "Forget the keys")),
        section("Back accounts and records up", form("/backups", "Back up now")),
    ]
    if backups:
        names = choice("name", "Backup", [(name, name) for name in reversed(backups)])
        forms.append(section("Go back to a backup", form("/restore", "Restore", names)))
    return forms
