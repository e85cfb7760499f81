"""Which approvals count: those of people who could still give them now. And who asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from panel.commands.registry import command_class
from panel.models import Approval, ChangeRequest

if TYPE_CHECKING:
    from panel.models import User


def may_vote(request: ChangeRequest, person: User) -> str:
    """Why this person's vote on the request does not count now, in words; empty if it does.

    Right, roles, scopes, and what the command itself demands; not whether they have voted already.
    """
    command = command_class(request.command)
    if not person.may(command.approve_permission):
        return "Your roles do not carry the right to decide on this."
    if request.approver_roles and not person.role_slugs & set(request.approver_roles):
        return f"The policy asks for {' or '.join(request.approver_roles)}."
    why = command.may_decide(request, person)
    if not why and not in_scope(request, person):
        why = "It lies outside your scopes."
    return why


def in_scope(request: ChangeRequest, person: User) -> bool:
    """Whether every account that the request concerns lies within the person's scopes; where it is
    about a platform as a whole, whether they see any of that.
    """
    if request.platform_id is None:
        return True
    if request.mt4_group and not person.sees(request.platform_id, request.mt4_group):
        return False
    if not person.sees_platform(request.platform_id):
        return False
    return all(person.sees(row.platform_id, row.group) for row in request.further_groups.all())


@dataclass(frozen=True, slots=True)
class Lost:
    """An approval that counts no longer, and why."""

    name: str
    why: str

    @property
    def text(self) -> str:
        """As a sentence: `The approval of Bob counts no longer: they were deactivated.`"""
        return f"The approval of {self.name} counts no longer: {self.why}."


def given(request: ChangeRequest) -> tuple[int, list[Lost]]:
    """How many approvals count now, and which do not any more. People are read anew."""
    approvals: QuerySet[Approval] = Approval.objects.filter(
        request=request, decision=Approval.Decision.APPROVE
    ).select_related("checker")
    counted, lost = 0, list[Lost]()
    for one in approvals:
        why = _lost(request, one.checker)
        if why:
            lost.append(Lost(one.checker.name, why))
        else:
            counted += 1
    return counted, lost


def _lost(request: ChangeRequest, person: User) -> str:
    if not person.is_active:
        return "they were deactivated"
    if may_vote(request, person):
        return "they could not give it now"
    return ""


def maker_gone(request: ChangeRequest) -> str:
    """What the decision should know of a maker who is not there any more; empty if they are."""
    maker = request.maker
    if maker.is_machine:
        return ""
    if not maker.is_active:
        return f"{maker.name}, who asked for it, has been deactivated since."
    if not maker.may(command_class(request.command).permission):
        return f"{maker.name}, who asked for it, has lost the right to ask for it since."
    return ""
