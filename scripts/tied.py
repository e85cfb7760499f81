"""Run a command that ends when the process which wanted it is gone, however that one ended.

    python -m scripts.tied OWNER COMMAND…

A watcher is split off before the command takes this process's place. It shares the command's
process group, which must be the command's own, and kills that group, the watcher included, once
no process has the id OWNER. It goes as soon as the command and whatever that forked are gone.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import NoReturn

EVERY = 0.5
"""Seconds between two looks at the owner."""


def main() -> NoReturn:
    """This process becomes the command."""
    owner, command = int(sys.argv[1]), sys.argv[2:]
    # The command holds the writing end and never uses it; at its end the reading end is at its own.
    ended, held = os.pipe()
    if os.fork() == 0:
        os.close(held)
        watch(owner, ended)
    os.close(ended)
    os.set_inheritable(held, True)
    os.execvp(command[0], command)  # noqa: S606


def watch(owner: int, ended: int) -> NoReturn:
    """Wait for the end of the command or of the owner."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the command
    # Whoever reads the command's output must see its end.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    while not select.select([ended], [], [], EVERY)[0]:
        if not exists(owner):
            os.killpg(0, signal.SIGKILL)
    os._exit(0)


def exists(pid: int) -> bool:
    """Whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


if __name__ == "__main__":
    main()
