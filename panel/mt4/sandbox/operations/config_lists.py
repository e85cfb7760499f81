"""Lists of settings: request, update, delete, shift.

Lists come in the server's own order, and `pos` is the index in it, so that what a person sees as
the third row is what MT4 changes as its third row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from panel.mt4.protocol.records import (
    Access,
    DataServer,
    Feeder,
    GatewayAccount,
    GatewayMarkup,
    GatewayRule,
    Holiday,
    LiveUpdate,
    Sync,
)
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.answers import Page, invalid, invalid_data, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.fields import checked
from panel.mt4.sandbox.paging import page
from panel.mt4.sandbox.state import SortedKeys

T = TypeVar("T")
Handler = Callable[[Call], Any]

LEAP_YEAR = 2000
MINUTES_A_DAY = 24 * 60


def at(call: Call, entries: Sequence[T]) -> int:
    """The position of the path, which must be one of the list's; raises NotFound."""
    position = call.position()
    if position >= len(entries):
        raise not_found(f"There are {len(entries)} entries, none at {position}.")
    return position


def without(call: Call, entries: Sequence[T]) -> list[T]:
    """The list without the entry of the path."""
    position = at(call, entries)
    return [*entries[:position], *entries[position + 1 :]]


def shifted(call: Call, entries: Sequence[T]) -> list[T]:
    """The list with the entry of the path moved by `shift`: down when positive, up when negative.

    Raises InvalidData when it would leave the list.
    """
    position, text = at(call, entries), call.text("shift") or ""
    if not text.removeprefix("-").isdecimal():
        raise invalid("shift must be given, as a whole number.")
    target = position + int(text)
    if not 0 <= target < len(entries):
        raise invalid_data(f"shift: there is no place {target} among {len(entries)}.")
    moved = list(entries)
    moved.insert(target, moved.pop(position))
    return moved


def listed(call: Call, entries: Sequence[Any]) -> Page:
    """A page of a list in the server's order."""
    positions = SortedKeys(range(len(entries)))
    return page(call, positions.after, lambda shown: [entries[position] for position in shown])


@dataclass(frozen=True, slots=True)
class Table:
    """One list: its name in `Configuration`, its record, the fields that identify an entry (none:
    its position does), those that updates leave alone, and those that are unsigned."""

    name: str
    record: type[Any]
    key: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()

    def entries(self, call: Call) -> list[Any]:
        found: list[Any] = getattr(call.state.config, self.name)
        return found

    def request(self, call: Call) -> Page:
        return listed(call, self.entries(call))

    def delete(self, call: Call) -> bool:
        settings.put_list(call.unit, self.name, without(call, self.entries(call)))
        return True

    def shift(self, call: Call) -> bool:
        settings.put_list(call.unit, self.name, shifted(call, self.entries(call)))
        return True

    def update(self, call: Call) -> Any:
        entries = self.entries(call)
        wanted = call.record(self.record)
        position = self._find(entries, wanted) if self.key else at(call, entries)
        checked(wanted, unsigned=self.unsigned)
        if isinstance(wanted, Holiday):
            _check_holiday(wanted)
        before = entries[position]
        wanted = replace(wanted, **{name: getattr(before, name) for name in self.kept})
        settings.put_list(
            call.unit, self.name, [*entries[:position], wanted, *entries[position + 1 :]]
        )
        return wanted

    def _find(self, entries: list[Any], wanted: Any) -> int:
        def key(entry: Any) -> list[Any]:
            return [getattr(entry, name) for name in self.key]

        for position, entry in enumerate(entries):
            if key(entry) == key(wanted):
                return position
        raise not_found(f"There is no entry {', '.join(map(str, key(wanted)))}.")

    def handlers(self) -> dict[str, Handler]:
        suffix = self.record.__name__
        position = "" if self.key else "/{pos}"
        return {
            f"CfgRequest{suffix}": self.request,
            f"CfgUpdate{suffix}{position}": self.update,
            f"CfgDelete{suffix}/{{pos}}": self.delete,
            f"CfgShift{suffix}/{{pos}}": self.shift,
        }


def _check_holiday(holiday: Holiday) -> None:
    try:
        date(holiday.year or LEAP_YEAR, holiday.month, holiday.day)
    except ValueError as error:
        raise invalid_data(f"day: {error}.") from None
    if not 0 <= holiday.from_ <= holiday.to <= MINUTES_A_DAY:
        raise invalid_data("from and to are minutes of a day, in this order.")


TABLES = (
    # Kept, not enforced: everybody comes from loopback, and a rule that shuts it out would leave
    # nobody who could take it back. A manager's own address filter does hold.
    Table("access", Access, unsigned=("ip_from", "ip_to")),
    Table("data_servers", DataServer, unsigned=("ip", "loading", "ip_internal")),
    Table("feeders", Feeder, key=("name",)),
    Table("gateway_accounts", GatewayAccount, key=("id",)),
    Table("gateway_markups", GatewayMarkup, key=("source", "symbol")),
    Table("gateway_rules", GatewayRule, key=("name",)),
    Table("holidays", Holiday),
    Table("live_updates", LiveUpdate, key=("company",), kept=("connections", "total_files")),
    Table("syncs", Sync, key=("server", "login")),
)

HANDLERS = {path: handler for table in TABLES for path, handler in table.handlers().items()}
