"""The worker's tasks. Each only points at rows: run twice or late, it does no harm."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from celery import Task, shared_task
from django.core.cache import cache
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from panel.commands import alarm, executor, mail, notices, reconcile
from panel.commands.expiry import expire_if_late, late
from panel.models import ChangeRequest, Status

# Seconds after which a message that nobody took is dropped: the next sweep sends another.
MESSAGE_LIFE = 20


def start(request_id: int) -> None:
    """Wake a worker for a request. If the broker is away, the sweep finds the row."""
    execute.apply_async((request_id,), retry=False, expires=MESSAGE_LIFE)


def _send_again(task: Task[[int], None], request_id: int) -> None:
    """A further message, unless one from here may still wait in the queue: when the workers are
    behind, more messages would only put them further behind."""
    if cache.add(_sent(task, request_id), True, MESSAGE_LIFE):
        task.apply_async((request_id,), retry=False, expires=MESSAGE_LIFE)


def _sent(task: Task[[int], None], request_id: int) -> str:
    return f"sent:{task.name}:{request_id}"


@shared_task
def execute(request_id: int) -> None:
    """Carry out one approved request."""
    cache.delete(_sent(execute, request_id))
    executor.run(request_id)


@shared_task
def sweep() -> None:
    """Find approved requests whose message was lost or whose pause is over."""
    now = timezone.now()
    due = ChangeRequest.objects.filter(
        Q(not_before__isnull=True, decided__lt=now - timedelta(seconds=5)) | Q(not_before__lte=now),
        status=Status.APPROVED,
        on_hold="",
    )
    for request_id in due.order_by("decided", "pk").values_list("pk", flat=True)[:500]:
        _send_again(execute, request_id)


@shared_task
def reconcile_one(request_id: int) -> None:
    """Look into one request whose worker fell silent or whose outcome is unknown."""
    cache.delete(_sent(reconcile_one, request_id))
    reconcile.look_into(request_id)


@shared_task(name="panel.commands.tasks.reconcile")
def reconcile_all() -> None:
    """Find what fell silent and what is unknown and due, and have each looked into."""
    for request_id in reconcile.due()[:200]:
        _send_again(reconcile_one, request_id)


@shared_task
def expire() -> None:
    """Close requests that nobody decided on, or that never could be taken up, in time.

    What is on hold waits for whoever holds it.
    """
    for request in late().select_related("platform"):
        expire_if_late(request)


@shared_task
def tell_people() -> None:
    """Write the notices of what has happened since."""
    notices.tell_all()


@shared_task
def send_notices() -> None:
    """Send by mail what is due; what cannot be sent now is tried again later.

    In a thread of its own: a mail server that hangs must not keep a worker from payments.
    """
    Thread(target=_send_mails, name="mail", daemon=True).start()


def _send_mails() -> None:
    try:
        alarm.tell_of_restoration()
        mail.send_due()
    finally:
        connections.close_all()


@shared_task
def forget_notices() -> None:
    """Drop old notices."""
    notices.forget_old()
