"""What else a decision stands on than its command says: told by the apps, by command.

So the same warnings stand on every page on which a request can be decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from panel.commands.base import Check
from panel.models import ChangeRequest
from panel.ui.shown import Table


@dataclass(frozen=True, slots=True)
class Review:
    """Checks beside the command's own, and tables in words."""

    checks: list[Check] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


Reviewer = Callable[[ChangeRequest], Review]
_REVIEWERS: dict[str, Reviewer] = {}


def reviews(command: str) -> Callable[[Reviewer], Reviewer]:
    """Register a function that reviews the requests of a command; what goes wrong it tells."""

    def register(function: Reviewer) -> Reviewer:
        _REVIEWERS[command] = function
        return function

    return register


def review_of(request: ChangeRequest) -> Review:
    """What the app tells of a request; nothing for most kinds."""
    reviewer = _REVIEWERS.get(request.command)
    return reviewer(request) if reviewer else Review()
