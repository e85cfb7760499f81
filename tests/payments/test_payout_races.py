"""Batches, files, answers and single payouts in the same moment: no withdrawal is paid twice."""

from __future__ import annotations

from typing import Any

import pytest

from panel.commands.base import Invalid
from panel.models import ChangeRequest, Platform
from payments.desk.payout import PayOut
from payments.models import Kind, Payment, PayoutAnswer, PayoutBatch, PayoutFile, PayoutLine, Stage
from payments.payouts import outcome
from payments.payouts.making import CancelBatch
from payments.payouts.sending import make_file
from tests.core.conftest import Cast
from tests.factories import actor, make_user
from tests.harness.at_once import at_once
from tests.payments.paying import batch_of, owed, payer, paying_account, request_of, states
from tests.payments.test_desk import stage
from tests.payments.test_desk_races import pay
from tests.payments.test_payout_answers import answered, references, sent_batch, stages
from tests.payments.test_returns import take_back

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
again = pytest.mark.parametrize("again", range(3))


@again
def test_two_batches_of_one_withdrawal_at_once_make_one(
    platform: Platform, cast: Cast, again: int
) -> None:
    one, two, shared = (owed(platform, cast) for _ in range(3))
    first, second, house = payer(), make_user("Oskar", "back-office"), paying_account()
    answers = at_once(
        lambda: batch_of(first, one, shared, account=house),
        lambda: batch_of(second, shared, two, account=house),
    )
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["Invalid", "PayoutBatch"], answers
    assert PayoutLine.objects.filter(withdrawal__payment__reference=shared.reference).count() == 1


@again
@pytest.mark.parametrize("other", ["pay", "return", "end"])
def test_a_file_and_another_way_at_once_pay_one_way(
    platform: Platform, cast: Cast, again: int, other: str
) -> None:
    person, second, request = payer(), make_user("Oskar", "back-office"), owed(platform, cast)
    batch = batch_of(person, request)
    ways: dict[str, Any] = {
        "pay": pay(second, request, "SEPA-1"),
        "return": lambda: take_back(second, request),
        "end": lambda: request_of(second, CancelBatch(batch=batch.reference)),
    }
    answers = at_once(lambda: make_file(batch, "csv", actor(person)), ways[other])
    for answer in answers:
        assert isinstance(answer, PayoutFile | ChangeRequest | Invalid), answer
    batch.refresh_from_db()
    file = PayoutFile.objects.filter(batch=batch).first()
    if file is not None and request.reference in file.content:
        assert (stage(request), states(batch)) == (Stage.TO_PAY, ["listed"])
        assert batch.state == PayoutBatch.State.SENT
        assert not Payment.objects.filter(kind=Kind.WITHDRAWAL_RETURN).exists()
    else:
        assert states(batch) == ["taken_out"]


@again
def test_two_files_at_once_are_one(platform: Platform, cast: Cast, again: int) -> None:
    person, second = payer(), make_user("Oskar", "back-office")
    batch = batch_of(person, owed(platform, cast))
    at_once(
        lambda: make_file(batch, "csv", actor(person)),
        lambda: make_file(batch, "pain001", actor(second)),
    )
    assert PayoutFile.objects.filter(batch=batch).count() == 1


@again
def test_two_answers_written_at_once_write_each_payout_once(
    platform: Platform, cast: Cast, again: int
) -> None:
    person, second = payer(), make_user("Oskar", "back-office")
    batch = sent_batch(platform, cast, person, 3)
    first = answered(person, batch, *(f"{r},A-{r[-4:]},paid,,," for r in references(batch)))
    other = answered(second, batch, *(f"{r},B-{r[-4:]},paid,,," for r in references(batch)))
    for answer, who in ((first, person), (other, second)):
        assert outcome.confirm(answer, actor(who))
        answer.refresh_from_db()
    raised = at_once(
        lambda: outcome.write(first, actor(person)), lambda: outcome.write(other, actor(second))
    )
    assert raised == [None, None]
    assert stages(batch) == [Stage.PAID] * 3
    assert ChangeRequest.objects.filter(command=PayOut.name).count() == 3
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.CLOSED


@again
def test_one_answer_written_by_two_at_once_is_written_once(
    platform: Platform, cast: Cast, again: int
) -> None:
    person, second = payer(), make_user("Oskar", "back-office")
    batch = sent_batch(platform, cast, person, 3)
    answer = answered(person, batch, *(f"{r},A-{r[-4:]},paid,,," for r in references(batch)))
    outcome.confirm(answer, actor(person))
    mine, theirs = (PayoutAnswer.objects.get(pk=answer.pk) for _ in range(2))
    at_once(
        lambda: outcome.write(mine, actor(person)), lambda: outcome.write(theirs, actor(second))
    )
    assert stages(batch) == [Stage.PAID] * 3
    assert ChangeRequest.objects.filter(command=PayOut.name).count() == 3
