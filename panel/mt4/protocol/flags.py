"""Flag fields: names of the set bits joined by ", ", "None" for no bit.

A bit without a name is written "Bit<n>" (n counted from 0) and survives a round trip.
"""

from __future__ import annotations

import re
from enum import IntFlag
from functools import cache
from typing import Self

_BIT = re.compile(r"bit(\d{1,2})")


@cache
def _names(kind: type[WireFlags]) -> dict[str, WireFlags]:
    return {name.lower(): member for name, member in kind.__members__.items()}


class WireFlags(IntFlag):
    """Flags whose members are named as on the wire."""

    @property
    def wire(self) -> str:
        """``Trailing, Advisor, Bit9``; ``None`` when nothing is set."""
        parts = [
            type(self)(1 << bit).name or f"Bit{bit}"
            for bit in range(int(self).bit_length())
            if int(self) >> bit & 1
        ]
        return ", ".join(parts) or "None"

    @classmethod
    def parse(cls, value: str | int) -> Self:
        """From names in any case, or a number. An empty string is no flag.

        Raises ValueError that lists the valid names.
        """
        if isinstance(value, int):
            return cls(value)
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a set of {cls.__name__}")
        bits = 0
        for name in (part.strip().lower() for part in value.split(",")):
            if name in ("", "none"):
                continue
            if name in _names(cls):
                bits |= int(_names(cls)[name])
            elif match := _BIT.fullmatch(name):
                bits |= 1 << int(match[1])
            elif name.isdecimal():
                bits |= int(name)
            else:
                valid = ", ".join(member.rstrip("_") for member in cls.__members__)
                raise ValueError(f"{name!r} is not one of {valid}")
        return cls(bits)


class GroupRights(WireFlags):
    """What the clients of a group may do. Bit 0 is named Signals on the wire, e-mail in MT4."""

    None_ = 0
    Signals = 1
    Trailing = 2
    Advisor = 4
    Expiration = 8
    SignalAll = 16
    SignalsOwn = 32
    RiskWarning = 64
    ForcedOTPUsage = 128


class TradeRequestFlags(WireFlags):
    """Who placed a trade request."""

    None_ = 0
    Signal = 1
    Expert = 2
    Gateway = 4
    Mobile = 8
    Web = 16
    API = 32


class TickRequestFlags(WireFlags):
    """Which ticks TicksRequest returns."""

    None_ = 0
    Raw = 1
    Normal = 2


class EnableFlags(IntFlag):
    """Flags of an account. They travel as a plain integer, unlike all the others."""

    None_ = 0
    Enabled = 1
    ChangePassword = 2
    ReadOnly = 4
    OneTimePassword = 8
