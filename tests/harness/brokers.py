"""Brokers for tests: the embedded Valkey of `make run`, and Redis as in a deployment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts import services
from scripts.services import Service
from tests.harness.waiting import free_port


class Broker:
    """A broker process that keeps its data through `kill()` and `start()`."""

    def __init__(self, folder: Path, kind: str = "valkey") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "valkey":
            self.url = f"unix://{folder / 'valkey.sock'}"
            self._command = services.broker_command(folder / "valkey.sock", folder)
        else:
            port = free_port()
            self.url = f"redis://127.0.0.1:{port}/0"
            self._command = _redis_command(port, folder)
        self.start()

    def start(self) -> None:
        """Start it (again) and wait until it answers."""
        self.service = Service.start(
            "broker", self._command, log=self.folder / "broker.log", env=os.environ
        )
        self.service.wait_until(lambda: services.broker_answers(self.url), 20)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.service.kill()

    def stop(self) -> None:
        """End it in order."""
        self.service.stop()


def _redis_command(port: int, folder: Path) -> list[str]:
    server = shutil.which("redis-server")
    if not server:
        raise RuntimeError("redis-server is missing: run `make test`, which installs it.")
    listen = ["--bind", "127.0.0.1", "--port", str(port)]
    return [server, *listen, "--dir", str(folder), "--appendonly", "yes", "--save", ""]
