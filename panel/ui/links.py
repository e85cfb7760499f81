"""A link with its words: buttons, menus, breadcrumbs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Where it leads, what it says, and its icon."""

    label: str
    url: str
    icon: str = ""
