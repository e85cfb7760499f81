"""A file's warnings in words."""

from __future__ import annotations

from payments.models import Topic, WarningCheck


def warnings_text(check: WarningCheck | None) -> str:
    """`2 lines: account disabled; 1 line: same amount within 24 hours`."""
    if check is None:
        return "not read yet"
    parts = [
        f"{one['lines']:,} line{'' if one['lines'] == 1 else 's'}: {Topic(one['topic']).label}"
        for one in check.counts
    ]
    return "; ".join(parts) or "none"
