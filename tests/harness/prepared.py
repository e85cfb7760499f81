"""What every throw-away panel needs and nobody wants to wait for twice: a migrated database and
collected static files, made once in this process and copied after that."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from scripts.services import ROOT
from tests.harness.postgres import Postgres


def manage(env: Mapping[str, str], *arguments: str, timeout: float = 120) -> str:
    """Run `manage.py` in this environment; its output. AssertionError when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=dict(env),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}\n{done.stdout}"
    return done.stdout


def base_env(data: Path) -> dict[str, str]:
    """The smallest environment in which the panel's settings can be read."""
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return passed | {
        "DJANGO_SETTINGS_MODULE": "panel.settings",
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 4,
        "DATA_DIR": str(data),
        "PYTHONUNBUFFERED": "1",
    }


@lru_cache
def migrated_sqlite() -> Path:
    """An SQLite file with every migration applied, to be copied."""
    folder = _folder()
    manage(base_env(folder), "migrate", "--verbosity", "0")
    return folder / "panel.sqlite3"


@lru_cache
def postgres() -> Postgres:
    """The one PostgreSQL server of this test process, with a migrated database "migrated"."""
    server = Postgres()
    atexit.register(server.stop)
    url = server.create("migrated")
    manage(base_env(_folder()) | {"DATABASE_URL": url}, "migrate", "--verbosity", "0")
    return server


@lru_cache
def static_files() -> Path:
    """The folder of collected and compressed static files."""
    folder = _folder()
    manage(base_env(folder), "collectstatic", "--no-input", "--verbosity", "0")
    return folder / "static"


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="panel-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
