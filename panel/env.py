"""The environment, read once and typed: every variable the panel knows, and no other.

A variable `NAME` may also be given as `NAME_FILE`, the path of a file that holds it; that is how
secrets are handed over by container platforms.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_env = environ.FileAwareEnv()
# environ keeps a mutable default registry on the class; ours is the process environment alone.


def text(name: str, default: str | None = None) -> str:
    """The variable as text; without a default it must be set."""
    value = str(_env.str(name, default="")) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE) in the environment.")
    return value


def flag(name: str, default: bool) -> bool:
    """The variable as yes or no; anything else than a plain boolean word is refused."""
    raw = os.environ.get(name, "").strip().lower()
    if raw == "":
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no: use true or false.")


def number(name: str, default: float, *, least: float, most: float) -> float:
    """The variable as a number within `least` and `most`, both included."""
    raw = os.environ.get(name, "").strip()
    if raw == "":
        return default
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a number.") from None
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name}={raw} must lie between {least:g} and {most:g}.")
    return value


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """The variable as a whole number within `least` and `most`, both included."""
    value = number(name, default, least=least, most=most)
    if value != int(value):
        raise ImproperlyConfigured(f"{name}={value} must be a whole number.")
    return int(value)


def data_dir() -> Path:
    """The folder for everything the panel keeps on disk, absolute; made if missing."""
    folder = Path(text("DATA_DIR", "var"))
    folder = folder if folder.is_absolute() else BASE_DIR / folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def site_url(default: str) -> tuple[str, str, bool]:
    """The panel's public address: (origin, host name, whether it is https)."""
    raw = text("PANEL_URL", default).rstrip("/")
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise ImproperlyConfigured(
            f"PANEL_URL={raw!r} must be an address such as https://panel.example.com."
        )
    return raw, parts.hostname, parts.scheme == "https"
