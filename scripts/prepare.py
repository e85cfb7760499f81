"""Bring database, static files and demo data up to date, in one process to save starts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    """Migrate, collect static files that changed, and seed (which does nothing twice)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    django.setup()
    for doing, step in (
        ("database", lambda: call_command("migrate", interactive=False, verbosity=0)),
        ("static files", collect_static),
        ("demo data", lambda: call_command("seed_demo")),
    ):
        print(f"Preparing: {doing}", flush=True)
        step()


def collect_static() -> None:
    """Run collectstatic when a source file was added, changed or removed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    wanted = _static_digest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)


def _static_digest() -> str:
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            details = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{details.st_size}\0{details.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
