"""`make run` itself: ready, clear about what is in its way, and gone when it ends or dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from scripts.services import ROOT, Service
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
        self.service: Service | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, its output going to a file, and wait until it says that it is ready."""
        self.output.unlink(missing_ok=True)
        command = [sys.executable, "-m", "scripts.run"]
        self.service = Service.start("runner", command, log=self.output, env=self.env)
        self.service.wait_until(lambda: "The panel is ready" in self.output.read_text(), 90)
        return self.service.process

    def running(self) -> list[Path]:
        """Processes in this panel's data folder, as folders of /proc."""
        mark = f"DATA_DIR={self.env['DATA_DIR']}".encode()
        return [one for one in Path("/proc").glob("[0-9]*") if mark in _read(one / "environ")]

    def nothing_left(self) -> bool:
        """Whether all of them have ended."""
        return not self.running()


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A runner that is stopped, whatever the tests did; they share its data folder."""
    runner = Runner(tmp_path_factory.mktemp("run"))
    yield runner
    if runner.service:
        runner.service.stop(20)


def test_one_panel_to_a_folder_and_one_ctrl_c_stops_everything(runner: Runner) -> None:
    process = runner.start()
    said = runner.output.read_text()
    assert f"http://localhost:{runner.env['PORT']}" in said
    assert "compliance2@" in said
    page = requests.get(f"http://localhost:{runner.env['PORT']}/", timeout=20)
    assert page.status_code == 200
    second = subprocess.run(
        [sys.executable, "-m", "scripts.run"],
        cwd=ROOT,
        env={**runner.env, "PORT": str(free_port()), "SANDBOX_PORT": str(free_port())},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert second.stderr.startswith("A panel already runs on")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    wait_until(runner.nothing_left, 5, "the last watcher to go")


def test_a_dead_sandbox_ends_the_panel(runner: Runner) -> None:
    process = runner.start()
    sandbox = next(one for one in runner.running() if _is_sandbox(one, runner))
    os.kill(int(sandbox.name), signal.SIGKILL)
    assert process.wait(30) == 1
    assert "The sandbox stopped" in runner.output.read_text()
    wait_until(runner.nothing_left, 5, "the last watcher to go")


def test_nothing_outlives_a_killed_runner(runner: Runner) -> None:
    process = runner.start()
    words = b" ".join(_read(one / "cmdline") for one in runner.running())
    for part in (b"granian", b"worker", b"beat", b"panel.mt4.sandbox", b"valkey"):
        assert part in words
    process.kill()
    process.wait()
    wait_until(runner.nothing_left, 10, "everything to end")


def _is_sandbox(process: Path, runner: Runner) -> bool:
    command = _read(process / "cmdline").split(b"\0")
    # Its watcher has the same words after its own.
    return b"scripts.tied" not in command and {
        b"panel.mt4.sandbox",
        runner.env["SANDBOX_PORT"].encode(),
    } <= {*command}


def _read(file: Path) -> bytes:
    """A file of /proc; nothing when the process ended while we looked, or is not ours."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
