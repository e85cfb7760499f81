"""A sandbox MT4 server as a process of its own, to be killed, restarted and led astray."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from scripts import services
from scripts.services import Service
from tests.harness.waiting import free_port, wait_until

CLIENT_ID = "sandbox"
CLIENT_SECRET = "sandbox-secret"
PLATFORM = "11111111-1111-4111-8111-111111111111"


class SandboxProcess:
    """One sandbox over one data folder; the port stays the same through restarts.

    Options are those of its command line: `accounts=50`, `seed=1`, `key_memory=2`,
    `held_key_memory=5`, `balance_check="lenient"`, `market="live"` (prices stand still otherwise),
    `clock="2026-03-02T12:00:00"`, `server_name="Other-Live"`, `platform=` a UUID. As a context
    manager it starts and stops itself.
    """

    def __init__(self, data_dir: Path | str, *, port: int | None = None, **options: Any) -> None:
        self.data_dir = Path(data_dir)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options: Mapping[str, Any] = {"accounts": 50, "market": "still", **options}
        self._service: Service | None = None

    def start(self, wait: float = 60) -> SandboxProcess:
        """Start it and wait until it answers."""
        command = services.sandbox_command("127.0.0.1", self.port, self.data_dir)
        for name, value in self.options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self._service = Service.start(
            "sandbox", command, log=self.data_dir / "sandbox.log", env=os.environ
        )
        self._service.wait_until(lambda: services.port_answers("127.0.0.1", self.port), wait)
        return self

    @property
    def pid(self) -> int:
        """The process id; AssertionError when it is not running."""
        assert self._service is not None, "The sandbox is not running."
        return self._service.pid

    def kill(self) -> None:
        """SIGKILL: what was answered must be there after the next `start`."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """SIGTERM, and wait for the end. Does nothing when it is not running."""
        if self._service is not None:
            self._service.stop()
            self._service = None

    def restart(self) -> None:
        """Stop and start over the same data."""
        self.stop()
        self.start()

    def __enter__(self) -> SandboxProcess:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def fault(self, fault: str, operation: str = "*", **rule: Any) -> dict[str, Any]:
        """Set a fault; `seconds`, `count`, `skip`, `probability`, `login`, `randomSeed` as wanted.
        `mt4_error` takes the `code` to refuse with.

        Faults: delay, delay_after, drop_before, drop_after, html_502, html_502_after, busy,
        outcome_unknown_applied, outcome_unknown_not_applied, outcome_unknown_late, read_timeout,
        mt4_error, and the plug-ins that change balance operations (`plugin_prefix` and so on: see
        panel/mt4/sandbox/hooks.py).
        """
        rule = {"fault": fault, "operation": operation, **rule}
        return dict(self._control("POST", "faults", json=rule))

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with the counts that are left."""
        return list(self._control("GET", "faults"))

    def clear_faults(self) -> None:
        """No bad luck from here on."""
        self._control("DELETE", "faults")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The last 500 calls, oldest first, of one operation or of all."""
        calls: list[dict[str, Any]] = self._control("GET", "calls")
        return [call for call in calls if operation in (None, call["operation"])]

    def price(self, symbol: str, bid: float, ask: float) -> None:
        """Move a price."""
        self._control("POST", "price", json={"symbol": symbol, "bid": bid, "ask": ask})

    def groups(self) -> list[dict[str, Any]]:
        """The switches of every group."""
        return list(self._control("GET", "groups"))

    def switch(self, group: str, **switches: Any) -> dict[str, Any]:
        """Set switches of a group: `commissionFor`, `pendingsLookAtHedging`, `commission` with
        `commissionKind`; how it is then."""
        return dict(self._control("POST", "groups", json={"group": group, **switches}))

    def advance(self, seconds: int, step: int = 60) -> str:
        """Move its standing clock on, in steps of so many seconds; the server's time then."""
        moved = {"advance": seconds, "step": step}
        return str(self._control("POST", "clock", json=moved, timeout=300)["now"])

    def jump(self, seconds: int) -> None:
        """Set its clock forwards or back while it runs."""
        self._control("POST", "clock/jump", json={"seconds": seconds})

    def forget_keys(self) -> None:
        """Have it forget every idempotency key."""
        self._control("DELETE", "keys")

    def back_up(self) -> str:
        """Have it make a backup of accounts and records; the name for `restore`."""
        return str(self._control("POST", "backups")["name"])

    def restore(self, name: str) -> None:
        """Have it go back to a backup, and wait until it answers again."""
        started = self.state()["started"]
        self._control("POST", "restore", json={"name": name})
        wait_until(lambda: self._started() > started, what="the restored sandbox")

    def _started(self) -> float:
        try:
            return float(self.state()["started"])
        except requests.ConnectionError:
            return 0.0

    def hooked(self) -> list[dict[str, Any]]:
        """What plug-ins changed, oldest first: what was asked for, and what was booked of it."""
        return list(self._control("GET", "hooked"))

    def state(self) -> dict[str, Any]:
        """How many accounts, trades, keys and faults there are."""
        return dict(self._control("GET", "state"))

    def _control(self, method: str, path: str, **rest: Any) -> Any:
        rest = {"timeout": 10, **rest}
        response = requests.request(method, f"{self.url}/control/{path}", **rest)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None
