"""Amounts and rates as people type them: in forms, in filters and in the cells of files alike.

A point is the decimal sign, always. Between thousands a comma or a space may stand, but only where
it cannot be a decimal sign for whoever typed it: `1,234.50` and `1,234,567` say what they are;
`1,234` is 1234 for some and 1.234 for others, and `0,125` is a factor of a thousand away from 125.
What could be both is refused with words that say how to write it, never guessed. A rate takes no
separator at all. Digits are those of ASCII; spaces of every width, breaking or not, are spaces.
"""

from __future__ import annotations

import re
from decimal import Decimal

from panel.lib.money import DECIMALS, LARGEST, decimals, decimals_problem, quantize, show

_PLAIN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
# Groups of three behind one kind of separator; the first has no zero in front.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<sign>[ ,])[0-9]{3}(?:(?P=sign)[0-9]{3})*(?:\.[0-9]+)?")
# One separator and nothing else that says what it is.
_ONE = re.compile(r"(?P<whole>[0-9]+)[ ,](?P<rest>[0-9]+)")
_SIGNS = {"-": "-", "\u2212": "-", "+": ""}
# Longer than any amount that is allowed, with its decimals; what is beyond is not even read.
_LONGEST = 40


def parse_amount(text: str, currency: str = "") -> Decimal:
    """An amount on an account: `1234.5`, `1,234.50`, `1 234.50`, `1,234,567`, `-3.10`.

    The result has the decimals of the currency (two where it is not known). Raises ValueError,
    with words for the person, on everything else: what is no number, what could be two numbers,
    too many decimals, too much.
    """
    amount = _number(text, whole_units=not decimals(currency))
    written = len(text.strip().partition(".")[2])
    if written > DECIMALS:
        # Also 1.000, which is a thousand where a point parts thousands.
        raise ValueError(f"Has {written} decimals: use at most two decimals.")
    if problem := decimals_problem(amount, currency.upper()):
        raise ValueError(problem)
    return quantize(amount, currency)


def parse_paid(text: str) -> Decimal:
    """An amount in any currency, MT4's or not, with as many decimals as it has: `0.00012345`.

    Raises ValueError as `parse_amount` does.
    """
    return _number(text)


def parse_rate(text: str) -> Decimal:
    """A rate: digits and at most one point, nothing between thousands.

    Raises ValueError, with words for the person.
    """
    plain = _spaced(text)
    if not _PLAIN.fullmatch(plain) or len(plain) > _LONGEST:
        if re.search("[ ,]", plain):
            raise ValueError(
                "Write a rate with a point, and nothing between thousands: 1.084 or 1084."
            )
        raise ValueError("Enter a rate such as 1.0842, with a point.")
    return _bounded(Decimal(plain))


def _number(text: str, *, whole_units: bool = False) -> Decimal:
    plain = _spaced(text)
    sign = _SIGNS.get(plain[:1])
    plain = plain if sign is None else plain[1:]
    if len(plain) > _LONGEST:
        raise ValueError(_TOO_MUCH)
    if _PLAIN.fullmatch(plain):
        return _bounded(Decimal(f"{sign or ''}{plain}"))
    one = _ONE.fullmatch(plain)
    # Where a currency has no decimals, three digits behind a comma can only be a group.
    if not _GROUPED.fullmatch(plain) or (one and not whole_units):
        raise ValueError(_how_to_write(plain, one))
    return _bounded(Decimal(f"{sign or ''}{re.sub('[ ,]', '', plain)}"))


def _spaced(text: str) -> str:
    """Trimmed, with a plain space for every other one: no-break, narrow, of a figure's width."""
    return re.sub(r"\s", " ", text).strip()


def _how_to_write(plain: str, one: re.Match[str] | None) -> str:
    if one is None:
        return "Enter an amount such as 1,234.50, with a point before the cents."
    whole, rest = one["whole"], one["rest"]
    what = "comma" if "," in plain else "space"
    as_decimals = f"{whole.lstrip('0') or '0'}.{rest}"
    if len(rest) == 3 and not whole.startswith("0") and len(whole) <= 3:
        return (
            f"The {what} could be a decimal sign: write {whole}{rest} or {plain}.00 for thousands."
        )
    return f"If the {what} is a decimal sign, write {as_decimals}, with a point before the cents."


def _bounded(number: Decimal) -> Decimal:
    if abs(number) > LARGEST:
        raise ValueError(_TOO_MUCH)
    return number or Decimal(0)  # no minus zero


_TOO_MUCH = f"The amount must not exceed {show(LARGEST)}."
