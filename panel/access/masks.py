"""MT4 group masks: comma-separated names with `*`, a leading `!` taking names out again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from django.db.models import Q


def parts(masks: str) -> list[str]:
    """The single masks of a comma-separated list, blanks dropped."""
    return [part.strip() for part in masks.split(",") if part.strip()]


@lru_cache(maxsize=1024)
def _pattern(mask: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else re.escape(c) for c in mask) + r"\Z", re.S)


def matches(masks: str, group: str) -> bool:
    """Whether a group name lies within the masks. Names are case-sensitive, as in MT4."""
    found = False
    for mask in parts(masks):
        if mask.startswith("!"):
            if _pattern(mask[1:]).match(group):
                return False
        elif _pattern(mask).match(group):
            found = True
    return found


def regex(mask: str) -> str:
    """One mask (without `!`) as an anchored regular expression for the database."""
    return "^" + "".join(".*" if c == "*" else re.escape(c) for c in mask) + "$"


def group_filter(masks: str, field: str = "group") -> Q:
    """The masks as a condition on a column that holds MT4 group names."""
    wanted, refused = Q(pk__in=[]), Q(pk__in=[])
    for mask in parts(masks):
        if mask == "*":
            wanted = ~Q(pk__in=[])
        elif mask.startswith("!"):
            refused |= Q(**{f"{field}__regex": regex(mask[1:])})
        elif "*" in mask:
            wanted |= Q(**{f"{field}__regex": regex(mask)})
        else:
            wanted |= Q(**{field: mask})
    return wanted & ~refused


def visible(scopes: Iterable[tuple[int | None, str]], field: str = "group") -> Q:
    """What a person's scopes let them see, on rows with `platform_id` and an MT4 group column."""
    seen = Q(pk__in=[])
    for platform_id, masks in scopes:
        condition = group_filter(masks, field)
        seen |= condition if platform_id is None else Q(platform_id=platform_id) & condition
    return seen
