"""What search boxes have in common: references are found however they are typed."""

from __future__ import annotations

from django.db.models import Q

from panel.lib.keys import key_of
from panel.lib.references import as_body, as_reference


def by_reference(path: str, words: str) -> Q:
    """The panel's references in the column `path`: from their start, or their second part's."""
    found = Q(pk__in=[])
    if whole := as_reference(words):
        found |= Q(**{f"{path}__startswith": whole})
    if body := as_body(words):
        found |= Q(**{f"{path}__contains": f" {body}"})
    return found


def by_key(path: str, words: str) -> Q:
    """References of others in the column `path`, a `ComparableField`: anywhere in them."""
    key = key_of(words)
    return Q(**{f"{path}__contains": key}) if key else Q(pk__in=[])


def by_login(path: str, words: str) -> Q:
    """A login, exactly."""
    digits = words.isascii() and words.isdecimal() and len(words) < 10
    return Q(**{path: int(words)}) if digits else Q(pk__in=[])
