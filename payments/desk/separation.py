"""The people involved in a withdrawal, who take no step of its payout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from panel.access.separation import SeparationRule, declare, holds
from panel.models import Approval, ChangeRequest, RequestAuthor
from payments.models import BulkFile, BulkItem, LineDecision, Withdrawal

# The requests that carry out a file of payments.
OF_FILES = ("payments.bulk_file", "payments.bulk_again")
LINES_PER_QUERY = 500
MAKER = declare(
    SeparationRule(
        "withdrawal_maker_does_not_pay",
        "Asking for a withdrawal and paying it out",
        "Whoever asked for a withdrawal, edited the request, or uploaded its file neither pays it "
        "out, nor calls its payout failed, nor asks for its return.",
        "Whoever asked for a withdrawal may pay it out themselves.",
    )
)


@dataclass(slots=True)
class People:
    """People by primary key: who asked (makers, editors, uploaders), and who approved."""

    asked: set[int] = field(default_factory=set)
    approved: set[int] = field(default_factory=set)

    def barred(self, *, makers_too: bool) -> set[int]:
        """Who may take no step of the payout."""
        return self.approved | self.asked if makers_too else self.approved


def people_of(rows: Iterable[Withdrawal]) -> dict[int, People]:
    """The people involved in each withdrawal, by its primary key; four queries for all of them.

    A line of a file was asked for and approved with the file, and with each request that took the
    file up again; also where the line has a request of its own since its outcome was in doubt.
    Rows need their `payment`.
    """
    rows = list(rows)
    found = {row.pk: People() for row in rows}
    by_request: dict[int, set[int]] = defaultdict(set)
    by_reference = {row.payment.reference: row.pk for row in rows}
    for row in rows:
        by_request[row.payment.request_id].add(row.pk)
    by_file: dict[int, set[int]] = defaultdict(set)
    lines = BulkItem.objects.filter(reference__in=by_reference).order_by()
    for reference, file, uploader in lines.values_list(
        "reference", "file_id", "file__uploaded_by_id"
    ):
        found[by_reference[reference]].asked.add(uploader)
        by_file[file].add(by_reference[reference])
    if by_file:
        about = ChangeRequest.objects.filter(
            command__in=OF_FILES, object_key__in=[str(file) for file in by_file]
        )
        for file_request, key in about.order_by().values_list("pk", "object_key"):
            by_request[file_request] |= by_file[int(key)]
    authors = RequestAuthor.objects.filter(request__in=by_request).order_by()
    for about_request, maker in authors.values_list("request_id", "user_id"):
        for pk in by_request[about_request]:
            found[pk].asked.add(maker)
    approvals = Approval.objects.filter(
        request__in=by_request, decision=Approval.Decision.APPROVE
    ).order_by()
    for decided_request, checker in approvals.values_list("request_id", "checker_id"):
        for pk in by_request[decided_request]:
            found[pk].approved.add(checker)
    return found


def people_of_file(file: BulkFile) -> set[int]:
    """Who uploaded a file, and who made, edited or decided on any request to carry it out; by
    primary key, in two queries."""
    runs = ChangeRequest.objects.filter(command__in=OF_FILES, object_key=str(file.pk)).values("pk")
    authors = RequestAuthor.objects.filter(request__in=runs).values_list("user_id", flat=True)
    checkers = Approval.objects.filter(request__in=runs).values_list("checker_id", flat=True)
    return {file.uploaded_by_id, *authors, *checkers}


def deciders_of_lines(file: BulkFile, lines: Sequence[int]) -> dict[int, set[int]]:
    """Who decided on lines by themselves, for whichever request of the file, by line; a query for
    each few hundred of the lines that are asked for."""
    found: dict[int, set[int]] = defaultdict(set)
    for start in range(0, len(lines), LINES_PER_QUERY):
        some = lines[start : start + LINES_PER_QUERY]
        rows = LineDecision.objects.filter(
            request__command__in=OF_FILES, request__object_key=str(file.pk), line__in=some
        )
        for line, checker in rows.order_by().values_list("line", "checker_id"):
            found[line].add(checker)
    return found


def why_not_pay(rows: Iterable[Withdrawal], person: int) -> dict[int, str]:
    """Why a person takes no step of a payout, in words, by the withdrawal's primary key.

    Only those that somebody else has to take are in it. Five queries, however many there are.
    """
    rows = list(rows)
    if not rows:
        return {}
    makers_too = holds(MAKER)
    found = {}
    for pk, people in people_of(rows).items():
        if person in people.approved:
            found[pk] = "You approved this withdrawal, so somebody else pays it out."
        elif makers_too and person in people.asked:
            found[pk] = "You asked for this withdrawal, so somebody else pays it out."
    return found


def barred(rows: Iterable[Withdrawal]) -> frozenset[int]:
    """People who take no step of the payout of any of these withdrawals."""
    makers_too = holds(MAKER)
    sets = [people.barred(makers_too=makers_too) for people in people_of(rows).values()]
    return frozenset(set.intersection(*sets)) if sets else frozenset()


def asked_for(row: Withdrawal, person: int) -> str:
    """Why a person does not decide on what follows from a withdrawal of their own; else empty."""
    if holds(MAKER) and person in people_of([row])[row.pk].asked:
        return "You asked for this withdrawal, so somebody else decides what follows from it."
    return ""
