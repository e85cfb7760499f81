"""The environment of the test process itself, made before Django's settings are read.

TEST_STORAGE chooses what the tests in this process run on: "embedded" (SQLite and Valkey, as
`make run` has them; the default) or "servers" (PostgreSQL and Redis, as in a deployment).
`make test` does both.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.harness.brokers import Broker
from tests.harness.postgres import Postgres

STORAGE = os.environ.get("TEST_STORAGE", "")
SERVERS = STORAGE == "servers"

# Whatever the developer's shell has for a real panel must not reach the tests.
_OTHERS = (
    *("BEHIND_PROXY", "DEBUG", "EMAIL_URL", "FIELD_KEY"),
    *("PANEL_URL", "SANDBOX_URL", "SECRET_KEY_FILE"),
)


def prepare() -> None:
    """Set every variable the settings need, and start what they point to until the end."""
    if "PANEL_TEST_FOLDER" in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="panel-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    broker = Broker(folder / "broker", "redis" if SERVERS else "valkey")
    atexit.register(broker.stop)
    for name in _OTHERS:
        os.environ.pop(name, None)
    os.environ |= {
        "PANEL_TEST_FOLDER": str(folder),
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 4,
        "DATA_DIR": str(folder / "data"),
        # Nobody needs a second factor on a demo; the tests of those say where there is none.
        "PANEL_DEMO": "yes",
        "REDIS_URL": broker.url,
        "DATABASE_URL": f"sqlite:///{folder / 'data' / 'panel.sqlite3'}",
        # Playwright keeps an event loop in this thread; the tests use the ORM beside it.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
    if SERVERS:
        postgres = Postgres()
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url("panel")
