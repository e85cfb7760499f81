"""References: what a payment is called on paper, in the panel, and in MT4's comment."""

from __future__ import annotations

import re
import secrets

from panel.lib.text import comparable

# Crockford's alphabet: no I, L, O or U, so that a reference can be read out on the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ANYWHERE = re.compile(r"(?<![0-9A-Z])[A-Z]{2} [0-9A-HJKMNP-TV-Z]{8}(?![0-9A-Z])")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{8}(?![0-9A-Z])")
PATTERN = re.compile(r"^[A-Z]{2} [0-9A-HJKMNP-TV-Z]{8}(?=$|[^0-9A-Z])")
# What people write for letters that the alphabet leaves out.
_MISREAD = str.maketrans("ILO", "110")


def new_reference(prefix: str) -> str:
    """A fresh reference such as `WD 7Q2K9F31`: 11 ASCII characters, 40 random bits."""
    return f"{prefix} " + "".join(secrets.choice(ALPHABET) for _ in range(8))


def references_in(comment: str) -> set[str]:
    """Whatever looks like a reference anywhere in an MT4 comment: others may have put words before
    it, or changed its case."""
    return set(_ANYWHERE.findall(comment.upper()))


def carries(comment: str, reference: str) -> bool:
    """Whether a comment still shows this reference: anywhere, in any case, or its eight characters
    alone, where somebody took away what stood before them."""
    code = reference.partition(" ")[2]
    return code in _CODE.findall(comment.upper())


def reference_in(comment: str) -> str | None:
    """The reference with which an MT4 comment begins, if it does."""
    found = PATTERN.match(comment)
    return found.group(0) if found else None


def as_reference(words: str) -> str:
    """A reference, or the beginning of one, as it is stored, from what somebody typed:
    `WD 7Q2K9F31` for `wd-7q2k9f31`, `WD7Q2K9F31` or any dash between; empty for what is none.
    """
    plain = comparable(words).upper().replace(" ", "")
    prefix, body = plain[:2], as_body(plain[2:])
    if not (prefix.isascii() and prefix.isalpha() and len(prefix) == 2):
        return ""
    if plain[2:] and not body:
        return ""
    return f"{prefix} {body}".strip()


def as_body(words: str) -> str:
    """The beginning of a reference's second part, as it is stored; empty for what is none."""
    body = comparable(words).upper().replace(" ", "").translate(_MISREAD)
    return body if len(body) <= 8 and set(body) <= set(ALPHABET) else ""
