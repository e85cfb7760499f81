"""How loaded this process is: measured, once in a while."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from panel.mt4.protocol.records import Performance
from panel.mt4.protocol.wire import from_wire, to_wire
from panel.mt4.sandbox.store import Store

KEPT = 3000
KIND = "performance"
_KILOBYTE = 1024


class Sampler:
    """Samples of processor, memory, network and sockets. `sent` counts bytes, `sockets` asks."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._samples: deque[Performance] = deque(maxlen=KEPT)
        self._number = 0
        self._wall = time.monotonic()
        self._cpu = time.process_time()
        self._sent_before = 0
        self.sent = 0
        self.sockets: Callable[[], int] = lambda: 0

    def load(self, store: Store) -> None:
        for number, body in store.rows(KIND):
            self._samples.append(from_wire(Performance, body))
            self._number = number

    def is_due(self, seconds: int) -> bool:
        """Whether the last sample of this process is older than that, or there is none."""
        last = self._samples[-1].ctm if self._samples else None
        return last is None or self._now() - last >= timedelta(seconds=seconds)

    def sample(self, store: Store, users: int) -> None:
        """Measure since the last time, and write it inside a transaction of the caller's."""
        wall, cpu = time.monotonic(), time.process_time()
        elapsed = max(wall - self._wall, 0.001)
        load = (cpu - self._cpu) / elapsed / (os.cpu_count() or 1)
        found = Performance(
            ctm=self._now(),
            users=users,
            cpu=min(100, round(100 * load)),
            free_mem=_free_kilobytes(),
            network=round((self.sent - self._sent_before) / _KILOBYTE / elapsed),
            sockets=self.sockets(),
        )
        self._wall, self._cpu, self._sent_before = wall, cpu, self.sent
        self._number += 1
        self._samples.append(found)
        store.append(KIND, [(self._number, to_wire(found))])
        store.trim(KIND, self._number - KEPT)

    def since(self, moment: datetime) -> list[Performance]:
        return [sample for sample in self._samples if sample.ctm >= moment]


def _free_kilobytes() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _KILOBYTE
