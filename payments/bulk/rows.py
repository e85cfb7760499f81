"""What a line of a bulk file says, and each thing that can be wrong with it by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from stdnum import iban

from panel.lib.amounts import parse_amount
from panel.lib.text import FORMULA_SIGNS, clean
from panel.mt4.limits import CURRENCY, INT32_MAX, TRADE_COMMENT, check_trade_comment
from payments.models import Kind

REQUIRED = ("login", "kind", "amount", "currency")
COLUMNS = (*REQUIRED, "reference", "comment", "beneficiary", "destination")
CORRECTION = "correction"
# As written in a file. A correction's sign says its direction, of the others the kind does.
KINDS = (Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.CREDIT_IN, Kind.CREDIT_OUT, CORRECTION)
# What needs more than a line can say: where it is done.
ALONE = {
    "transfer": "A transfer moves money between two accounts: use “New payment”, Transfer.",
    "chargeback": "A chargeback belongs to its deposit: use “New payment”, Charge back.",
    "negative_reset": "A negative balance is reset on the account: “New payment”, Reset.",
    "withdrawal_return": "A withdrawal is returned on the withdrawal desk, where it stands.",
}
# A reference such as `BD 7Q2K9F31` and a space stand before the words in MT4's comment.
COMMENT = TRADE_COMMENT - 12
REFERENCE = 64
BENEFICIARY = 128
DESTINATION = 128
EXCERPT = 80

FORMULA = "Begins like a formula: write plain values, without = + - @ in front."

TORN = (
    "Is this one amount with a comma in it, or two cells? Write the cents (12.00), or separate the "
    "cells by semicolons."
)

_LOGIN = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_SIGNED = re.compile(r"[+\-\u2212][0-9][0-9.,]*", re.ASCII)
_WHOLE = re.compile(r" *[0-9]+", re.ASCII)
_PART = re.compile(r"[0-9]{1,3}(?:\.[0-9]+)? *", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, by line (1-based in the file, 0 for the whole) and column.

    `column` is the name in the header, or empty where the line as a whole is meant; `value` is
    an excerpt of what stood there.
    """

    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that says a payment. The amount is positive, with the decimals of its currency;
    what is written with a sign, a correction, has one of two kinds instead.
    """

    line: int
    login: int
    kind: Kind
    amount: Decimal
    currency: str
    reference: str = ""
    comment: str = ""
    # Of a withdrawal out of the house: who is paid, and on which bank account or wallet.
    beneficiary: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be made out of a line with faults: its account is looked up all the same, so that
    everything wrong with it is named at once. `currency` is empty where it cannot be read.
    """

    line: int
    login: int
    currency: str


@dataclass(slots=True)
class Line:
    """The cells of a line as a reader found them; `wrong` says by index what cannot be read.

    `text` is the line itself where commas separate its cells, empty elsewhere.
    """

    number: int
    cells: list[str]
    wrong: dict[int, str] = field(default_factory=dict)
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return not self.wrong and not any(cell.strip() for cell in self.cells)


class Refused(Exception):
    """The file as a whole cannot be read; `line` is 0 where no line can be named."""

    def __init__(self, message: str, line: int = 0) -> None:
        self.fault = Fault(line, "", "", message)
        super().__init__(message)


def fault(line: int, column: str, value: str, message: str) -> Fault:
    """A fault with an excerpt that can be stored and shown, whatever the bytes were."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in value[:EXCERPT])
    return Fault(line, column, shown, message)


def places_of(
    line: Line, names: Mapping[int, str], columns: Sequence[str], required: Sequence[str]
) -> dict[str, int]:
    """Which cell is which column, by the names in the first line; raises `Refused` where they are
    not these columns.
    """
    places: dict[str, int] = {}
    for index, name in names.items():
        if index in line.wrong or name not in columns:
            shown = fault(0, "", line.cells[index], "").value
            raise Refused(
                f"Column {index + 1} is called “{shown}”: the columns are {', '.join(columns)}, in "
                "any order.",
                line.number,
            )
        if name in places:
            raise Refused(f"The column {name} is there twice.", line.number)
        places[name] = index
    missing = [name for name in required if name not in places]
    if missing:
        raise Refused(
            f"The first line must name the columns; {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing.",
            line.number,
        )
    return places


@dataclass(frozen=True, slots=True)
class Header:
    """Which cell of a line is which column."""

    places: dict[str, int]
    width: int

    @classmethod
    def of(cls, line: Line) -> Header:
        """The header of a file's first line; raises `Refused` where it does not name them."""
        names = [clean(cell).lower().replace(" ", "_") for cell in line.cells]
        while names and not names[-1] and len(names) - 1 not in line.wrong:
            names.pop()
        return cls(places_of(line, dict(enumerate(names)), COLUMNS, REQUIRED), len(names))

    @classmethod
    def usual(cls) -> Header:
        """The columns in the order of the template."""
        return cls({name: index for index, name in enumerate(COLUMNS)}, len(COLUMNS))

    def name_of(self, index: int) -> str:
        """The column of a cell; empty beyond the header."""
        return next((name for name, place in self.places.items() if place == index), "")

    def read(self, line: Line) -> Entry | list[Fault | Glimpse]:
        """The payment of a line, or everything that is wrong with it, and what it is about."""
        torn = self._torn_amount(line)
        if torn:
            # Every cell behind it may stand a column too far: nothing else is worth telling.
            return [fault(line.number, "amount", torn, TORN)]
        faults = [
            fault(line.number, self.name_of(index), line.cells[index], message)
            for index, message in sorted(line.wrong.items())
        ]
        beyond = [cell for cell in line.cells[self.width :] if cell.strip()]
        if beyond:
            faults.append(
                fault(
                    line.number, "", beyond[0], "There are more cells than columns in the header."
                )
            )
        texts = {
            name: clean(line.cells[index]) if index < len(line.cells) else ""
            for name, index in self.places.items()
        }
        unread = {self.name_of(index) for index in line.wrong}
        for name, message in _problems(texts):
            if name not in unread:
                faults.append(fault(line.number, name, texts.get(name, ""), message))
        if faults:
            return [*faults, *self._made_out(line.number, texts, {one.column for one in faults})]
        return Entry(
            line.number,
            int(texts["login"]),
            _kind(texts),
            parse_amount(texts["amount"].removeprefix("-"), texts["currency"]),
            texts["currency"].upper(),
            texts.get("reference", ""),
            texts.get("comment", ""),
            " ".join(texts.get("beneficiary", "").split()),
            texts.get("destination", ""),
        )

    def _torn_amount(self, line: Line) -> str:
        """An amount that commas may have taken apart: `12,50` without quotes; empty if none."""
        place = self.places["amount"]
        if not line.text or len(line.cells) < place + 2:
            return ""
        whole, part = line.cells[place], line.cells[place + 1]
        if _WHOLE.fullmatch(whole) and _PART.fullmatch(part) and f"{whole},{part}" in line.text:
            return f"{whole},{part}"
        return ""

    @staticmethod
    def _made_out(number: int, texts: dict[str, str], wrong: set[str]) -> Iterator[Glimpse]:
        if "login" not in wrong:
            currency = "" if "currency" in wrong else texts["currency"].upper()
            yield Glimpse(number, int(texts["login"]), currency)


