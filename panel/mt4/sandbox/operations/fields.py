"""What MT4 can store in the fields of a setting, and the shape of a JSON Merge Patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from panel.mt4 import limits
from panel.mt4.protocol.wire import to_wire, wire_names
from panel.mt4.sandbox.answers import invalid, invalid_data
from panel.mt4.sandbox.call import Call

R = TypeVar("R")

UINT32_MAX = 2**32 - 1
LONGEST = 255

# Where MetaQuotes' header says how much fits; the other texts take LONGEST.
_ROOM = {
    ("Holiday", "symbol"): 31,
    ("Holiday", "description"): 127,
    ("ManagerRights", "groups"): limits.MANAGER_GROUPS,
    ("ManagerRights", "mail_box"): 63,
    ("GroupUpdate", "company"): limits.GROUP_COMPANY,
    ("GroupUpdate", "signature"): 127,
    ("GroupUpdate", "support_page"): 127,
    ("GroupUpdate", "support_email"): 63,
    ("GroupUpdate", "currency"): limits.CURRENCY,
    ("SymbolGroup", "name"): 15,
    ("SymbolGroup", "description"): 63,
    ("SymbolConfigUpdate", "description"): 63,
    ("SymbolConfigUpdate", "source"): limits.SYMBOL,
    ("SymbolConfigUpdate", "currency"): limits.CURRENCY,
    ("SymbolConfigUpdate", "margin_currency"): limits.CURRENCY,
}


def checked(record: R, *, unsigned: tuple[str, ...] = ()) -> R:
    """The record; raises InvalidData for a text or number that its field in MT4 cannot hold.

    Numbers are 32 bits wide, those of `unsigned` from 0 up: what is outside of that never reaches
    MT4, so it is a Validation.
    """
    kind = type(record).__name__
    for column in fields(record):  # type: ignore[arg-type]  # every record is a dataclass
        value = getattr(record, column.name)
        if isinstance(value, str):
            for problem in limits.check_text(value, _ROOM.get((kind, column.name), LONGEST)):
                raise invalid_data(f"{column.name}: {problem}")
        elif column.name in unsigned:
            if not 0 <= value <= UINT32_MAX:
                raise invalid(f"{column.name} must be from 0 to {UINT32_MAX}.")
        elif isinstance(value, int) and not -limits.INT32_MAX <= value <= UINT32_MAX:
            raise invalid(f"{column.name}: the number is out of range.")
    return record


def patched(call: Call, now: R) -> R:
    """The record with the body's fields laid over it; keys that MT4 does not know are ignored."""
    if not isinstance(call.body, dict):
        raise invalid("The body must be a JSON object.")
    kind = type(now)
    known = set(wire_names(kind).values())
    patch = {name: value for name, value in call.body.items() if name in known}
    call.body = to_wire(now) | patch
    return call.record(kind)


def same_named(record: Any, kind: type[R]) -> Mapping[str, Any]:
    """The values of a record's fields that `kind` has too."""
    return {
        column.name: getattr(record, column.name)
        for column in fields(kind)  # type: ignore[arg-type]  # every record is a dataclass
    }
