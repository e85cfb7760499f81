"""Texts that people and files bring: what is stored of them, and when two are the same."""

from __future__ import annotations

import re
import unicodedata

# Joiners shape letters in these scripts, and names are misspelt without them; anywhere else they
# are only there to make two equal texts differ. Arabic to Sinhala, Myanmar, Khmer, Mongolian.
_JOINED = re.compile("[\u0600-\u0dff\u1000-\u109f\u1780-\u18af]")
_JOINERS = "\u200c\u200d"

# What is not drawn though Unicode does not call it a format character: the combining grapheme
# joiner, fillers of Hangul, vowels of Khmer, selectors of variations, all of the plane of tags.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\uffff"
    "\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A braille cell without dots is as wide and as empty as a space.
_EMPTY_CELL = "\u2800"

_KEPT_CONTROLS = "\t\n\r"

# Small letters of other scripts by the Latin one that they, or their capitals, look like. By
# either, for a reference in capitals and the same in small letters are one.
_LOOK_ALIKE = str.maketrans(
    "авекмнорстухіјѕһԁԛԝӏ" + "αβεζηικμνορτυχ" + "ı",
    "abekmhopctyxijshdqwl" + "abezhikmnoptyx" + "i",
)
# Signs that are drawn as a dash without being one: minus, hyphen bullet, small tilde's place.
_DASHES = "\u2212\u2043\u02d7\u2796\u2500\u2501\u00af\u203e"


def printable(text: str) -> str:
    """The text in composed letters, without what cannot be seen or turns the line around.

    Taken out: format characters (zero width, marks of direction, soft hyphens), controls but tabs
    and ends of lines. Spaces of every kind become plain ones. A joiner stays within scripts that
    need it. What is plain ASCII stays as it is.
    """
    if text.isascii() and not _CONTROL.search(text):
        return text
    text = unicodedata.normalize("NFC", text)
    kept = [
        shown
        for index, char in enumerate(text)
        if (shown := _shown(char, text[index - 1] if index else ""))
    ]
    # Letters that something unseen stood between may compose now.
    return unicodedata.normalize("NFC", "".join(kept))


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


def cell_problem(text: str) -> str:
    """Why a text cannot stand in a file for a bank just as it is, in words; empty if it can.

    Such a file is never rewritten: with a sign put before it, an address is another address.
    """
    if text.startswith(FORMULA_SIGNS):
        return "Begins like a formula: write it without = + - @ in front."
    return "" if text.isprintable() else "Has characters that cannot be seen."


def clean(text: str) -> str:
    """What is stored of a line of text: `printable`, trimmed."""
    return printable(text).strip()


def comparable(text: str) -> str:
    """The form in which two spellings of one reference are equal; never shown.

    Capital and small letters, composed and decomposed ones, wide ones, letters of other scripts
    that look like Latin ones, and whatever cannot be seen make no difference; neither does which
    dash or space stands between two parts, nor how many.
    """
    text = unicodedata.normalize("NFKC", printable(text)).casefold()
    text = unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE)
    # `İ` folds to an i with a dot above it, as which `i` is drawn anyhow.
    text = text.replace("i\u0307", "i")
    for joiner in _JOINERS:
        text = text.replace(joiner, "")
    return " ".join("".join(" " if _is_dash(char) else char for char in text).split())


def _shown(char: str, before: str) -> str:
    if char in _JOINERS:
        return char if _JOINED.match(before) else ""
    if char in _KEPT_CONTROLS:
        return char
    match unicodedata.category(char):
        case "Cc" | "Cf" | "Cs":
            return ""
        case "Zs" | "Zl" | "Zp":
            return " "
    if char == _EMPTY_CELL:
        return " "
    return "" if _UNSEEN.match(char) else char


def _is_dash(char: str) -> bool:
    return char in _DASHES or unicodedata.category(char) == "Pd"
