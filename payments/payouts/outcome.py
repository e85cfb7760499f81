"""What the provider's answer means for each payout, and writing it down, each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import transaction

from panel import audit
from panel.access.actor import Actor
from panel.commands.base import Invalid
from panel.commands.errors import AlreadyDecided, Denied, KeyReused
from panel.commands.payload import to_payload
from panel.commands.submit import submit
from panel.models import ChangeRequest, Status
from payments.conversion import paid_text
from payments.desk.holding import BECAUSE
from payments.desk.payout import PayOut
from payments.models import PayoutAnswer, PayoutAnswerLine, PayoutBatch, PayoutLine, Withdrawal
from payments.payouts.failing import FailBatchPayout
from payments.payouts.reading import FAILED, PENDING, Answer, plain

Outcome = PayoutAnswerLine.Outcome
WRITTEN = (Outcome.PAID, Outcome.FAILED)


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
                request=answer.batch.request,
                obj=("payout batch", answer.batch.reference, str(answer.batch)),
                after={"file": answer.name, "sha256": answer.sha256},
                detail=told,
            )
    return bool(taken)


def write(answer: PayoutAnswer, actor: Actor) -> None:
    """Write every outcome that was not written yet, by the command of a single payout.

    Each line is a request of its own under a key of its own, so that whatever dies on the way goes
    on where it stood, and two at once write each line once. Failed ones then wait for a second
    person. Raises the errors of `panel.mt4.errors`: what is left can be written later.
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
    reference, status = row.request.reference, row.request.get_status_display()
    if row.request.status == Status.PENDING:
        return f"Not written yet: {reference} waits for a second person."
    if row.request.status == Status.DONE:
        return f"Written by {reference}."
    return f"Not written: {reference} is {status}."


def second_waits(answer: PayoutAnswer) -> int:
    """How many lines of an answer wait for a second person."""
    return answer.lines.filter(request__status=Status.PENDING).count()
