"""Point this test process at another panel's database and queue, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import environ
from django.db import connections

from panel.celery import app

# As in the panel's settings, which this process has read for a database of another kind.
_SQLITE = {"transaction_mode": "IMMEDIATE", "timeout": 20}


@contextmanager
def connected(database_url: str, redis_url: str) -> Iterator[None]:
    """Within it, models and tasks of this process belong to the panel at these addresses."""
    before = connections.settings["default"], app.conf.broker_url
    database = {**before[0], **environ.Env.db_url_config(database_url)}
    database["OPTIONS"] = _SQLITE if "sqlite" in database["ENGINE"] else {}
    _switch(database, redis_url.replace("unix://", "redis+socket://"))
    try:
        yield
    finally:
        _switch(*before)


def _switch(database: dict[str, Any], broker: str) -> None:
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = database
    # Celery keeps its pool of connections in these two.
    app.close()
    del app.amqp
    app.conf.update(broker_url=broker)
