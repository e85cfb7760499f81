"""Reading the provider's answer: reference, provider reference, status, and perhaps an amount."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from panel.lib.amounts import parse_paid
from payments.bulk import textfile, workbook
from payments.bulk.read import is_workbook
from payments.bulk.rows import Fault, Line, Refused, fault, places_of

MOST_ROWS = 2_000
REQUIRED = ("reference", "provider_reference", "status")
COLUMNS = (*REQUIRED, "amount", "currency", "date", "reason")
PAID = frozenset({"paid", "done", "executed", "settled", "acsc", "accc"})
FAILED = frozenset({"failed", "rejected", "returned", "rjct"})
PENDING = frozenset({"pending", "sent", "accepted", "processing", "pdng", "acsp", "actc", "accp"})
STATUSES = "paid, failed or pending"
_FORMULA = ("=", "+", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the file, as it stands there. `wrong` says what cannot be read of it."""

    number: int
    reference: str
    provider_reference: str
    status: str
    amount: str = ""
    currency: str = ""
    reason: str = ""
    wrong: str = ""

    @property
    def decimal(self) -> Decimal | None:
        """The amount; None if there is none."""
        return parse_paid(self.amount) if self.amount else None


def plain(reference: str) -> str:
    """A reference as it is compared: banks cut out spaces and dashes, and change the case."""
    return re.sub(r"[^0-9A-Z]", "", reference.upper())


def read(source: BinaryIO) -> Iterator[Answer]:
    """Every line in the file's order; raises `Refused` where the file cannot be read at all."""
    lines = workbook.lines(source) if is_workbook(source) else textfile.lines(source)
    places: dict[str, int] | None = None
    rows = 0
    for line in lines:
        if isinstance(line, Fault):
            if places is None:
                raise Refused(line.message, line.line)
            yield Answer(line.line, "", "", "", wrong=line.message)
        elif line.is_empty:
            continue
        elif places is None:
            places = _places(line)
            continue
        else:
            yield _answer(line, places)
        rows += 1
        if rows > MOST_ROWS:
            raise Refused(f"There are more than {MOST_ROWS:,} rows.")
    if not rows:
        raise Refused("There are no answers in it." if places else "It is empty.")


def _places(line: Line) -> dict[str, int]:
    """Columns without a name are passed over: providers leave some empty."""
    names = {
        index: re.sub(r"[ -]", "_", cell.strip().lower()) for index, cell in enumerate(line.cells)
    }
    named = {index: name for index, name in names.items() if name or index in line.wrong}
    return places_of(line, named, COLUMNS, REQUIRED)


def _answer(line: Line, places: dict[str, int]) -> Answer:
    texts = {
        name: line.cells[index].strip() if index < len(line.cells) else ""
        for name, index in places.items()
    }
    wrong = [message for _, message in sorted(line.wrong.items())]
    wrong += list(_problems(texts))
    if len(line.cells) > len(places) and any(
        cell.strip() for index, cell in enumerate(line.cells) if index not in places.values()
    ):
        wrong.append("There are more cells than columns in the header.")
    shown = {name: fault(0, "", text, "").value for name, text in texts.items()}
    return Answer(
        line.number,
        shown["reference"],
        shown["provider_reference"],
        shown["status"],
        shown.get("amount", ""),
        shown.get("currency", "").upper(),
        shown.get("reason", ""),
        " ".join(wrong),
    )


def _problems(texts: dict[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        if not text.isprintable():
            yield f"The {name} has characters that cannot be seen."
        elif text.startswith(_FORMULA):
            yield f"The {name} begins like a formula."
    if not texts["reference"]:
        yield "The reference is missing."
    status = texts["status"].lower()
    if status not in PAID | FAILED | PENDING:
        yield f"The status is {STATUSES}."
    if status in PAID and not texts["provider_reference"]:
        yield "The provider’s reference is missing."
    if len(texts["provider_reference"]) > 64:
        yield "The provider’s reference is longer than 64 characters."
    if texts.get("amount"):
        try:
            parse_paid(texts["amount"])
        except ValueError as error:
            yield f"The amount cannot be read. {error}"
