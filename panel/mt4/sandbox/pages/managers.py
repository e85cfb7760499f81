"""Clients, the managers they act as, and what those may do."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from panel.mt4.sandbox.clients import Clients
from panel.mt4.sandbox.options import CLIENT_ID
from panel.mt4.sandbox.pages.html import (
    Markup,
    choice,
    columns,
    field,
    form,
    join,
    link,
    section,
    table,
    text,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.seed.people import ALL_RIGHTS
from panel.mt4.sandbox.state import State

MEANINGS: Mapping[str, str] = {
    "manager": "accounts and passwords",
    "money": "deposits and withdrawals",
    "online": "who is online",
    "risk_man": "margin levels",
    "broker": "orders",
    "admin": "settings of the server",
    "logs": "the journal",
    "reports": "reports",
    "trades": "correct and delete trades",
    "market_watch": "symbols and ticks",
    "email": "internal mail",
    "user_details": "personal details",
    "see_trades": "see trades",
    "news": "send news",
    "plugins": "plug-ins",
    "market": "the market of applications",
    "notifications": "push messages",
    "server_reports": "daily reports",
    "tech_support": "technical support",
}
_CLIENTS = columns("Client", "Acts as manager", "Remove")
_MANAGERS = columns("#Login", "Name", "Groups", "~May", "~May not")


def listed(state: State, clients: Clients, chosen: int) -> Page:
    client_rows = (
        (
            Markup(f"<code>{text(client.id)}</code>"),
            client.manager if client.manager in state.managers else f"{client.manager}, gone",
            ""
            if client.id == CLIENT_ID
            else form(f"/clients/{quote(client.id, safe='')}/off", "Remove", kind="small"),
        )
        for client in clients
    )
    manager_rows = (
        (
            link(f"/managers?login={manager.login}", manager.login),
            manager.name,
            Markup(f"<code>{text(manager.groups or 'none')}</code>"),
            ", ".join(MEANINGS[name] for name in ALL_RIGHTS if getattr(manager, name)),
            ", ".join(MEANINGS[name] for name in ALL_RIGHTS if not getattr(manager, name)),
        )
        for manager in state.managers.values()
    )
    live = join(
        (
            section("Clients", table(_CLIENTS, client_rows, "No clients.")),
            section("Managers", table(_MANAGERS, manager_rows, "No managers.")),
        )
    )
    return Page("Clients and managers", live, join((_client_form(state), _form(state, chosen))))


def _client_form(state: State) -> Markup:
    managers = [(str(m.login), f"{m.login} {m.name}") for m in state.managers.values()]
    return section(
        "Add a client, or give one another secret or manager",
        form(
            "/clients",
            "Save the client",
            field("id", "Client id", more='required autocomplete="off"'),
            field("secret", "Secret", more='required autocomplete="off"'),
            choice("manager", "Acts as", managers),
        ),
    )


def _form(state: State, chosen: int) -> Markup:
    manager = state.managers.get(chosen)
    ticks = "".join(
        f'<label class="tick"><input type="checkbox" name="rights" value="{name}"'
        f"{' checked' if manager is None or getattr(manager, name) else ''}>"
        f"<span>{text(MEANINGS[name])}</span></label>"
        for name in ALL_RIGHTS
    )
    title = "Add a manager" if manager is None else f"Manager {chosen}"
    return section(
        title,
        form(
            "/managers",
            "Save the manager",
            field(
                "login",
                "Login",
                kind="number",
                value=chosen if manager else "",
                more='min="1" required',
            ),
            field("name", "Name", value=manager.name if manager else ""),
            field(
                "groups",
                "Groups",
                value=manager.groups if manager else "*",
                hint="masks: real-*,!real-vip-*",
                more="required",
            ),
            Markup(f'<fieldset class="ticks"><legend>May</legend>{ticks}</fieldset>'),
        ),
    )
