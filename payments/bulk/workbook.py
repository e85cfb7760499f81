"""Lines of an XLSX workbook, row by row: values only, never a formula's result."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO
from xml.sax.xmlreader import AttributesImpl

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from payments.bulk.parts import (
    BROKEN,
    MOST_HEAD,
    MOST_UNPACKED,
    Elements,
    open_parts,
    parse,
    parse_whole,
)
from payments.bulk.rows import Fault, Line, Refused, fault

LAST_ROW = 1_048_576
MOST_CELLS = 100
LONGEST_TEXT = 32_767
MOST_STRINGS = 700_000
MOST_STRING_CHARACTERS = 20_000_000
# Beyond this a spreadsheet has rounded the last digits of a number away.
EXACT = Decimal(10) ** 15

FORMULA = "Is a formula: paste its value in its place."
DATE = "Is a date for the spreadsheet: format the column as text or number and enter it again."
PERCENT = "Is a percentage for the spreadsheet: format the column as number."
ROUNDED = "Has more than 15 digits, which a spreadsheet rounds: format the column as text."
SCALED = "Is shown in thousands by its format: format the column as plain number."
HIDDEN = "Is hidden in the workbook: show the row, or delete it."
NO_VALUE = "Is not a text and not a number."

# A comma that no digit follows divides what is shown by a thousand.
_THOUSANDS = re.compile(r"[0#?],+(?![0#?,])")
# Text of a number format: in quotes, behind a backslash, in brackets.
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,30})?([Ee][+-]?[0-9]{1,2})?", re.ASCII)


def lines(source: BinaryIO) -> Iterator[Line | Fault]:
    """The rows of a workbook's only sheet, empty ones left out; a hidden one is a fault, as nobody
    saw it. Raises `Refused`.

    Memory is bounded by the table of strings that the workbook shares between its cells.
    """
    with open_parts(source) as archive:
        names = set(archive.namelist())
        if "xl/workbook.bin" in names:
            raise Refused("This is a binary workbook (.xlsb): save it as .xlsx.")
        if "xl/workbook.xml" not in names:
            raise Refused("This is an archive, but not a workbook: upload .xlsx or .csv.")
        if any(name.endswith("vbaProject.bin") for name in names):
            raise Refused("The workbook has macros: save it as .xlsx, without them.")
        sheet = _only_sheet(archive)
        handler = _Sheet(_strings(archive, names), _styles(archive, names))
        for _ in parse(archive, sheet, handler):
            found, handler.rows = handler.rows, []
            yield from found


def number_text(text: str) -> str | None:
    """A number as the file holds it, written out: `1234.5` for `1.2345E3`; None if too long.

    Spreadsheets keep doubles, and some write all 17 digits of one: the shortest number that is
    the same double is the one that was typed.
    """
    number = Decimal(repr(float(text)))
    if abs(number) >= EXACT:
        return None
    shown = format(number, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


class _Sheets(Elements):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.names: list[str] = []

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        if name == "sheet":
            hidden = attrs.get("state", "visible") != "visible"
            self.names.append(f"“{attrs.get('name', '')}”" + " (hidden)" * hidden)
            of_relation = [key for key in attrs.keys() if key.endswith(":id")]  # noqa: SIM118
            self.ids.append(attrs[of_relation[0]] if of_relation else "")


class _Relations(Elements):
    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        if name == "Relationship":
            self.targets[attrs["Id"]] = attrs["Target"]


def _only_sheet(archive: zipfile.ZipFile) -> str:
    sheets, relations = _Sheets(), _Relations()
    parse_whole(archive, "xl/workbook.xml", sheets, most=MOST_HEAD)
    parse_whole(archive, "xl/_rels/workbook.xml.rels", relations, most=MOST_HEAD)
    if len(sheets.ids) != 1:
        named = fault(0, "", ", ".join(sheets.names), "").value
        raise Refused(
            f"The workbook has {len(sheets.ids)} sheets, {named}: leave only the one with the "
            "payments."
        )
    target = relations.targets.get(sheets.ids[0], "")
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


class _Styles(Elements):
    """Which cell formats show a number as something else."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[int, str] = dict(BUILTIN_FORMATS)
        self.used: list[int] = []
        self.inside = False

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        if name == "numFmt":
            self.formats[int(attrs["numFmtId"])] = attrs["formatCode"]
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.used.append(int(attrs.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False


def _styles(archive: zipfile.ZipFile, names: set[str]) -> dict[int, str]:
    """What is wrong with a number of a cell format that shows another figure than the cell has."""
    styles = _Styles()
    if "xl/styles.xml" in names:
        parse_whole(archive, "xl/styles.xml", styles, most=MOST_HEAD)
    shown = [styles.formats.get(number, "General") for number in styles.used]
    wrong = {index: _shown_otherwise(code) for index, code in enumerate(shown)}
    return {index: message for index, message in wrong.items() if message}


def _shown_otherwise(code: str) -> str:
    if is_date_format(code):
        return DATE
    if "%" in code:
        return PERCENT
    return SCALED if _THOUSANDS.search(_LITERAL.sub("", code)) else ""


class _Text(Elements):
    """Text of `t` elements, phonetic hints left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.length = 0
        self.hint = False
        self.on = False

    def characters(self, content: str) -> None:
        super().characters(content)
        if self.on:
            self.length += len(content)
            if self.length > LONGEST_TEXT:
                raise Refused("A cell holds more text than a cell can.")
            self.parts.append(content)

    def take(self) -> str:
        text = "".join(self.parts)
        self.parts.clear()
        self.length = 0
        return text


class _Strings(_Text):
    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []
        self.room = MOST_STRING_CHARACTERS

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        if name == "rPh":
            self.hint = True
        self.on = name == "t" and not self.hint

    def end(self, name: str) -> None:
        self.on = False
        if name == "rPh":
            self.hint = False
        elif name == "si":
            self.strings.append(self.take())
            self.room -= len(self.strings[-1])
            if self.room < 0 or len(self.strings) > MOST_STRINGS:
                raise Refused("The workbook holds more text than a file of payments can.")


def _strings(archive: zipfile.ZipFile, names: set[str]) -> list[str]:
    strings = _Strings()
    if "xl/sharedStrings.xml" in names:
        parse_whole(archive, "xl/sharedStrings.xml", strings, most=MOST_UNPACKED)
    return strings.strings


class _Sheet(_Text):
    def __init__(self, strings: list[str], formats: dict[int, str]) -> None:
        super().__init__()
        self.strings, self.formats = strings, formats
        self.rows: list[Line | Fault] = []
        self.line = Line(0, [])
        self.hidden = False
        self.kind = "n"
        self.style = 0
        self.column = -1
        self.formula = False

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        if name == "row":
            number = int(attrs.get("r", str(self.line.number + 1)))
            if not self.line.number < number <= LAST_ROW:
                raise Refused(BROKEN)
            self.line, self.column = Line(number, []), -1
            self.hidden = attrs.get("hidden", "0") in ("1", "true")
        elif name == "c":
            self._place(attrs.get("r", ""))
            self.kind, self.style = attrs.get("t", "n"), int(attrs.get("s", "0"))
            self.formula = False
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.hint = True
        self.on = name == "v" or (name == "t" and not self.hint)

    def _place(self, reference: str) -> None:
        """Which column a cell stands in; without a reference it follows the one before it."""
        column = self.column + 1
        if reference:
            found = _PLACE.fullmatch(reference)
            if found is None:
                raise Refused(BROKEN)
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
            column -= 1
        if column <= self.column:
            raise Refused(BROKEN)
        self.column = column

    def end(self, name: str) -> None:
        self.on = False
        if name == "rPh":
            self.hint = False
        elif name == "c":
            text, wrong = self._value(self.take())
            if text or wrong:
                self._keep(text, wrong)
        elif name == "row" and not self.line.is_empty:
            self.rows.append(self._hidden() if self.hidden else self.line)

    def _hidden(self) -> Fault:
        return fault(self.line.number, "", ", ".join(filter(None, self.line.cells)), HIDDEN)

    def _keep(self, text: str, wrong: str) -> None:
        if self.column >= MOST_CELLS:
            raise Refused(f"Has cells beyond column {MOST_CELLS}.", self.line.number)
        cells = self.line.cells
        cells.extend([""] * (self.column + 1 - len(cells)))
        cells[self.column] = text
        if wrong:
            self.line.wrong[self.column] = wrong

    def _value(self, text: str) -> tuple[str, str]:
        """What a cell shows, and why it cannot be taken."""
        if self.formula:
            return text, FORMULA
        if not text:
            return "", ""
        if self.kind == "s":
            return self.strings[_index(text)], ""
        if self.kind in ("inlineStr", "str"):
            return text, ""
        if self.kind != "n":
            return text, DATE if self.kind == "d" else NO_VALUE
        if not _NUMBER.fullmatch(text):
            raise Refused(BROKEN)
        if self.style in self.formats:
            return text, self.formats[self.style]
        shown = number_text(text)
        return (text, ROUNDED) if shown is None else (shown, "")


def _index(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused(BROKEN)
    return int(text)
