"""How Python values travel as JSON: one codec for every record of the protocol.

Types as fields declare them: ``int``, ``bool``, ``str``, ``Decimal`` (prices, rates),
``Money`` (rounded to two decimals on reading, because MT4 keeps doubles), ``datetime``
(naive, the server's clock), enums and flags by name, records, tuples and lists of these.
JSON null reads as the field's default. Unknown keys are ignored on reading.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntFlag
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from panel.lib.money import ANY, quantize
from panel.mt4.protocol.enums import WireEnum
from panel.mt4.protocol.flags import WireFlags

Money: TypeAlias = Annotated[Decimal, "money"]
"""An amount in the account's currency, with two decimals at most. Whole yen arrive as `101.00`."""

NO_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 - the server's clock has no zone
"""MT4's way to say "never": an order still open, no expiration. Older dates read as this."""

LARGEST_EXPONENT = 20
"""No figure of MT4 comes near 10 to the 20th; larger ones would break rounding."""

R = TypeVar("R")
Convert: TypeAlias = Callable[[Any], Any]


class WireError(ValueError):
    """A JSON value that does not fit its field. ``field`` is the name on the wire, or ""."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.reason = message
        self.field = field


def wire(name: str, default: Any) -> Any:
    """A field whose name on the wire is not the plain camelCase of its Python name."""
    return field(default=default, metadata={"wire": name})


def camel(name: str) -> str:
    """``zip_code`` -> ``zipCode``; a trailing underscore (``from_``) is dropped."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def read_number(value: Any) -> Decimal:
    """A JSON number as Decimal; a float goes through its shortest decimal form."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(f"a number is expected, not {value!r}")
    else:
        number = Decimal(repr(value))
    if not number.is_finite() or number.adjusted() > LARGEST_EXPONENT:
        raise WireError("a finite number is expected")
    return number


def read_money(value: Any) -> Decimal:
    """A JSON number rounded to what any currency has: the wire does not name the account's."""
    return quantize(read_number(value), ANY)


def read_int(value: Any) -> int:
    """A JSON integer; ``100.0`` counts as one."""
    if type(value) is int:
        return value
    number = read_number(value)
    if number != number.to_integral_value():
        raise WireError(f"a whole number is expected, not {value}")
    return int(number)


def read_time(value: Any) -> datetime:
    """An ISO 8601 date-time, with or without fraction and zone, as the server's clock."""
    if not isinstance(value, str):
        raise WireError(f"a date-time is expected, not {value!r}")
    try:
        time = datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        raise WireError(f"a date-time is expected, not {value!r}") from None
    return time if time.year >= 1970 else NO_TIME


_TO_THE_SECOND = len("2026-01-31T23:59:59")


def write_time(time: datetime) -> str:
    """``2026-01-31T23:59:59Z``: the clock of the server, in the form the description asks for."""
    return time.isoformat()[:_TO_THE_SECOND] + "Z"


def _read_exactly(kind: type[Any]) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise WireError(f"a {kind.__name__} is expected, not {value!r}")
        return value

    return read


_READERS: dict[Any, Convert] = {
    Decimal: read_number,
    Money: read_money,
    int: read_int,
    datetime: read_time,
    str: _read_exactly(str),
    bool: _read_exactly(bool),
    Any: lambda value: value,
}


