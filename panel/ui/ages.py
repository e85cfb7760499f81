"""An item's age against its target, in words and colour."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.ui.figures import age_seconds, span_text

# Of the time that is allowed, how much is left when it is worth a look.
SOON = 0.25


def age_html(since: datetime, due: datetime | None) -> SafeString:
    """`3 h`, and how it stands to its target: `1 h over target`, `due in 20 min`, or nothing."""
    age = span_text(age_seconds(since))
    if due is None:
        return format_html('<span class="num">{}</span>', age)
    left = (due - timezone.now()).total_seconds()
    if left < 0:
        return format_html(
            '<span class="num">{}</span> <span class="tag tag-red">{} over target</span>',
            age,
            span_text(int(-left)),
        )
    if left < (due - since).total_seconds() * SOON:
        return format_html(
            '<span class="num">{}</span> <span class="tag tag-amber">due in {}</span>',
            age,
            span_text(int(left)),
        )
    return format_html(
        '<span class="num">{}</span> <span class="dim">due in {}</span>', age, span_text(int(left))
    )
