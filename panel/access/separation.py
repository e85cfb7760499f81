"""Separation of duties: rules on who may not take the next step, each on until two people say no.

The apps declare their rules here; a row exists only for a rule that was changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from panel.models import Separation


@dataclass(frozen=True, slots=True)
class SeparationRule:
    """A rule: its name in the database, and in words what holds with it and without it."""

    name: str
    label: str
    on: str
    off: str


RULES: dict[str, SeparationRule] = {}


def declare(rule: SeparationRule) -> SeparationRule:
    """Make a rule known; it holds from now on."""
    RULES[rule.name] = rule
    return rule


def holds(rule: SeparationRule) -> bool:
    """Whether the rule is in force."""
    return not Separation.objects.filter(name=rule.name, active=False).exists()
