"""What every throw-away panel needs and nobody wants to wait for twice: a migrated database and
collected static files, made once in this process and copied after that."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from scripts.services import ROOT
from tests.harness.postgres import Postgres

Kind = Literal["sqlite", "postgres"]
_kept: dict[tuple[Kind, str], str] = {}


def manage(env: Mapping[str, str], *arguments: str, timeout: float = 300) -> str:
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
        "PANEL_DEMO": "yes",
        "PYTHONUNBUFFERED": "1",
    }


def new_database(kind: Kind, data: Path, name: str) -> str:
    """Copy the kept database of this name, or else a migrated one; the copy's URL."""
    template = _kept.get((kind, name)) or _migrated(kind)
    if kind == "postgres":
        return postgres().create(f"stack_{secrets.token_hex(4)}", template)
    shutil.copy(template, data / "panel.sqlite3")
    return f"sqlite:///{data / 'panel.sqlite3'}"


def is_known(kind: Kind, name: str) -> bool:
    """Whether a database of this name was kept."""
    return (kind, name) in _kept


def keep(kind: Kind, name: str, url: str) -> None:
    """Keep a copy of a database, which nobody may be using now, for `new_database`."""
    if kind == "postgres":
        postgres().create(name, url.rpartition("/")[2])
        _kept[kind, name] = name
    else:
        file = _folder() / "panel.sqlite3"
        shutil.copy(url.removeprefix("sqlite:///"), file)
        _kept[kind, name] = str(file)


@lru_cache
def postgres() -> Postgres:
    """The one PostgreSQL server of this test process for throw-away panels."""
    server = Postgres()
    atexit.register(server.stop)
    return server


@lru_cache
def _migrated(kind: Kind) -> str:
    """The file, or the database's name, with every migration applied."""
    folder = _folder()
    env = base_env(folder)
    if kind == "postgres":
        env["DATABASE_URL"] = postgres().create("migrated")
    manage(env, "migrate", "--verbosity", "0")
    return "migrated" if kind == "postgres" else str(folder / "panel.sqlite3")


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
