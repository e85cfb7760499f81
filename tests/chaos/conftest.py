"""Helpers of the chaos tests: payments made in a running panel, looked at on MT4."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from panel.models import ChangeRequest, Platform, User
from panel.mt4.protocol.records import Trade
from panel.mt4.read import reader
from tests.harness.stack import Stack

KEY_MEMORY = 2.0


def proxied(
    make_stack: Callable[..., Stack], database: str = "sqlite", *, workers: int = 1
) -> Stack:
    """A panel without its site, whose way to a sandbox leads through a proxy."""
    return make_stack(
        web=False,
        workers=workers,
        database=database,
        broker="redis" if database == "postgres" else "valkey",
        proxied=True,
        sandbox={"accounts": 20, "key_memory": KEY_MEMORY},
    )


def person(email: str) -> User:
    """A member of the demo staff."""
    return User.objects.get(email=f"{email}@demo.test")


def demo() -> Platform:
    """The sandbox's platform."""
    return Platform.objects.get(slug="demo")


def taken_up(request: ChangeRequest) -> Callable[[], bool]:
    """Whether a worker has claimed the request, and is about to send it."""
    return lambda: ChangeRequest.objects.get(pk=request.pk).attempt > 0


def records_of(request: ChangeRequest) -> list[Trade]:
    """MT4's records that carry the request's reference, live."""
    platform, window = demo(), timedelta(days=3)
    now = platform.server_time()
    if request.login is None:
        raise ValueError("Not a request about an account.")
    history = reader(platform.connection).history(request.login, now - window, now + window)
    return [trade for trade in history if trade.comment.startswith(request.reference)]
