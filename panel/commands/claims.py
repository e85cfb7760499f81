"""Taking a piece of work in hand, assigning it, letting it go: advice to others, never a lock.

A claim keeps nobody from deciding: whoever is away must not hold money up. It is shown beside the
item, in the lists, and in the dialog of whoever decides all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.db.models import Model, OuterRef, QuerySet, Subquery

from panel import audit
from panel.access.actor import Actor
from panel.commands import decide, notices
from panel.commands.base import Change, Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from panel.models import ChangeRequest, Claim, Status, User

if TYPE_CHECKING:
    from panel.models import Platform
    from panel.mt4.read import Reader

Row = TypeVar("Row", bound=Model)
ASSIGN = "requests.assign"
NOBODY = "nobody"


def claim_of(reference: str, task: Claim.Task) -> Claim | None:
    """Who has it in hand; a claim of somebody who has left counts for nothing."""
    rows = Claim.objects.filter(reference=reference, task=task, person__is_active=True)
    return rows.select_related("person", "by").first()


def with_claims(rows: QuerySet[Row], task: Claim.Task, reference: str) -> QuerySet[Row]:
    """Rows with `claimed_by` (a primary key), `claimed_name` and `claimed_at`."""
    claims = Claim.objects.filter(reference=OuterRef(reference), task=task, person__is_active=True)
    found = rows.annotate(
        claimed_by=Subquery(claims.values("person")[:1]),
        claimed_name=Subquery(claims.values("person__name")[:1]),
        claimed_at=Subquery(claims.values("at")[:1]),
    )
    return cast("QuerySet[Row]", found)


@dataclass(frozen=True, kw_only=True)
class ClaimCommand(PanelCommand):
    """Put an item into somebody's hands; `person` is a primary key, None lets it go.

    A person takes what nobody has; who may assign gives it to anybody who could do the work.
    """

    permission: ClassVar[str] = "requests.view"
    approve_permission: ClassVar[str] = ASSIGN
    risk: ClassVar[Risk] = Risk.NORMAL
    task: ClassVar[Claim.Task]

    reference: str
    person: int | None = None

    def request(self) -> ChangeRequest:
        """The request that it is about; raises `Invalid` if there is none."""
        raise NotImplementedError

    def why_not(self, person: User) -> str:
        """Why a person could not do the work, in words; empty if they could."""
        raise NotImplementedError

    def gone(self) -> str:
        """Why there is nothing to be done any more, in words; empty while there is."""
        raise NotImplementedError

    def able(self, people: Iterable[User]) -> list[User]:
        """Those of some people who could do the work."""
        return [person for person in people if not self.why_not(person)]

    def about(self) -> Target:
        """What it is about."""
        raise NotImplementedError

    def get_platform(self) -> Platform | None:
        """The request's, so that scopes hold; it is not asked anything."""
        return self.request().platform

    def target(self, reader: Reader | None) -> Target:
        """The item. Not under its account: a claim is no change of an account."""
        return self.about()

    def _person(self) -> User | None:
        if self.person is None:
            return None
        found = User.objects.filter(pk=self.person, is_active=True, is_machine=False).first()
        if found is None:
            raise Invalid.of("There is no such person.", "person")
        return found

    def may_ask(self, person: User) -> str:
        """Nobody takes what they could not do; only who may assign moves what others have."""
        has = claim_of(self.reference, self.task)
        if self.gone():
            return ""
        if self.person == person.pk:
            why = self.why_not(person)
            if why or has is None or has.person_id == person.pk or person.may(ASSIGN):
                return why
            return f"{has.person.name} has it already: ask for it to be released or assigned."
        if self.person is None and has is not None and has.person_id == person.pk:
            return ""
        if person.may(ASSIGN):
            return ""
        return "Only who may assign work gives it to others, or takes it from them."

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """There must be something to do; something must change; the person must be able to."""
        gone = self.gone()
        if gone:
            raise Invalid.of(gone)
        has, person = claim_of(self.reference, self.task), self._person()
        if person is None:
            if has is None:
                raise Invalid.of(f"Nobody has {self.reference}.")
            return
        if has is not None and has.person_id == person.pk:
            raise Invalid.of(f"{person.name} has {self.reference} already.")
        why = self.why_not(person)
        if why:
            raise Invalid.of(f"{person.name} cannot do it: {_of_others(why)}", "person")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Who has it."""
        has = claim_of(self.reference, self.task)
        return {"claimed_by": has.person.name if has else ""}

    def preview(self, reader: Reader | None) -> Preview:
        """Who has it from then on."""
        has, person = claim_of(self.reference, self.task), self._person()
        name = person.name if person else NOBODY
        return Preview(
            sentence=f"Give the {self.task.label} of {self.reference} to {name}"
            if person
            else f"Release the {self.task.label} of {self.reference}",
            button="Assign" if person else "Release",
            changes=[Change("With", has.person.name if has else NOBODY, name)],
        )

    def lock(self) -> None:
        """The request: two who take it at once come one after the other."""
        ChangeRequest.objects.select_for_update(no_key=True).get(pk=self.request().pk)

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it, and tell it in the item's own history."""
        has, person = claim_of(self.reference, self.task), self._person()
        names = {"from": has.person.name if has else "", "to": person.name if person else ""}
        if names["from"] != request.before.get("claimed_by", ""):
            raise Invalid.of(f"Somebody else was first: {names['from'] or NOBODY} has it now.")
        Claim.objects.filter(reference=self.reference, task=self.task).delete()
        if person is not None:
            Claim.objects.create(
                reference=self.reference, task=self.task, person=person, by=request.maker
            )
        own = person is not None and person.pk == request.maker_id
        notices.assigned(self.request(), None if own else person)
        audit.record(
            Actor.person(request.maker, request_id=request.request_id),
            "claimed" if own else "assigned" if person else "claim released",
            source=request.source,
            request=self.request(),
            obj=("claim", self.reference, self.about().text),
            detail=f"{self.task.label.capitalize()} of {self.reference}"
            + (f", to {names['to']}" if person and not own else "")
            + (f", from {names['from']}" if names["from"] else "")
            + f". By {request.reference}.",
        )
        return names


