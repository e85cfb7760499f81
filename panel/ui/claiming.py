"""Who has an item in hand: on its page, with what one can do about it, and in lists."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict

from panel.access.actor import Actor
from panel.commands.base import Invalid
from panel.commands.claims import ASSIGN, ClaimCommand, claim_of
from panel.commands.submit import submit
from panel.models import Claim, User
from panel.ui.figures import when_short

STEPS = ("claim", "assign", "unclaim")


@dataclass(frozen=True, slots=True)
class ClaimBox:
    """What the page shows: the claim, whether one can take or release it, and to whom it can go."""

    claim: Claim | None
    may_take: bool = False
    may_release: bool = False
    people: list[User] = field(default_factory=list)


def box_of(command: ClaimCommand, person: User) -> ClaimBox:
    """The claim on an item; `command` names it. People only for who may assign."""
    claim = claim_of(command.reference, command.task)
    assigns = person.may(ASSIGN)
    mine = claim is not None and claim.person_id == person.pk
    free = claim is None or assigns
    people: list[User] = []
    if assigns:
        staff = User.objects.filter(is_active=True, is_machine=False).exclude(pk=person.pk)
        if claim is not None:
            staff = staff.exclude(pk=claim.person_id)
        people = command.able(staff.prefetch_related("roles"))
    return ClaimBox(
        claim,
        may_take=not mine and free and not command.why_not(person),
        may_release=claim is not None and (mine or assigns),
        people=people,
    )


def take_step(
    step: str, kind: type[ClaimCommand], reference: str, sent: QueryDict, actor: Actor
) -> str:
    """Claim, assign or release, as the page's button says; what to tell the person.

    Raises `Invalid` and what `submit` raises.
    """
    person: int | None = None
    if step == "claim":
        person = actor.person_or_fail().pk
    elif step == "assign":
        chosen = sent.get("person", "")
        if not chosen.isascii() or not chosen.isdecimal() or len(chosen) > 9:
            raise Invalid.of("Choose a person.", "person")
        person = int(chosen)
    command = kind(reference=reference, person=person)
    submit(command, actor=actor, source="web", reason="", key=str(uuid.uuid4()))
    if step == "claim":
        return f"You have {reference} in hand."
    if person is None:
        return f"Released {reference}."
    return f"Gave {reference} to {User.objects.get(pk=person).name}."


# --- In lists, whose rows come from `panel.commands.claims.with_claims` ---------------------


def claim_text(row: Any) -> str:
    """`Bob, 14:05`; empty while nobody has it."""
    return f"{row.claimed_name}, {when_short(row.claimed_at)}" if row.claimed_by else ""


def claim_filter() -> django_filters.ChoiceFilter:
    """The filter that goes with it; its filter set has `by_claim = by_claim`."""
    return django_filters.ChoiceFilter(
        label="In hand",
        method="by_claim",
        empty_label="anybody’s",
        choices=[("mine", "mine"), ("unassigned", "unassigned")],
    )


def by_claim(filters: Any, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    """One's own, or nobody's."""
    if value == "mine":
        return rows.filter(claimed_by=filters.request.actor.user.pk)
    return rows.filter(claimed_by__isnull=True)
