"""Eight groups in several currencies, and the managers' own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panel.mt4.protocol.enums import MarginMode
from panel.mt4.protocol.flags import GroupRights
from panel.mt4.protocol.records import Group, GroupMargin, GroupSec
from panel.mt4.sandbox.records import GroupEntry
from panel.mt4.sandbox.seed.instruments import SYMBOL_GROUPS
from panel.mt4.sandbox.state import State

MANAGERS = "manager"
SECURITIES = 32  # MT4 keeps this many slots, used or not


@dataclass(frozen=True, slots=True)
class Plan:
    """A trading group: terms of trade, how many of the accounts, and the usual first deposit."""

    name: str
    currency: str
    leverage: int
    margin_call: int
    stopout: int
    commission: str
    share: int
    deposit: int


PLANS = (
    Plan("real-std-usd", "USD", 200, 100, 50, "0", 30, 2_000),
    Plan("real-ecn-usd", "USD", 100, 100, 50, "7", 16, 6_000),
    Plan("real-std-eur", "EUR", 200, 100, 50, "0", 18, 2_000),
    Plan("real-vip-eur", "EUR", 100, 80, 40, "5", 5, 60_000),
    Plan("real-std-gbp", "GBP", 200, 100, 50, "0", 9, 1_800),
    Plan("real-std-jpy", "JPY", 100, 100, 50, "0", 6, 300_000),
    Plan("real-micro-usd", "USD", 500, 60, 20, "0", 9, 150),
    Plan("retail-eu", "EUR", 30, 100, 50, "0", 7, 1_500),
)


def _entry(plan: Plan) -> GroupEntry:
    group = Group(
        group=plan.name,
        enable=1,
        timeout=7,
        company="Sandbox Markets Ltd",
        support_page="https://support.example.com",
        support_email="support@example.com",
        reports=1,
        default_leverage=plan.leverage,
        max_securities=4096,
        sec_margins_total=1,
        currency=plan.currency,
        margin_call=plan.margin_call,
        margin_mode=MarginMode.UseAll,
        margin_stopout=plan.stopout,
        use_swap=1,
        group_rights=(
            GroupRights.Signals
            | GroupRights.Trailing
            | GroupRights.Advisor
            | GroupRights.Expiration
        ),
        max_positions=200,
        archive_period=90,
        archive_pending_period=90,
    )
    security = GroupSec(
        show=1,
        trade=1,
        dealing_mode="Auto",
        standard_commission=Decimal(plan.commission),
        commission_type="Money",
        commission_lots_mode="PerLot",
        agent_commission_mode="Money",
        lot_min=1,
        lot_max=10_000,
        lot_step=1,
        ie_deviation=2,
        trade_rights="None",
        auto_close_out_mode="None",
        commission_agent_lots="PerLot",
    )
    unused = SECURITIES - len(SYMBOL_GROUPS)
    securities = (*[security] * len(SYMBOL_GROUPS), *[GroupSec()] * unused)
    # Gold costs the retail clients of this broker twice the usual margin.
    divider = Decimal("0.5") if plan.name == "retail-eu" else Decimal(1)
    return GroupEntry(group, securities, (GroupMargin(symbol="XAUUSD", margin_divider=divider),))


def add_to(state: State) -> None:
    """Put the groups into an empty state."""
    staff = Plan(MANAGERS, "USD", 100, 0, 0, "0", 0, 0)
    for plan in (staff, *PLANS):
        state.groups[plan.name] = _entry(plan)
