"""Groups, and how each is switched where MT4's behaviour is open."""

from __future__ import annotations

from panel.mt4 import rules
from panel.mt4.sandbox import switches
from panel.mt4.sandbox.pages.html import Markup, choice, columns, field, form, join, section, table
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.state import State

_LIST = columns("Group", "Currency", "Commission", "Set for", "Hedging", "Pending orders that fire")
_SET_FOR = {
    rules.CommissionFor.BY_KIND.value: "a percentage for a side, the rest for the round trip",
    rules.CommissionFor.SIDE.value: "one side: both are booked at opening",
    rules.CommissionFor.ROUND_TRIP.value: "the round trip",
}
_KINDS = tuple((kind, kind.lower()) for kind in switches.COMMISSION_KINDS)
_PENDINGS = (("no", "open, whatever is open already"), ("yes", "are deleted if they would hedge"))


def listed(state: State) -> Page:
    rows = []
    for entry in state.groups.values():
        shown = switches.shown(state, entry)
        rows.append(
            (
                Markup(f"<code>{shown['group']}</code>"),
                shown["currency"],
                ", ".join(shown["commissions"]) or "none",
                _SET_FOR[shown["commissionFor"]],
                "forbidden" if shown["hedgeProhibited"] else "allowed",
                dict(_PENDINGS)["yes" if shown["pendingsLookAtHedging"] else "no"],
            )
        )
    live = section("Groups", table(_LIST, rows, "No groups."))
    names = [(name, name) for name in state.groups]
    still = section(
        "Switch a group, for orders from now on",
        form(
            "/groups",
            "Save the switches",
            choice("group", "Group", names),
            field("commission", "Commission", hint="empty: as it is", more='inputmode="decimal"'),
            choice("commissionKind", "Commission counts", _KINDS),
            choice("commissionFor", "Commission is set for", _SET_FOR.items()),
            choice("pendingsLookAtHedging", "Pending orders where hedging is forbidden", _PENDINGS),
        ),
    )
    return Page("Groups", live, join((still,)), every=30)
