"""Mirrored accounts by the handful, and requests to look at them with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import Account
from panel.access.request import PanelRequest
from panel.models import Platform, User
from tests.factories import actor


def make_accounts(platform: Platform, rows: list[dict[str, Any]]) -> None:
    """Accounts from 100001 on, each with what its row overrides."""
    Account.objects.bulk_create(
        Account(
            **{
                "platform": platform,
                "login": 100001 + number,
                "group": "demo-usd",
                "currency": "USD",
                "leverage": 100,
                "balance": Decimal(number),
                "credit": Decimal(0),
                "synced_at": timezone.now(),
                **row,
            }
        )
        for number, row in enumerate(rows)
    )


def look(
    person: User, address: str = "/accounts/", posted: dict[str, Any] | None = None
) -> PanelRequest:
    """A GET by a person, as the middleware leaves it; a POST of what is `posted`."""
    factory = RequestFactory()
    request = cast(
        PanelRequest, factory.get(address) if posted is None else factory.post(address, posted)
    )
    request.user = person
    request.actor = actor(person)
    request.session = SessionStore()
    return request
