"""Commands as JSON and back, exactly: decimals and times travel as text."""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from panel.lib.digest import plain

if TYPE_CHECKING:
    from panel.commands.base import Command

C = TypeVar("C", bound="Command")


def to_payload(command: Command) -> dict[str, Any]:
    """The command's fields as plain JSON."""
    return {
        field.name: plain(getattr(command, field.name)) for field in dataclasses.fields(command)
    }


@cache
def _types(command: Any) -> dict[str, Any]:
    return typing.get_type_hints(command)


def _value(kind: Any, raw: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if raw is None:
            return None
        inner = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        return _value(inner, raw)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_value(inner, item) for item in raw)
    if origin is dict:
        return dict(raw)
    if kind is Decimal:
        return Decimal(raw)
    if kind is datetime:
        return datetime.fromisoformat(raw)
    if kind is date:
        return date.fromisoformat(raw)
    return raw


def from_payload(command: type[C], payload: dict[str, Any]) -> C:
    """The command that `to_payload` wrote; raises `TypeError` on unknown or missing fields."""
    hints = _types(cast(Any, command))
    unknown = set(payload) - {field.name for field in dataclasses.fields(command)}
    if unknown:
        raise TypeError(f"{command.name} has no field {', '.join(sorted(unknown))}.")
    return command(**{name: _value(hints[name], raw) for name, raw in payload.items()})
