"""What was called, and what the journal says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from panel.mt4.sandbox.clock import server_time
from panel.mt4.sandbox.journal import KEPT
from panel.mt4.sandbox.pages.html import (
    Markup,
    badge,
    columns,
    field,
    join,
    link,
    table,
    text,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.server import Logged
from panel.mt4.sandbox.state import State

SHOWN = 200
LONG_KEY = 18

_CALLS = columns(
    "Time", "Operation", "Client", "Account", "Answer", "Outcome", "Fault", "#ms", "Key"
)
_LINES = columns("Time", "Kind", "From", "~What happened")
_ANSWERS = {"Ok": "good", "OutcomeUnknown": "unknown"}
_KINDS = {"Err": "bad", "Att": "bad", "Warn": "warn", "Trade": "good", "Login": "plain"}


def calls_table(calls: Iterable[Logged]) -> Markup:
    return table(_CALLS, map(_call, calls), "Nobody has called yet.")


def _call(call: Logged) -> Sequence[Any]:
    return (
        f"{server_time(call.at):%H:%M:%S}",
        call.operation,
        call.client,
        link(f"/accounts/{call.login}", call.login) if call.login else "",
        badge(call.code or "no answer", _ANSWERS.get(call.code, "bad")),
        badge(call.outcome, "unknown") if call.outcome else "",
        badge(call.fault, "warn") if call.fault else "",
        f"{call.ms:,.1f}",
        _short(call.key or ""),
    )


def _short(key: str) -> Markup:
    shown = key if len(key) <= LONG_KEY else f"{key[:LONG_KEY]}…"
    return Markup(f"<code>{text(shown)}</code>")


def listed(state: State, calls: Iterable[Logged], words: str) -> Page:
    """The last calls, newest first."""
    wanted = words.lower()
    found = [
        call
        for call in reversed(list(calls))
        if wanted in f"{call.operation} {call.login} {call.key} {call.code} {call.fault}".lower()
    ]
    live = calls_table(found[:SHOWN])
    if state.clock.standing is not None:
        live = join((Markup('<p class="quiet">Times are real ones; the clock stands.</p>'), live))
    return Page("Calls", live, above=_search("/calls", "Operation, account, key or answer", words))


def lines_table(state: State, count: int, words: str = "") -> Markup:
    wanted = words.lower()
    rows = (
        (
            f"{line.time:%Y-%m-%d %H:%M:%S}",
            badge(line.code, _KINDS.get(line.code, "plain")),
            line.ip,
            line.message,
        )
        for line in state.journal.last(KEPT)
        if wanted in line.message.lower()
    )
    shown = [row for row, _ in zip(rows, range(count), strict=False)]
    return table(_LINES, shown, "Nothing yet.")


def journal(state: State, words: str) -> Page:
    live = lines_table(state, SHOWN, words)
    return Page("Journal", live, above=_search("/journal", "Words", words))


def _search(action: str, label: str, words: str) -> Markup:
    return Markup(
        f'<form class="search" action="{action}" role="search">'
        f"{field('q', label, kind='search', value=words)}<button>Search</button></form>"
    )
