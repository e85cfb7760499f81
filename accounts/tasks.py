"""The worker's tasks of this app: keeping the mirror."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from celery import shared_task
from django.core.cache import cache

from accounts import mirror
from panel.models import Platform
from panel.mt4.errors import MT4Error

log = structlog.get_logger(__name__)

RUN_AT_MOST = 300
"""Seconds after which a run that was killed no longer keeps the next one out."""
MESSAGE_LIFE = 30
"""Seconds after which a message that nobody took is dropped: the next pass reads it anyway."""


@shared_task
def mirror_accounts() -> None:
    """Read the accounts of every platform in use."""
    _each("accounts", mirror.mirror_accounts_of)


@shared_task
def mirror_margins() -> None:
    """Read the margins of every platform in use."""
    _each("margins", mirror.mirror_margins_of)


@shared_task
def refresh_account(platform_id: int, login: int) -> None:
    """Read one account that was just changed."""
    platform = Platform.objects.get(pk=platform_id)
    try:
        mirror.refresh(platform, login)
    except MT4Error as error:
        log.warning("account not read again", login=login, why=error.message)


def refresh_soon(platform_id: int, login: int) -> None:
    """Have a worker read one account; if the broker is away, the next pass does."""
    refresh_account.apply_async((platform_id, login), retry=False, expires=MESSAGE_LIFE)


def _each(what: str, run: Callable[[Platform], int]) -> None:
    for platform in Platform.objects.filter(enabled=True):
        with _alone(f"mirror-{what}:{platform.pk}") as free:
            if not free:
                continue
            try:
                run(platform)
            except MT4Error as error:
                log.warning("mirror not read", what=what, platform=platform.slug, why=error.message)


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Whether no other run holds the name; it is given back at the end."""
    token = uuid.uuid4().hex
    free = cache.add(name, token, RUN_AT_MOST)
    try:
        yield free
    finally:
        # A run that took too long has lost the name to another, which must keep it.
        if free and cache.get(name) == token:
            cache.delete(name)
