"""Everything about one account: figures, open orders, history, record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.figures import shown
from panel.mt4.sandbox.pages.accounts import level_of, percent, state_of
from panel.mt4.sandbox.pages.html import (
    NOTHING,
    Markup,
    badge,
    columns,
    facts,
    join,
    link,
    moment,
    money,
    price,
    section,
    table,
    text,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.records import Account, is_position
from panel.mt4.sandbox.state import State

HISTORY = 40

_OPEN = columns(
    "Ticket", "Type", "Symbol", "#Lots", "#Open price", "#SL", "#TP", "#Now", "#Swap",
    "#Commission", "#Taxes", "#Profit", "Opened", "Comment",
)  # fmt: skip
_CLOSED = columns(
    "Ticket", "Type", "Symbol", "#Lots", "#Open price", "#Close price", "#Swap", "#Commission",
    "#Taxes", "#Profit", "Closed", "Comment",
)  # fmt: skip


def one(state: State, account: Account, *, newer: int) -> Page:
    """The page of an account; its history begins behind so many newer records."""
    login = account.login
    currency = state.groups[account.user.group].group.currency
    opened = (_open_row(shown(state, trade), currency) for trade in state.open_trades(login))
    live = join(
        (
            section("Figures", _figures(state, account, currency)),
            section("Open orders", table(_OPEN, opened, "No open orders.")),
            _history(state, login, newer, currency),
            section("Record", _record(account)),
        )
    )
    return Page(f"{login} {account.user.name}", live)


def _figures(state: State, account: Account, currency: str) -> Markup:
    user, level = account.user, level_of(state, account)
    recomputed = state.recomputed_balance(user.login)
    sum_of = badge("agrees", "good")
    if user.balance != recomputed:
        sum_of = money(recomputed, currency)
    return facts(
        (
            ("Balance", Markup(f"{money(user.balance, currency)} {text(currency)}")),
            ("Credit", money(user.credit, currency)),
            ("Equity", money(level.equity if level else None, currency)),
            ("Margin", money(level.margin if level else None, currency)),
            ("Free margin", money(level.free if level else None, currency)),
            ("Level %", percent(level)),
            ("State", state_of(account, level)),
            ("Sum of history", sum_of),
        )
    )


def _record(account: Account) -> Markup:
    user = account.user
    return facts(
        (
            ("Group", user.group),
            ("Leverage", f"1:{user.leverage}"),
            ("Country, city", ", ".join(filter(None, (user.country, user.city))) or NOTHING),
            ("E-mail", user.email or NOTHING),
            ("Registered", moment(user.registration_date)),
            ("Last seen", moment(user.last_date)),
            ("Passwords", _passwords(account)),
            ("Comment", user.comment or NOTHING),
        )
    )


def _history(state: State, login: int, newer: int, currency: str) -> Markup:
    closed = sorted(
        state.closed_trades(login),
        key=lambda trade: (trade.close_time, trade.order),
        reverse=True,
    )
    rows = closed[newer : newer + HISTORY]
    links = []
    if newer:
        links.append(link(f"/accounts/{login}?newer={max(0, newer - HISTORY)}", "Newer"))
    if len(closed) > newer + HISTORY:
        links.append(link(f"/accounts/{login}?newer={newer + HISTORY}", "Older"))
    place = f"{newer + 1} to {newer + len(rows)} of {len(closed)}" if rows else ""
    pager = Markup(
        f'<nav class="pager" aria-label="Pages of history"><span class="quiet">{place}</span> '
        f"{join(links, ' ')}</nav>"
    )
    body = table(_CLOSED, (_closed_row(row, currency) for row in rows), "No history.")
    return section("History", body, pager if rows else "")


def _passwords(account: Account) -> str:
    names = {"main": account.password, "investor": account.investor_password}
    return ", ".join(f"{name} {'set' if digest else 'not set'}" for name, digest in names.items())


def _open_row(trade: Trade, currency: str) -> tuple[Any, ...]:
    digits = trade.digits
    return (
        trade.order,
        trade.trade_command.wire,
        trade.symbol,
        _lots(trade),
        price(trade.open_price, digits),
        _level(trade.sl, digits),
        _level(trade.tp, digits),
        price(trade.close_price, digits),
        money(trade.storage, currency),
        money(trade.commission, currency),
        money(trade.taxes, currency),
        money(trade.profit, currency) if is_position(trade) else NOTHING,
        moment(trade.open_time),
        trade.comment,
    )


def _closed_row(trade: Trade, currency: str) -> tuple[Any, ...]:
    return (
        trade.order,
        trade.trade_command.wire,
        trade.symbol,
        _lots(trade),
        _level(trade.open_price, trade.digits),
        _level(trade.close_price, trade.digits),
        money(trade.storage, currency),
        money(trade.commission, currency),
        money(trade.taxes, currency),
        money(trade.profit, currency),
        moment(trade.close_time),
        trade.comment,
    )


def _lots(trade: Trade) -> str:
    return f"{trade.volume / 100:.2f}" if trade.volume else ""


def _level(value: Decimal, digits: int) -> str | Markup:
    return price(value, digits) if value else NOTHING
