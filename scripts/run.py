"""`make run`: the whole panel on this machine, stopped by one Ctrl-C.

1. What the panel stands on starts first: the embedded broker (unless REDIS_URL names another one)
   and the sandbox MT4 server. Their output goes to DATA_DIR/log.
2. The database, the static files and the demo data are brought up to date.
3. honcho runs web, worker and beat, and a watcher that ends when anything of step 1 ends.
   One process that ends brings all of them down; step 1 is stopped last.

Nothing outlives this process, even if it is killed: each one watches it (scripts.tied).
"""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from honcho.manager import Manager

from scripts import services
from scripts.services import Service, ServiceFailed
from scripts.variables import Surroundings, Unusable, check_ports, surroundings


class Runner(Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager, asking each process itself to stop, not the processes under it.

    A Celery worker that is asked lets its children finish what they are sending; honcho would end
    the children too. What has not stopped after five seconds is killed, children and all.
    """

    _terminating: bool

    def terminate(self) -> None:
        """Ask every process once."""
        if self._terminating:
            return
        self._terminating = True
        for process in self._processes.values():
            if "pid" in process and "returncode" not in process:
                with suppress(ProcessLookupError):
                    os.kill(process["pid"], signal.SIGTERM)


def main() -> int:
    """The exit code: 0 when a person stopped the panel, 1 when something failed."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Later honcho handles SIGTERM; a closed terminal shall do the same at any time.
    signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    try:
        here = surroundings(os.environ)
        with _alone(here), _ground(here):
            prepare(here)
            return run_panel(here)
    except (Unusable, ServiceFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def prepare(here: Surroundings) -> None:
    """Step 2; raises ServiceFailed, after its own output, when it does not succeed."""
    command = [sys.executable, "-m", "scripts.prepare"]
    if subprocess.run(command, env=here.env, cwd=services.ROOT).returncode:
        raise ServiceFailed("The database could not be prepared: see above.")


def run_panel(here: Surroundings) -> int:
    """Step 3: returns when all of the panel's processes have ended."""
    manager = Runner()
    extra = {
        "PYTHONUNBUFFERED": "1",
        # Celery's word to root, ten lines long; here nobody else sends tasks.
        "PYTHONWARNINGS": "ignore:You're running the worker",
        "RUN_OWN_BROKER": "yes" if here.socket else "no",
        "RUN_HEALTH": f"http://{here.probe_host}:{here.port}/health/",
    }
    for name, command in {
        "web": services.web_command(here.bind, here.port),
        "worker": services.worker_command("worker@%h"),
        "beat": services.beat_command(),
        "panel": [sys.executable, "-m", "scripts.watch"],
    }.items():
        # "exec" leaves no shell between honcho and the process it signals.
        command = services.tied(command)
        manager.add_process(name, f"exec {shlex.join(command)}", env={**here.env, **extra})
    try:
        manager.loop()
    except OSError:
        # Nobody reads our output any more (a closed terminal, a closed pipe).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        manager.kill()
    if manager.returncode in {130, 143}:
        return 0
    print("Stopped, because one of the processes ended: see its last lines above.", file=sys.stderr)
    return 1


@contextmanager
def _alone(here: Surroundings) -> Iterator[None]:
    """Hold the data folder: a second panel on the same files would ruin them."""
    with (here.data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(
                f"A panel already runs on {here.data}: stop it, or choose another DATA_DIR."
            ) from None
        check_ports(here)
        yield


@contextmanager
def _ground(here: Surroundings) -> Iterator[None]:
    """Step 1; what was started is stopped at the end, in the reverse order."""
    started: list[Service] = []
    try:
        if here.socket:
            here.socket.unlink(missing_ok=True)
            data = here.data / "valkey"
            data.mkdir(exist_ok=True)
            command = services.broker_command(here.socket, data)
            started.append(_start("broker", command, here))
            started[-1].wait_until(lambda: services.broker_answers(here.env["REDIS_URL"]), 20)
        elif not services.broker_answers(here.env["REDIS_URL"]):
            raise Unusable("Nothing answers at REDIS_URL.")
        command = services.sandbox_command("127.0.0.1", here.sandbox_port, here.data / "sandbox")
        started.append(_start("sandbox", command, here))
        started[-1].wait_until(lambda: services.port_answers("127.0.0.1", here.sandbox_port), 60)
        yield
    finally:
        for service in reversed(started):
            service.stop()


def _start(name: str, command: list[str], here: Surroundings) -> Service:
    log = here.data / "log" / f"{name}.log"
    log.unlink(missing_ok=True)
    return Service.start(name, command, log=log, env=here.env)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
