"""Choosing a reason: from the stored list, in words of one's own, or both."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.http import QueryDict

from panel.commands.base import Invalid
from panel.commands.reasons import LONGEST, AddReason
from panel.commands.submit import submit
from panel.models import Purpose, Reason

if TYPE_CHECKING:
    from panel.access.actor import Actor

OTHER = "Another reason"
# Letters of a note with an approval.
NOTE = 500


def offered(purpose: Purpose) -> list[str]:
    """What can be chosen for a purpose; words of one's own come last."""
    return offered_for([purpose])[purpose]


def offered_for(purposes: Collection[Purpose]) -> dict[Purpose, list[str]]:
    """The same for several purposes."""
    found: dict[Purpose, list[str]] = {purpose: [] for purpose in purposes}
    rows = Reason.objects.filter(purpose__in=purposes, active=True).order_by("pk")
    for purpose, text in rows.values_list("purpose", "text"):
        found[Purpose(purpose)].append(text)
    return {purpose: [*texts, OTHER] for purpose, texts in found.items()}


def chosen(sent: QueryDict) -> str:
    """The reason that `ui/reason_dialog.html` sent; raises `Invalid` if there is none."""
    choice, words = sent.get("reason", ""), sent.get("words", "").strip()
    if sent.get("keep") and len(words) > LONGEST:
        raise Invalid.of(f"Words to be offered again have at most {LONGEST} characters.", "words")
    if choice == OTHER and not words:
        raise Invalid.of("Say why: others will read it.", "reason")
    if choice == OTHER:
        choice = ""
    reason = " ".join(part for part in (choice, words) if part)
    if not reason:
        raise Invalid.of("Choose a reason.", "reason")
    return reason


def note(text: str) -> str:
    """What somebody adds to an approval, if anything; raises `Invalid` if it is too long."""
    if len(text) > NOTE:
        raise Invalid.of(f"A note has at most {NOTE} characters.", "note")
    return text


def reopened(sent: QueryDict) -> str:
    """The dialog that comes back open, with what was typed in it; approving is asked anew."""
    step = sent.get("step", "")
    return "" if step == "approve" else step


def keep(sent: QueryDict, purpose: Purpose, actor: Actor) -> None:
    """Add one's own words to the list, if that was ticked; raises what `submit` raises."""
    words = sent.get("words", "").strip()
    if not sent.get("keep") or not words or not actor.may(AddReason.permission):
        return
    if Reason.objects.filter(purpose=purpose, text=words, active=True).exists():
        return
    command = AddReason(purpose=purpose, text=words)
    submit(command, actor=actor, source="web", reason="", key=str(uuid.uuid4()))
