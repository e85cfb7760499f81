"""`make run` itself: ready, stopped by one signal, and clear about what is in its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from scripts.services import ROOT
from tests.harness.prepared import base_env
from tests.harness.waiting import free_port, wait_until

pytestmark = pytest.mark.slow


class Runner:
    """`make run` without make, in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.env = base_env(folder / "data") | {
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
        }
        del self.env["SECRET_KEY"]
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, its output going to a file."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.run"],
                cwd=ROOT,
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.process

    def ready(self) -> bool:
        """Whether it has said so."""
        assert self.process is not None
        assert self.process.poll() is None, self.output.read_text()
        return "The panel is ready" in self.output.read_text()

    def left_over(self) -> list[str]:
        """Command lines of processes that still run in this panel's data folder."""
        mark = f"DATA_DIR={self.env['DATA_DIR']}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in environ.read_bytes():
                    command = (environ.parent / "cmdline").read_bytes()
                    found.append(command.replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended while we looked, or is not ours
        return found


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A runner that is stopped, whatever the tests did; they share its data folder."""
    runner = Runner(tmp_path_factory.mktemp("run"))
    yield runner
    if runner.process and runner.process.poll() is None:
        runner.process.send_signal(signal.SIGTERM)
        runner.process.wait(20)


def test_one_ctrl_c_stops_everything(runner: Runner) -> None:
    process = runner.start()
    wait_until(runner.ready, 90, "the panel to be ready")
    said = runner.output.read_text()
    assert f"http://localhost:{runner.env['PORT']}" in said
    assert "compliance2@" in said
    page = requests.get(f"http://localhost:{runner.env['PORT']}/", timeout=20)
    assert page.status_code == 200
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    assert runner.left_over() == []


def test_a_second_panel_on_the_same_folder_is_refused_and_a_dead_sandbox_ends_the_first(
    runner: Runner,
) -> None:
    process = runner.start()
    wait_until(runner.ready, 90, "the panel to be ready again")
    second = subprocess.run(
        [sys.executable, "-m", "scripts.run"],
        cwd=ROOT,
        env={**runner.env, "PORT": str(free_port()), "SANDBOX_PORT": str(free_port())},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert second.stderr.startswith("A panel already runs on")

    sandbox = next(p for p in Path("/proc").glob("[0-9]*") if _is_sandbox(p, runner))
    os.kill(int(sandbox.name), signal.SIGKILL)
    assert process.wait(30) == 1
    assert "The sandbox stopped" in runner.output.read_text()
    assert runner.left_over() == []


def _is_sandbox(process: Path, runner: Runner) -> bool:
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return b"panel.mt4.sandbox" in command and runner.env["SANDBOX_PORT"].encode() in command
