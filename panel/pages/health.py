"""Health: whether this process can do its work. For load balancers; says nothing secret."""

from __future__ import annotations

import redis
import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View

from panel.models import Platform, PlatformState

log = structlog.get_logger(__name__)
PATIENCE = 2
"""Seconds to wait for the broker."""


def database_state() -> dict[str, object]:
    """Whether the database answers, and how many platforms are in use and connected."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        states = list(Platform.objects.filter(enabled=True).values_list("state", flat=True))
    except DatabaseError as error:
        log.warning("health: database", error=str(error))
        return {"database": "away"}
    answering = (PlatformState.CONNECTED, PlatformState.SLOW)
    return {
        "database": "ok",
        "platforms": len(states),
        "platforms_connected": sum(state in answering for state in states),
    }


def broker_state() -> str:
    """Whether the broker of the workers answers."""
    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        with client:
            client.ping()
    except redis.RedisError as error:
        log.warning("health: broker", error=str(error))
        return "away"
    return "ok"


@method_decorator(login_not_required, name="dispatch")
class HealthView(View):
    """200 while database and broker answer, 503 else. A trade server that is away is no reason."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The state as JSON."""
        state = {**database_state(), "broker": broker_state()}
        fine = state["database"] == state["broker"] == "ok"
        response = JsonResponse(state, status=200 if fine else 503)
        response["Cache-Control"] = "no-store"
        return response
