"""What the provider's answer means for each payout, and writing it down, each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from panel import audit
from panel.access.actor import Actor
from panel.commands.base import Change, Invalid, Preview, Risk
from panel.commands.errors import AlreadyDecided, Denied, KeyReused
from panel.commands.payload import to_payload
from panel.commands.registry import register
from panel.commands.submit import submit
from panel.lib.keys import key_of
from panel.models import ChangeRequest, Status
from payments.conversion import paid_text
from payments.desk.base import DeskCommand, tell
from payments.desk.holding import BECAUSE, words
from payments.desk.payout import PayOut
from payments.desk.stages import OWED, lead
from payments.models import (
    PayoutAnswer,
    PayoutAnswerLine,
    PayoutBatch,
    PayoutLine,
    Stage,
    Withdrawal,
)
from payments.payouts import choosing, guard
from payments.payouts.reading import FAILED, PENDING, Answer, plain

if TYPE_CHECKING:
    from panel.mt4.read import Reader

Outcome = PayoutAnswerLine.Outcome
WRITTEN = (Outcome.PAID, Outcome.FAILED)


@register
@dataclass(frozen=True, kw_only=True)
class FailBatchPayout(DeskCommand):
    """The provider did not pay a line of a batch: the desk pays it again, or returns it."""

    name: ClassVar[str] = "payouts.fail"
    label: ClassVar[str] = "Failed payout of a batch"
    prefix: ClassVar[str] = "PG"
    permission: ClassVar[str] = "payments.payout"
    risk: ClassVar[Risk] = Risk.CRITICAL

    batch: str
    because: str
    provider_reference: str = ""

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only a line that waits for its outcome, by nobody who approved the withdrawal."""
        row = self.row
        guard.check_free(row, self.batch)
        if row.stage not in OWED:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: no payout of it can fail.")
        if not self.because.strip() or len(self.because) > BECAUSE:
            raise Invalid.of(f"Say in 1 to {BECAUSE} characters what the provider says.", "because")
        not_mine = choosing.not_by([row], actor.person_or_fail()) if actor else {}
        if not_mine:
            raise Invalid.of(f"{row} {not_mine[row.pk]}: somebody else writes its outcome down.")

    def preview(self, reader: Reader | None) -> Preview:
        """What did not arrive, and why."""
        row = self.row
        return Preview(
            sentence=f"Mark the payout of {words(row)} in {self.batch} as failed: {self.because}",
            button="Mark payout as failed",
            changes=[Change("Stage", row.get_stage_display(), Stage.BOUNCED.label)],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the failure down, under the provider's reference or else our batch's."""
        row = self.row
        reference = self.provider_reference.strip() or self.batch
        lead(
            row,
            OWED,
            Stage.BOUNCED,
            batch=self.batch,
            provider_reference=reference,
            provider_reference_key=key_of(reference),
        )
        tell(
            row,
            request,
            "payout failed",
            reason=self.because.strip(),
            detail=f"In {self.batch}; provider's reference {reference}.",
        )
        return {"stage": Stage.BOUNCED}


def judge(batch: PayoutBatch, answers: Iterable[Answer]) -> list[PayoutAnswerLine]:
    """What each line of an answer means; nothing is written."""
    lines = {
        plain(line.withdrawal.payment.reference): line
        for line in PayoutLine.objects.filter(batch=batch).select_related("withdrawal__payment")
    }
    answers = list(answers)
    references = Counter(plain(one.reference) for one in answers if not one.wrong)
    theirs = Counter(one.provider_reference for one in answers if one.provider_reference)
    taken = _taken(batch, theirs)
    found = []
    for one in answers:
        line = lines.get(plain(one.reference))
        outcome, text = _meaning(one, line, batch, references, theirs, taken)
        found.append(
            PayoutAnswerLine(
                number=one.number,
                line=line,
                reference=one.reference,
                provider_reference=one.provider_reference,
                status=one.status,
                amount=f"{one.amount} {one.currency}".strip(),
                outcome=outcome,
                text=text[:300],
            )
        )
    return found


def _taken(batch: PayoutBatch, theirs: Iterable[str]) -> dict[str, str]:
    """Which of the provider's references other withdrawals of the same method already have."""
    rows = Withdrawal.objects.filter(
        provider_reference__in=list(theirs), payment__method=batch.method
    )
    return dict(rows.values_list("provider_reference", "payment__reference"))


def _meaning(
    one: Answer,
    line: PayoutLine | None,
    batch: PayoutBatch,
    references: Counter[str],
    theirs: Counter[str],
    taken: dict[str, str],
) -> tuple[Outcome, str]:
    if one.wrong:
        return Outcome.UNREADABLE, one.wrong
    if line is None:
        return Outcome.UNKNOWN, f"{batch} has no payout of this reference."
    if references[plain(one.reference)] > 1:
        return Outcome.DUPLICATE, "The file has this reference more than once."
    if line.state != PayoutLine.State.LISTED:
        at = f" as {line.provider_reference}" if line.provider_reference else ""
        return Outcome.ALREADY, f"It is {line.get_state_display()}{at} already."
    problem = _money_problem(one, line, batch)
    if problem:
        return Outcome.DIFFERS, problem
    if one.status.lower() in PENDING:
        return Outcome.PENDING, "The provider has not decided yet."
    if one.status.lower() in FAILED:
        return Outcome.FAILED, one.reason or f"The provider says {one.status}."
    if theirs[one.provider_reference] > 1:
        return Outcome.DUPLICATE, "The file has this provider’s reference more than once."
    other = taken.get(one.provider_reference)
    if other is not None:
        return Outcome.DUPLICATE, f"{other} was paid out under this provider’s reference."
    return Outcome.PAID, f"Paid out as {one.provider_reference}."


def _money_problem(one: Answer, line: PayoutLine, batch: PayoutBatch) -> str:
    ours = paid_text(line.amount, batch.currency)
    if one.currency and one.currency != batch.currency:
        return f"The provider says {one.currency}; the batch pays {ours}."
    if one.decimal is not None and one.decimal != line.amount:
        return f"The provider says {paid_text(one.decimal, batch.currency)}; the batch pays {ours}."
    return ""


def confirm(answer: PayoutAnswer, actor: Actor) -> bool:
    """Take an answer up to be written; False where that was done already. One person wins."""
    with transaction.atomic():
        taken = PayoutAnswer.objects.filter(pk=answer.pk, state=PayoutAnswer.State.READ).update(
            state=PayoutAnswer.State.CONFIRMED, confirmed_by=actor.person_or_fail()
        )
        if taken:
            counts = Counter(answer.lines.values_list("outcome", flat=True))
            told = ", ".join(f"{Outcome(key).label}: {number}" for key, number in counts.items())
            audit.record(
                actor,
                "payout answer confirmed",
                source="web",
                obj=("payout batch", answer.batch.reference, str(answer.batch)),
                platform=answer.batch.platform,
                after={"file": answer.name, "sha256": answer.sha256},
                detail=told,
            )
    return bool(taken)


def write(answer: PayoutAnswer, actor: Actor) -> None:
    """Write every outcome that was not written yet, by the command of a single payout.

    Each line is a request of its own under a key of its own, so that whatever dies on the way goes
    on where it stood, and two at once write each line once.
    """
    rows = answer.lines.filter(outcome__in=WRITTEN, request__isnull=True, refused="")
    for row in rows.select_related("line__withdrawal__payment", "line__batch").order_by("number"):
        _write_one(row, actor)
    left = answer.lines.filter(outcome__in=WRITTEN, request__isnull=True, refused="").exists()
    if not left:
        PayoutAnswer.objects.filter(pk=answer.pk, state=PayoutAnswer.State.CONFIRMED).update(
            state=PayoutAnswer.State.FINISHED
        )


def _write_one(row: PayoutAnswerLine, actor: Actor) -> None:
    if row.line is None:
        raise TypeError(f"{row} has no payout.")
    reference, batch = row.line.withdrawal.payment.reference, row.line.batch.reference
    command = (
        PayOut(withdrawal=reference, provider_reference=row.provider_reference, batch=batch)
        if row.outcome == Outcome.PAID
        else FailBatchPayout(
            withdrawal=reference,
            batch=batch,
            because=row.text[:BECAUSE],
            provider_reference=row.provider_reference,
        )
    )
    rows = PayoutAnswerLine.objects.filter(pk=row.pk, request__isnull=True)
    key = f"payout-answer:{row.pk}"
    try:
        # Somebody else's request of this line is adopted: whoever wrote it died before it was kept.
        request = _earlier(key, command) or submit(
            command, actor=actor, source="web", reason="", key=key
        )
    except (Invalid, Denied, AlreadyDecided, KeyReused) as refused:
        # Another answer, another person, or whoever confirms now may not: the line says so.
        rows.update(refused=str(refused)[:300])
        return
    rows.update(request=request, refused="")


def _earlier(key: str, command: PayOut | FailBatchPayout) -> ChangeRequest | None:
    rows = ChangeRequest.objects.filter(
        idempotency_key=key, command=command.name, payload=to_payload(command)
    )
    return rows.first()


def resumable(answer: PayoutAnswer) -> int:
    """How many lines of a confirmed answer are still to be written."""
    if answer.state != PayoutAnswer.State.CONFIRMED:
        return 0
    return answer.lines.filter(outcome__in=WRITTEN, request__isnull=True, refused="").count()


def shown_state(row: PayoutAnswerLine) -> str:
    """What has become of a line, in words."""
    if row.refused:
        return f"Not written: {row.refused}"
    if row.request is None:
        return ""
    if row.request.status == Status.PENDING:
        return f"{row.request.reference} waits for a second person."
    return f"Written by {row.request.reference}."
