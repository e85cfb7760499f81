"""Settings of the test process: the panel's own, in a prepared environment.

pytest-django reads the settings before any conftest, so the environment is made here.
"""

from __future__ import annotations

from tests.harness import environment

environment.prepare()

from panel.settings import *  # noqa: E402, F403 - every setting, present and future
from panel.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

if not environment.SERVERS:
    # A file, as in `make run`: SQLite in memory knows neither WAL nor a second connection's locks.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # signing in costs nothing
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # nothing is collected, but WhiteNoise looks
