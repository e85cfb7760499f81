"""A throw-away whole panel: real processes on ports of their own, in a folder of their own."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import requests
from celery import Celery
from kombu.exceptions import OperationalError

from panel.models import Platform
from scripts import services
from scripts.services import Service
from tests.harness import prepared
from tests.harness.brokers import Broker
from tests.harness.panel_process import connected
from tests.harness.proxy import Proxy
from tests.harness.sandbox import SandboxProcess
from tests.harness.waiting import free_port

# A test that waits for a lease to end, or for a person to be asked, should not wait long.
SHORT_TIMES = {
    "MT4_CHANGE_DEADLINE": "2",
    "MT4_DEADLINE_MARGIN": "1",
    "MT4_CONNECT_TIMEOUT": "1",
    "EXECUTION_LEASE": "4",
    "RECONCILE_PAUSE": "0.5",
}


class Stack:
    """Broker, sandbox, database, web, workers and beat.

    `sandbox` are the options of SandboxProcess (`key_memory=2` seconds, `accounts=50`); `env`
    overrides the panel's variables; `seed=False` leaves the database as migrated; `concurrency`
    is how many tasks each worker carries out at a time. `proxied` puts a proxy before the sandbox,
    which is then where the platform is.
    """

    running: ClassVar[list[Stack]] = []

    def __init__(
        self,
        folder: Path,
        *,
        database: Literal["sqlite", "postgres"] = "sqlite",
        broker: Literal["valkey", "redis"] = "valkey",
        workers: int = 1,
        concurrency: int = 1,
        beat: bool = True,
        web: bool = True,
        seed: bool = True,
        proxied: bool = False,
        sandbox: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.sandbox = SandboxProcess(folder / "sandbox", **{"accounts": 50, **(sandbox or {})})
        self.proxy = Proxy(self.sandbox.url)
        self._proxied = proxied
        self.workers: list[Service] = []
        self.web: Service | None = None
        self.beat: Service | None = None
        # A unix socket's path must be short, and pytest's folders are deep.
        self._socket_folder = Path(f"/tmp/panel-stack-{secrets.token_hex(4)}")
        self._broker_kind = broker
        self._database = database
        self._concurrency = concurrency
        self._wanted = (workers, beat, web, seed)
        self._extra = {**SHORT_TIMES, **(env or {})}

    @property
    def mt4_url(self) -> str:
        """Where the panel finds MT4."""
        return self.proxy.url if self._proxied else self.sandbox.url

    def start(self) -> None:
        """Start everything and wait until all of it answers."""
        workers, beat, web, seed = self._wanted
        self.broker = Broker(self._socket_folder, self._broker_kind)
        Stack.running.append(self)
        self.sandbox.start()
        if self._proxied:
            self.proxy.start()
        self.env = {
            **prepared.base_env(self.data),
            "DATABASE_URL": prepared.new_database(self._database, self.data, self._seeded(seed)),
            "REDIS_URL": self.broker.url,
            "PANEL_URL": self.url,
            "SANDBOX_URL": self.mt4_url,
            **self._extra,
        }
        if seed:
            self._seed()
        for _ in range(workers):
            self.start_worker(wait=False)
        if beat:
            self.start_beat()
        if web:
            self.start_web()
        for number, worker in enumerate(self.workers, 1):
            worker.wait_until(partial(self._answers, _node(number)), 40)

    def stop(self) -> None:
        """End everything; nothing is left running. Does nothing the second time."""
        if self not in Stack.running:
            return
        Stack.running.remove(self)
        self.kill_panel()  # in order would take seconds, and nobody misses their data
        self.proxy.stop()
        self.sandbox.stop()
        self.broker.stop()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def kill_panel(self) -> None:
        """End web, workers and beat as a power cut would; broker and sandbox go on."""
        for service in [*self.workers, self.beat, self.web]:
            if service:
                service.kill()

    def start_panel(self) -> None:
        """Workers and beat again after `kill_panel`, as many as before."""
        workers, beat, _, _ = self._wanted
        for _ in range(workers):
            self.start_worker(wait=False)
        if beat:
            self.start_beat()
        for number in range(len(self.workers) - workers, len(self.workers)):
            self.workers[number].wait_until(partial(self._answers, _node(number + 1)), 40)

    def start_worker(self, *, wait: bool = True, **env: str) -> Service:
        """One more worker process; `env` is for this one alone."""
        number = len(self.workers) + 1
        command = services.worker_command(_node(number), self._concurrency)
        worker = self._start(f"worker{number}", command, env)
        self.workers.append(worker)
        if wait:
            worker.wait_until(lambda: self._answers(_node(number)), 40)
        return worker

    def start_beat(self) -> Service:
        """The clock; after `stack.beat.kill()` it may be started again."""
        self.beat = self._start("beat", services.beat_command())
        return self.beat

    def start_web(self) -> Service:
        """The web server; after `stack.web.kill()` it may be started again."""
        static = self.data / "static"
        if not static.exists():
            static.symlink_to(prepared.static_files())
        self.web = self._start("web", services.web_command("127.0.0.1", self.port))
        self.web.wait_until(self._serves, 40)
        return self.web

    def manage(self, *arguments: str) -> str:
        """Run a management command in this panel; its output."""
        return prepared.manage(self.env, *arguments)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Let this process use the panel's database and queue: models, `submit`, tasks."""
        with connected(self.env["DATABASE_URL"], self.env["REDIS_URL"]):
            yield

    def log_sections(self) -> list[tuple[str, str]]:
        """The end of each process's log, for the report of a failed test."""
        logs = sorted(self.folder.rglob("*.log"))
        return [(f"{log.stem} of {self.folder.name}", _tail(log)) for log in logs]

    def _start(
        self, name: str, command: list[str], env: Mapping[str, str] | None = None
    ) -> Service:
        log = self.folder / "log" / f"{name}.log"
        return Service.start(name, command, log=log, env={**self.env, **(env or {})})

    def _seeded(self, seed: bool) -> str:
        """The name of the demo data: what is mirrored depends on the sandbox's own seed."""
        if not seed:
            return ""
        options = self.sandbox.options
        return f"seeded_{options.get('accounts')}_{options.get('seed', 1)}"

    def _seed(self) -> None:
        """Seed the database, or correct the one address in a copy of one seeded before."""
        url, name = self.env["DATABASE_URL"], self._seeded(seed=True)
        if prepared.is_known(self._database, name):
            with self.connected():
                Platform.objects.update(authority=self.mt4_url, api_base=self.mt4_url)
        else:
            self.manage("seed_demo")
            prepared.keep(self._database, name, url)

    def _serves(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def _answers(self, node: str) -> bool:
        broker = self.broker.url.replace("unix://", "redis+socket://")
        with Celery(broker=broker, set_as_current=False) as app:
            try:
                return bool(app.control.ping(destination=[node], timeout=0.5, limit=1))
            except OperationalError:
                return False


def _node(number: int) -> str:
    return f"worker{number}@stack"


def _tail(log: Path, lines: int = 60) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