def _word(text: str) -> str:
    return text.lower().replace(" ", "_").replace("-", "_")


def _kind(texts: dict[str, str]) -> Kind:
    word = _word(texts["kind"])
    if word != CORRECTION:
        return Kind(word)
    return Kind.CORRECTION_OUT if texts["amount"].startswith("-") else Kind.CORRECTION_IN


def _problems(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, check in _CHECKS.items():
        text = texts.get(name, "")
        if not text:
            message = f"The {name} is missing." if name in REQUIRED else ""
        elif name != "amount" and text.startswith(FORMULA_SIGNS):
            message = FORMULA
        elif name != "amount" and not text.isprintable():
            message = "Has characters that cannot be seen."
        elif name == "amount":
            problem = correction_problem if _word(texts["kind"]) == CORRECTION else amount_problem
            message = problem(text, texts["currency"])
        else:
            message = check(text)
        if message:
            yield name, message


def login_problem(text: str) -> str:
    """What is wrong with a login as written; empty if nothing."""
    if _LOGIN.fullmatch(text) and int(text) <= INT32_MAX:
        return ""
    return "A login is a whole number, digits only, without a zero in front."


def kind_problem(text: str) -> str:
    """What is wrong with a kind as written; empty if nothing."""
    word = _word(text)
    if word in KINDS:
        return ""
    where = next((told for name, told in ALONE.items() if word.startswith(name)), "")
    return where or f"The kinds are {', '.join(KINDS)}."


def currency_problem(text: str) -> str:
    """What is wrong with a currency as written, the account left aside; empty if nothing."""
    if text.isascii() and text.isalnum() and len(text) <= CURRENCY:
        return ""
    return "Write the account's currency, such as USD."


def reference_problem(text: str) -> str:
    """What is wrong with an external reference; empty if nothing."""
    if len(text) <= REFERENCE:
        return ""
    return f"Use at most {REFERENCE} characters ({len(text)} now)."


def comment_problem(text: str) -> str:
    """What is wrong with a comment for MT4; empty if nothing."""
    if len(text) > COMMENT:
        now = f"({len(text)} now)"
        return f"Use at most {COMMENT} characters {now}: the reference stands before them in MT4."
    return " ".join(check_trade_comment(text))


def beneficiary_problem(text: str) -> str:
    """What is wrong with a beneficiary's name; empty if nothing."""
    if len(text) <= BENEFICIARY:
        return ""
    return f"Use at most {BENEFICIARY} characters ({len(text)} now)."


def destination_problem(text: str) -> str:
    """What is wrong with the account or wallet that is paid; empty if nothing. What looks like an
    IBAN is held against its check digits: a figure typed wrong is found before it is paid.
    """
    if len(text) > DESTINATION:
        return f"Use at most {DESTINATION} characters ({len(text)} now)."
    number = text.replace(" ", "").upper()
    if _IBAN.fullmatch(number) and not iban.is_valid(number):
        return "The IBAN’s check digits do not agree with the rest of it: a character is wrong."
    return ""


def amount_problem(text: str, currency: str = "") -> str:
    """What is wrong with an amount as written; empty if nothing. `panel.lib.amounts` says what
    can be read; a sign is the kind's business.
    """
    if _SIGNED.fullmatch(text):
        return "Write the amount without a sign, more than zero: the kind says the direction."
    if text.startswith(FORMULA_SIGNS):
        return FORMULA
    try:
        amount = parse_amount(text, currency)
    except ValueError as error:
        return str(error)
    return "" if amount > 0 else "The amount must be more than zero."


def correction_problem(text: str, currency: str = "") -> str:
    """What is wrong with a correction's amount as written: below zero takes money out."""
    if text.startswith(("+", "\u2212")):
        return "Write 5.00 to put money in, -5.00 to take it out."
    return amount_problem(text.removeprefix("-"), currency)


_CHECKS: dict[str, Callable[[str], str]] = {
    "login": login_problem,
    "kind": kind_problem,
    "amount": amount_problem,
    "currency": currency_problem,
    "reference": reference_problem,
    "comment": comment_problem,
    "beneficiary": beneficiary_problem,
    "destination": destination_problem,
}
