"""What an `Idempotency-Key` does, and where it stops.

1. A key runs its operation once for as long as it is remembered.
2. An answer in time is remembered for `memory` seconds after it was given.
3. Where the answer was OutcomeUnknown, the real result is kept for `held_memory` seconds after the
   operation finished.
4. Where the outcome cannot be told, the key stays taken for `held_memory` seconds.

While a key is running or taken, a repeat is told "in progress" and not carried out. A key names a
logical operation: the protocol does not compare bodies, so neither do we.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from heapq import heappop, heappush

from panel.mt4.protocol.enums import WebApiErrorCode
from panel.mt4.sandbox.answers import Answer, RefusalError, invalid
from panel.mt4.sandbox.store import KeyRow, Store

MAX_LENGTH = 255


def checked(key: str | None) -> str | None:
    """The key as sent, None without one; raises Validation for one that the protocol forbids."""
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_LENGTH or not (key.isascii() and key.isprintable()):
        raise invalid(f"Idempotency-Key must be 1 to {MAX_LENGTH} printable ASCII characters.")
    return key


@dataclass(slots=True)
class _Held:
    """A known key: running (no answer, no end), taken (no answer), or answered."""

    expires: float | None
    answer: Answer | None


class Keys:
    """The memory of keys; names are scoped by client and platform before they come here."""

    def __init__(self, store: Store, *, memory: float, held_memory: float) -> None:
        self.memory = memory
        self.held_memory = held_memory
        self._store = store
        self._held: dict[str, _Held] = {}
        self._ends: list[tuple[float, str]] = []
        # Wall time that never runs backwards, so that a corrected clock keeps no key for ever.
        self._origin = time.time() - time.monotonic()
        for row in store.remembered():
            answer = None if row.body is None else Answer(row.body, row.code)
            self._remember(row.name, row.expires, answer)

    def __len__(self) -> int:
        return len(self._held)

    def now(self) -> float:
        return self._origin + time.monotonic()

    def find(self, name: str) -> Answer | None:
        """The answer to replay, None for an unknown key; raises in-progress for a taken one."""
        held = self._held.get(name)
        if held is None or (held.expires is not None and held.expires <= self.now()):
            return None
        if held.answer is None:
            raise RefusalError(
                WebApiErrorCode.OutcomeUnknown,
                "A request with the same Idempotency-Key is still being processed; "
                "this one was not executed.",
                outcome="in-progress",
            )
        return held.answer

    def begin(self, name: str) -> None:
        """The operation of this key is under way, for however long it takes."""
        self._held[name] = _Held(None, None)

    def abandon(self, name: str) -> None:
        """The operation was refused before MT4 saw it: the key is free again."""
        self._held.pop(name, None)

    def take(self, name: str) -> None:
        """Nobody can tell the outcome: keep the key, on disk as well."""
        self._remember(name, self._write_taken(name), None)

    def begin_unknown(self, name: str) -> None:
        """Under way still, and the caller knows: should this process die, the key is taken."""
        self._write_taken(name)
        self.begin(name)

    def _write_taken(self, name: str) -> float:
        expires = self.now() + self.held_memory
        self._store.put_key(KeyRow(name, expires, None, WebApiErrorCode.OutcomeUnknown.value))
        return expires

    def row(self, name: str, answer: Answer, *, seconds: float) -> KeyRow:
        """The record of an answer, to be written in the transaction of its change."""
        return KeyRow(name, self.now() + seconds, answer.body, answer.code)

    def finish(self, row: KeyRow, answer: Answer) -> None:
        """The row is on disk: replay this answer from now on."""
        self._remember(row.name, row.expires, answer)

    def _remember(self, name: str, expires: float, answer: Answer | None) -> None:
        self._held[name] = _Held(expires, answer)
        heappush(self._ends, (expires, name))

    def sweep(self) -> None:
        """Forget what is over, here and on disk."""
        now = self.now()
        forgot = False
        while self._ends and self._ends[0][0] <= now:
            _, name = heappop(self._ends)
            held = self._held.get(name)
            if held is not None and held.expires is not None and held.expires <= now:
                del self._held[name]
                forgot = True
        if forgot:
            self._store.forget_keys(now)
