"""What each group of this server does where MT4's behaviour is open: switches that people set.

They are kept beside the settings and are none of them: no operation of the WebAPI shows them. A
group's commission is one of its settings, and set here since no operation writes it either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from panel.mt4 import rules
from panel.mt4.protocol.wire import WireError, read_number
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.records import GroupEntry
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store
from panel.mt4.sandbox.unit import Unit

COMMISSION_FOR = tuple(each.value for each in rules.CommissionFor)
COMMISSION_KINDS = tuple(each.value for each in rules.CommissionKind)
LARGEST_COMMISSION = 1_000_000
_KNOWN = {"group", "commission", "commissionKind", "commissionFor", "pendingsLookAtHedging"}


def load(state: State, store: Store) -> None:
    """Read the switches into a state that has none yet."""
    for group, commission_for, pendings in store.settings("switches"):
        state.switches[group] = replace(
            rules.DEFAULTS,
            commission_for=rules.CommissionFor(commission_for),
            pendings_look_at_hedging=pendings,
        )


def put(state: State, store: Store, given: Mapping[str, Any]) -> dict[str, Any]:
    """Set what `given` names of the group `given["group"]`; what is not named stays.

    `commissionFor` (one of `COMMISSION_FOR`) and `pendingsLookAtHedging` (true or false);
    `commission` (a number) with `commissionKind` (one of `COMMISSION_KINDS`) for every symbol of
    the group, per lot. Returns how the group is then. Raises ValueError, and nothing changed
    then, for an unknown group, name or value.
    """
    name = given.get("group")
    entry = state.groups.get(name) if isinstance(name, str) else None
    if entry is None:
        raise ValueError(f"there is no group {name!r}")
    if unknown := given.keys() - _KNOWN:
        raise ValueError(f"there is no switch {sorted(unknown)[0]!r}")
    before = choices_of(state, entry)
    pendings = given.get("pendingsLookAtHedging", before.pendings_look_at_hedging)
    if not isinstance(pendings, bool):
        raise ValueError("pendingsLookAtHedging is true or false")
    chosen = given.get("commissionFor", before.commission_for.value)
    if chosen not in COMMISSION_FOR:
        raise ValueError(f"commissionFor is one of: {', '.join(COMMISSION_FOR)}")
    entry = _with_commission(entry, given)
    wanted = replace(
        before,
        commission_for=rules.CommissionFor(chosen),
        pendings_look_at_hedging=pendings,
    )
    switches = state.switches | {entry.group.group: wanted}
    unit = Unit(state)
    settings.put_groups(unit, list((state.groups | {entry.group.group: entry}).values()))
    unit.then(
        lambda store: store.put_settings("switches", _rows(switches)),
        lambda: state.switches.update(switches),
    )
    unit.commit(store, None)
    return shown(state, entry)


def _with_commission(entry: GroupEntry, given: Mapping[str, Any]) -> GroupEntry:
    """The group with the commission that `given` asks for, if it does; raises ValueError."""
    if "commission" not in given and "commissionKind" not in given:
        return entry
    kind = given.get("commissionKind", rules.CommissionKind.MONEY.value)
    if kind not in COMMISSION_KINDS:
        raise ValueError(f"commissionKind is one of: {', '.join(COMMISSION_KINDS)}")
    try:
        base = read_number(given.get("commission"))
    except WireError as error:
        raise ValueError(f"commission: {error}") from None
    if not 0 <= base <= LARGEST_COMMISSION:
        raise ValueError(f"commission is from 0 to {LARGEST_COMMISSION}")
    return replace(
        entry,
        securities=tuple(
            replace(each, standard_commission=base, commission_type=kind) if each.trade else each
            for each in entry.securities
        ),
    )


def choices_of(state: State, entry: GroupEntry) -> rules.Choices:
    """What a group does; the defaults where nobody chose."""
    return state.switches.get(entry.group.group, rules.DEFAULTS)


def shown(state: State, entry: GroupEntry) -> dict[str, Any]:
    """A group's switches, and the settings of the group that they matter with."""
    choices = choices_of(state, entry)
    return {
        "group": entry.group.group,
        "currency": entry.group.currency,
        "commissionFor": choices.commission_for.value,
        "pendingsLookAtHedging": choices.pendings_look_at_hedging,
        "hedgeProhibited": bool(entry.group.hedge_prohibited),
        "commissions": sorted(set(_commissions(entry))),
    }


def _commissions(entry: GroupEntry) -> Iterator[str]:
    for security in entry.securities:
        if security.standard_commission:
            per = "a deal" if security.commission_lots_mode == "PerDeal" else "a lot"
            kind = security.commission_type or "Money"
            yield f"{_plain(security.standard_commission)} {kind.lower()} {per}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _rows(switches: Mapping[str, rules.Choices]) -> Iterable[list[Any]]:
    return (
        [group, choices.commission_for.value, choices.pendings_look_at_hedging]
        for group, choices in switches.items()
    )
