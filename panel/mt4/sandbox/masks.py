"""Masks of group names: a comma list, `*` for anything, `!` before a mask that excludes."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(masks: str, group: str) -> bool:
    """Whether a group is meant by the masks; none of them means no group."""
    parts = [part for mask in masks.split(",") if (part := mask.strip())]
    refused = any(part[0] == "!" and fnmatchcase(group, part[1:]) for part in parts)
    return not refused and any(part[0] != "!" and fnmatchcase(group, part) for part in parts)
