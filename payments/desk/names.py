"""Whether a beneficiary is the account's owner: names as people and banks write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from panel.commands.base import Check
from payments.models import Topic

# Letters that Unicode does not take apart into a plain one and its mark.
_PLAIN = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof"})
_WORD = re.compile(r"[^\W_]+")


def words_of(name: str) -> frozenset[str]:
    """The words of a name without case, marks, punctuation, order and titles."""
    lower = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    plain = "".join(letter for letter in lower if not unicodedata.combining(letter))
    return frozenset(_WORD.findall(plain)) - _TITLES


def same_person(one: str, other: str) -> bool:
    """Whether two names can be one person's: the same words, or the shorter one within the longer.

    A single word is enough only if it is the whole of both.
    """
    first, second = words_of(one), words_of(other)
    shorter, longer = sorted((first, second), key=len)
    return bool(first) and (first == second or (len(shorter) > 1 and shorter <= longer))


def check(beneficiary: str, owner: str) -> Iterator[Check]:
    """Money goes to the account's owner and nobody else; nothing where no beneficiary is known."""
    if not beneficiary.strip():
        return
    if same_person(beneficiary, owner):
        yield Check("ok", f"The beneficiary {beneficiary} is the account’s owner.")
    else:
        yield Check(
            "warn",
            f"The beneficiary is {beneficiary}, the account belongs to {owner or 'nobody'}.",
            Topic.BENEFICIARY,
        )