def _of_others(why: str) -> str:
    """A refusal to a person's face, told of somebody else."""
    return (
        why.replace("You have", "They have")
        .replace("Your roles", "Their roles")
        .replace("your scopes", "their scopes")
        .replace("You ", "They ")
    )


@register
@dataclass(frozen=True, kw_only=True)
class ClaimDecision(ClaimCommand):
    """The decision on a request."""

    name: ClassVar[str] = "requests.claim"
    label: ClassVar[str] = "Claim of a request"
    prefix: ClassVar[str] = "QC"
    task: ClassVar[Claim.Task] = Claim.Task.DECIDE

    def request(self) -> ChangeRequest:
        """The request of the reference, read once."""
        return self._request

    @classmethod
    def of(cls, request: ChangeRequest) -> ClaimDecision:
        """The claim of a request that is at hand, so that it is not read once more."""
        command = cls(reference=request.reference)
        # Where the cached property keeps it.
        vars(command)["_request"] = request
        return command

    @cached_property
    def _request(self) -> ChangeRequest:
        rows = ChangeRequest.objects.select_related("platform")
        rows = rows.prefetch_related("authors", "approvals", "further_groups")
        found = rows.filter(reference=self.reference).first()
        if found is None:
            raise Invalid.of(f"There is no request {self.reference}.", "reference")
        return found

    def why_not(self, person: User) -> str:
        """Whoever could not decide on it."""
        return decide.why_not(self.request(), person)

    def gone(self) -> str:
        """It is decided."""
        request = self.request()
        if request.status == Status.PENDING:
            return ""
        return f"It is already {request.get_status_display()}."

    def about(self) -> Target:
        """The request."""
        request = self.request()
        return Target(
            "request",
            request.reference,
            request.object_text,
            group=request.mt4_group,
            currency=request.currency,
        )