@cache
def reader_for(kind: Any) -> Convert:
    """The function that turns a JSON value into ``kind`` (a type as fields declare it)."""
    if kind in _READERS:
        return _READERS[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin in (list, tuple):
        return _read_many(origin, reader_for(args[0]))
    if origin is dict:
        return _read_dict(reader_for(args[1]))
    if origin in (Union, types.UnionType):
        return reader_for(args[0])
    if is_dataclass(kind):
        record: Any = kind
        return lambda value: from_wire(record, value)
    if issubclass(kind, WireEnum | WireFlags):
        return _read_named(kind)
    if issubclass(kind, IntFlag):
        return lambda value: kind(read_int(value))
    raise TypeError(f"no way to read {kind!r}")


def _read_many(container: Callable[[Any], Any], read: Convert) -> Convert:
    def read_many(value: Any) -> Any:
        if not isinstance(value, list):
            raise WireError(f"a list is expected, not {value!r}")
        return container([read(item) for item in value])

    return read_many


def _read_dict(read: Convert) -> Convert:
    def read_dict(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise WireError(f"an object is expected, not {value!r}")
        return {int(key): read(item) for key, item in value.items()}

    return read_dict


def _read_named(kind: type[WireEnum] | type[WireFlags]) -> Convert:
    def read_named(value: Any) -> Any:
        try:
            return kind.parse(value)
        except ValueError as error:
            raise WireError(str(error)) from None

    return read_named


_PLANS: dict[Any, tuple[tuple[str, str, Convert], ...]] = {}


def _plan(cls: type[Any]) -> tuple[tuple[str, str, Convert], ...]:
    """Field name, name on the wire and reader of every field, computed once per class."""
    found = _PLANS.get(cls)
    if found is None:
        hints = get_type_hints(cls, include_extras=True)
        found = _PLANS[cls] = tuple(
            (f.name, f.metadata.get("wire") or camel(f.name), reader_for(hints[f.name]))
            for f in fields(cls)
        )
    return found


def wire_names(cls: type[Any]) -> dict[str, str]:
    """Python field name -> name on the wire, for a record class."""
    return {name: on_wire for name, on_wire, _ in _plan(cls)}


def from_wire(cls: type[R], data: Any) -> R:
    """The record ``cls`` from a JSON object; absent and null fields take their default.

    Raises WireError naming the field on a value that does not fit.
    """
    if not isinstance(data, Mapping):
        raise WireError(f"an object is expected, not {data!r}")
    values: dict[str, Any] = {}
    for name, on_wire, read in _plan(cls):
        value = data.get(on_wire)
        if value is not None:
            try:
                values[name] = read(value)
            except WireError as error:
                path = f"{on_wire}.{error.field}" if error.field else on_wire
                raise WireError(error.reason, path) from None
    return cls(**values)


def decode(kind: Any, value: Any) -> Any:
    """A JSON value as ``kind``: a record, a plain type, ``list[...]`` or ``dict[int, ...]``."""
    return reader_for(kind)(value)


def decode_over(kind: Any, value: Any) -> Any:
    """The same of a value that nobody else needs: a long list is decoded in its place, each record
    making room for the next."""
    if get_origin(kind) is not list or not isinstance(value, list):
        return decode(kind, value)
    read = reader_for(get_args(kind)[0])
    for place, item in enumerate(value):
        value[place] = read(item)
    return value


_PLAIN = frozenset({str, int, bool, float, type(None)})


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one class on their way out, with other values in some of their fields.

    ``instead`` has a value for each record, by Python field name.
    """

    records: Sequence[Any]
    instead: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, part: slice) -> Records:
        instead = {name: values[part] for name, values in self.instead.items()}
        return Records(self.records[part], instead)


def encode(value: Any) -> Any:
    """Any value of the protocol as what ``json.dumps`` takes. Decimals leave as doubles."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is Decimal:
        return float(value)
    if kind is datetime:
        return write_time(value)
    if isinstance(value, WireEnum | WireFlags):
        return value.wire
    if isinstance(value, int):
        return int(value)
    if isinstance(value, list | tuple):
        if len(value) > 1 and is_dataclass(value[0]) and len(set(map(type, value))) == 1:
            return _rows(value, {})
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if kind is Records:
        return _rows(value.records, value.instead)
    return to_wire(value)


def to_wire(record: Any) -> dict[str, Any]:
    """A record as a JSON object with every field."""
    names, values = _row(type(record))
    return dict(zip(names.values(), map(encode, values(record)), strict=True))


_ROWS: dict[Any, tuple[dict[str, str], Callable[[Any], tuple[Any, ...]]]] = {}


def _row(cls: type[Any]) -> tuple[dict[str, str], Callable[[Any], tuple[Any, ...]]]:
    """The names on the wire of a class's fields, and what takes their values from a record."""
    found = _ROWS.get(cls)
    if found is None:
        names = wire_names(cls)
        values: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
        if len(names) == 1:
            one = attrgetter(*names)
            values = lambda record: (one(record),)  # noqa: E731 - a getter of one gives no tuple
        found = _ROWS[cls] = names, values
    return found


def _rows(records: Sequence[Any], instead: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Each record as ``to_wire`` has it, but field by field, several times as fast: what a page
    of thousands costs is the asking of each value what it is."""
    if not records:
        return []
    names, values = _row(type(records[0]))
    columns = zip(*map(values, records), strict=True)
    encoded = [
        _column(instead.get(name, column)) for name, column in zip(names, columns, strict=True)
    ]
    on_wire = tuple(names.values())
    return [dict(zip(on_wire, row, strict=True)) for row in zip(*encoded, strict=True)]


def _column(values: Sequence[Any]) -> Iterable[Any]:
    """The values of one field, encoded; equal times and names are written once."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return values
    kind = kinds.pop()
    if kinds:
        return map(encode, values)
    if kind is Decimal:
        return map(float, values)
    if kind is datetime or issubclass(kind, WireEnum | WireFlags):
        return map({value: encode(value) for value in set(values)}.__getitem__, values)
    return map(encode, values)
