"""The environment in which `make run` starts everything: read, completed, checked."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from honcho.environ import parse

from scripts.services import ROOT, port_is_free

# A unix socket's path has 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_LIMIT = 100


class Unusable(Exception):
    """Something about the surroundings a person has to change; the message says what."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where this panel runs and keeps its things."""

    data: Path
    bind: str
    port: int
    sandbox_port: int
    env: dict[str, str]
    socket: Path | None

    @property
    def probe_host(self) -> str:
        """The address to reach the web server from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind, self.bind)  # noqa: S104

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address, which is its authority too."""
        return f"http://127.0.0.1:{self.sandbox_port}"


def surroundings(given: Mapping[str, str]) -> Surroundings:
    """Complete the given environment (and `.env`, which never wins over it).

    Raises Unusable for values that cannot work.
    """
    # An empty variable is one that was not set.
    env = {name: value for name, value in {**_dot_env(), **given}.items() if value}
    data = _data_dir(env.get("DATA_DIR", "var"))
    port = _port(env, "PORT", 8000)
    env["DATA_DIR"] = str(data)
    env["PORT"] = str(port)
    if not env.keys() & {"SECRET_KEY", "SECRET_KEY_FILE"}:
        env["SECRET_KEY_FILE"] = str(secret_key(data))
    env.setdefault("PANEL_URL", f"http://localhost:{port}")
    socket = None
    if "REDIS_URL" not in env:
        socket = socket_path(data)
        env["REDIS_URL"] = f"unix://{socket}"
    found = Surroundings(
        data=data,
        bind=env.get("BIND", "127.0.0.1"),
        port=port,
        sandbox_port=_port(env, "SANDBOX_PORT", 9100),
        env=env,
        socket=socket,
    )
    env["SANDBOX_URL"] = found.sandbox_url
    env.setdefault("PANEL_DEMO", "yes")
    return found


def check_ports(here: Surroundings) -> None:
    """Raises Unusable when a port is taken, naming the variable that chooses it."""
    for name, what, host, port in (
        ("PORT", "panel", here.bind, here.port),
        ("SANDBOX_PORT", "sandbox", "127.0.0.1", here.sandbox_port),
    ):
        if not port_is_free(host, port):
            raise Unusable(
                f"Port {port} for the {what} is in use (or not allowed): "
                f"choose another with {name}, for example `make run {name}={port + 1}`."
            )


def secret_key(data: Path) -> Path:
    """The file that keeps SECRET_KEY, made at the first call and readable by its owner alone."""
    path = data / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path


def socket_path(data: Path) -> Path:
    """Where the embedded broker listens: in `data`, or in a short folder when that is too deep."""
    path = data / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"panel-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
        raise Unusable(f"{folder} belongs to somebody else: choose a shorter DATA_DIR.")
    return folder / "valkey.sock"


def _dot_env() -> dict[str, str]:
    file = ROOT / ".env"
    return parse(file.read_text()) if file.exists() else {}


def _data_dir(text: str) -> Path:
    folder = Path(text)
    folder = folder if folder.is_absolute() else ROOT / folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"DATA_DIR={text} cannot be made: {error.strerror}.") from None
    return folder


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Unusable(f"{name}={text} is not a port: use a number from 1 to 65535.")
    return int(text)
