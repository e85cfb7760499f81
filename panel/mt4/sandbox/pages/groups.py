"""Groups, and how each is switched where MT4's behaviour is open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from panel.mt4 import rules
from panel.mt4.sandbox import switches
from panel.mt4.sandbox.pages.html import (
    Markup,
    choice,
    columns,
    field,
    form,
    link,
    section,
    table,
    text,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.state import State

_LIST = columns("Group", "Currency", "Commission", "Set for", "Hedging", "Pending orders that fire")
_SET_FOR = {
    rules.CommissionFor.BY_KIND.value: "by kind: percent for a side",
    rules.CommissionFor.SIDE.value: "one side, booked for both",
    rules.CommissionFor.ROUND_TRIP.value: "the round trip",
}
_KINDS = tuple((kind, kind.lower()) for kind in switches.COMMISSION_KINDS)
_PENDINGS = {"no": "always open", "yes": "never hedge where forbidden"}


def listed(state: State, chosen: str) -> Page:
    """Every group; below it, the switches of the one that was chosen."""
    all_shown = [switches.shown(state, entry) for entry in state.groups.values()]
    live = section("Groups", table(_LIST, map(_row, all_shown), "No groups."))
    one = next((shown for shown in all_shown if shown["group"] == chosen), None)
    still = Markup('<p class="quiet">Choose a group to switch it.</p>')
    return Page("Groups", live, _form(one) if one else still, every=30)


def _row(shown: dict[str, Any]) -> tuple[Any, ...]:
    return (
        link(f"/groups?{urlencode({'group': shown['group']})}", shown["group"]),
        shown["currency"],
        ", ".join(shown["commissions"]) or "none",
        _SET_FOR[shown["commissionFor"]],
        "forbidden" if shown["hedgeProhibited"] else "allowed",
        _PENDINGS["yes" if shown["pendingsLookAtHedging"] else "no"],
    )


def _form(shown: dict[str, Any]) -> Markup:
    looks = "yes" if shown["pendingsLookAtHedging"] else "no"
    return section(
        f"Switch {shown['group']}, for orders from now on",
        form(
            "/groups",
            "Save the switches",
            Markup(f'<input type="hidden" name="group" value="{text(shown["group"])}">'),
            field("commission", "Commission", hint="empty: as it is", more='inputmode="decimal"'),
            choice("commissionKind", "Commission counts", _KINDS),
            choice(
                "commissionFor", "Commission is set for", _SET_FOR.items(), shown["commissionFor"]
            ),
            choice("pendingsLookAtHedging", "Pending orders", _PENDINGS.items(), looks),
        ),
    )
