"""When more is asked for than the workers can carry out at once: the queue stays short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from panel.celery import app
from panel.commands.tasks import execute, reconcile_all, reconcile_one, sweep
from panel.models import ChangeRequest, Platform, Status
from tests.core.conftest import Cast
from tests.core.money import ask_deposit, carry_out, new_account
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    """Nobody takes messages here."""
    cache.clear()
    app.control.purge()
    yield
    app.control.purge()


def waiting(queue: str) -> int:
    """How many messages wait in a queue."""
    with redis.from_url(settings.REDIS_URL) as broker:
        return int(broker.llen(queue))


def test_a_request_that_waits_is_sent_for_once_until_a_worker_takes_the_message(
    platform: Platform, cast: Cast
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    assert waiting("requests") == 1, "its own message"
    ChangeRequest.objects.update(decided=timezone.now() - timedelta(seconds=6))
    for _ in range(3):
        sweep()
    assert waiting("requests") == 2, "and one of the sweeps, should the first be lost"
    execute(request.pk)
    request.refresh_from_db()
    assert request.status == Status.DONE


def test_an_unknown_outcome_does_not_queue_behind_requests(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    ChangeRequest.objects.update(next_check=timezone.now())
    app.control.purge()
    for _ in range(3):
        reconcile_all()
    assert (waiting("panel"), waiting("requests")) == (1, 0)
    reconcile_one(request.pk)
    request.refresh_from_db()
    assert request.status == Status.DONE
