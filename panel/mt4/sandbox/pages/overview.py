"""The first page: how the server is, and what it did last; and what it sent to nobody."""

from __future__ import annotations

from collections.abc import Iterable

from panel.mt4.sandbox.options import CLIENT_ID
from panel.mt4.sandbox.pages.calls import calls_table, lines_table
from panel.mt4.sandbox.pages.html import Markup, columns, facts, join, moment, section, table
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.server import Logged
from panel.mt4.sandbox.state import State

CALLS, LINES = 12, 12

_MAIL = columns("Time", "From", "~To", "Subject", "~Text")
_PUSH = columns("Time", "~To", "~Message")
_NEWS = columns("Time", "~Headline", "Category", "~Text")


def page(state: State, calls: Iterable[Logged], keys: int, faults: int, platform: str) -> Page:
    newest = list(calls)[: -CALLS - 1 : -1]
    opened = len(state.open_tickets)
    live = join(
        (
            facts(
                (
                    ("Server", state.config.common.name),
                    ("Accounts", f"{len(state.accounts):,}"),
                    ("Open orders", f"{opened:,}"),
                    ("Closed records", f"{len(state.trades) - opened:,}"),
                    ("Groups", len(state.groups)),
                    ("Symbols", len(state.symbols)),
                    ("Ticks since the start", f"{state.ticks.count:,}"),
                    ("Keys remembered", f"{keys:,}"),
                    ("Faults switched on", faults),
                )
            ),
            section("Last calls", calls_table(newest)),
            section("Journal", lines_table(state, LINES)),
        )
    )
    still = Markup(
        '<p class="quiet">An MT4 server in a box: it speaks the JSON WebAPI version 2, for demo, '
        f"training and tests. No money here is real. Platform <code>{platform}</code>, client "
        f"<code>{CLIENT_ID}</code>.</p>"
    )
    return Page("Overview", live, still)


def outbox(state: State) -> Page:
    """Mail, push messages and news: nothing of it leaves the sandbox."""
    post = state.post
    mail = (
        (
            moment(each.mail.time),
            each.mail.sender_name,
            ", ".join(map(str, each.logins)),
            each.mail.subject,
            each.mail.body,
        )
        for each in reversed(post.letters)
    )
    pushes = (
        (moment(each.time), ", ".join(map(str, each.logins)), each.message)
        for each in reversed(post.pushes)
    )
    news = (
        (moment(each.topic.time), each.topic.topic, each.topic.category, each.body)
        for each in reversed(post.news)
    )
    live = join(
        (
            section("Internal mail", table(_MAIL, mail, "No letters.")),
            section("Push messages", table(_PUSH, pushes, "No push messages.")),
            section("News", table(_NEWS, news, "No news.")),
        )
    )
    return Page("Outbox", live)
