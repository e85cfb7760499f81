"""What the soak ended with: every operation of the panel against what MT4 has really booked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from panel import audit
from panel.lib.references import reference_in
from panel.models import ChangeRequest, Status
from panel.mt4.read import reader
from payments.models import BulkItem, Payment
from tests.chaos.crew import Crew
from tests.chaos.truth import booked, straight
from tests.chaos.wishes import Accounts
from tests.harness.stack import Stack

MOST_SENDINGS = 3
OPEN = (Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)
LINE_STATUS = {
    BulkItem.State.DONE: Status.DONE,
    BulkItem.State.REJECTED: Status.FAILED,
    BulkItem.State.CANCELLED: Status.WITHDRAWN,
    BulkItem.State.UNKNOWN: Status.UNKNOWN,
}


@dataclass
class Verdict:
    """Figures for people, and what must not be: references by what is wrong with them."""

    figures: dict[str, object] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Nothing doubled, nothing lost, nothing left to itself."""
        return not any(self.wrong.values())

    def __str__(self) -> str:
        lines = [f"{name:<50}{value}" for name, value in self.figures.items()]
        for name, found in self.wrong.items():
            lines.append(f"{name:<50}{len(found)}")
            lines += [f"    {each}" for each in found[:50]]
        return "\n".join(lines)


def operations() -> dict[str, str]:
    """Every money operation that the panel knows, by its reference: where it stands."""
    lines = BulkItem.objects.values_list("reference", "state")
    known = {
        reference: str(LINE_STATUS.get(BulkItem.State(state), Status.APPROVED))
        for reference, state in lines
    }
    known |= dict(Payment.objects.values_list("reference", "status"))
    return known


def judge(stack: Stack, accounts: Accounts, crew: Crew) -> Verdict:
    """Hold the panel's operations against the sandbox's records and the proxy's log."""
    known, truth = operations(), booked(stack, accounts.currency)
    status = Counter(known.values())
    records = Counter(len(each.amounts) for found in truth.values() for each in found)
    waiting = ChangeRequest.objects.filter(status=Status.UNKNOWN, needs_person=True)
    left_alone = ChangeRequest.objects.filter(status__in=OPEN).exclude(pk__in=waiting)
    changed = [each for found in truth.values() for each in found if not each.is_as_asked]
    sent = [reference_in(one.comment) for one in list(stack.proxy.passed)]
    per_reference = Counter(reference for reference in sent if reference)
    verdict = Verdict(
        figures={
            "operations asked for": len(known),
            "done": status[Status.DONE],
            "failed, rejected or taken back": len(known)
            - sum(status[each] for each in (Status.DONE, *OPEN)),
            "unknown with a person at the end": waiting.count(),
            "settled by two people": len(crew.settled),
            "sendings seen by the proxy": per_reference.total(),
            "most sendings of one operation": max(per_reference.values(), default=0),
            "operations booked": len(truth),
            "records booked": sum(size * count for size, count in records.items()),
            "booked with another amount, or split": len(changed),
        }
    )
    verdict.wrong = {
        "doubled": [f"{name}: {found}" for name, found in truth.items() if len(found) > 1],
        "lost (done, and not booked)": [
            name for name, where in known.items() if where == Status.DONE and name not in truth
        ],
        "booked, and said not to be": [
            f"{name} ({known.get(name, 'not known at all')}): {found}"
            for name, found in truth.items()
            if known.get(name) not in (Status.DONE, Status.UNKNOWN)
        ],
        "sent more than three times": [
            f"{name}: {count}" for name, count in per_reference.items() if count > MOST_SENDINGS
        ],
        "open, and with nobody": [
            f"{one.reference} {one.status}: {one.outcome_text or one.waiting_for}"
            for one in left_alone
        ],
        "balances that are not the sum of their records": [
            str(diff.login) for diff in reader(straight(stack)).balance_checks(accounts.currency)
        ],
        "breaks in the audit log": [str(fault) for fault in [audit.verify()] if fault],
    }
    return verdict
