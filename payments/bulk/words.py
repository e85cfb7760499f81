"""A file's warnings in words."""

from __future__ import annotations

from collections.abc import Iterator

from panel.commands.base import Check
from payments.models import Topic, WarningCheck


def warnings_text(check: WarningCheck | None) -> str:
    """`2 lines: account disabled; 1 line: same amount within 24 hours`."""
    if check is None:
        return "not read yet"
    parts = [f"{_lines(one['lines'])}: {Topic(one['topic']).label}" for one in check.counts]
    return "; ".join(parts) or "none"


def warning_checks(check: WarningCheck | None) -> Iterator[Check]:
    """The same for the file's preview. What forbids a line does not forbid the file: the line is
    left out.
    """
    for one in check.counts if check else ():
        yield Check("warn", f"{Topic(one['topic']).label.capitalize()}: {_lines(one['lines'])}.")


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"
