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
        self._ends: list[tuple[float, int, str]] = []
        self._last_id = 0
        # Wall time that never runs backwards, so that a corrected clock keeps no key for ever.
        self._origin = time.time() - time.monotonic()
        for row in store.remembered():
            self.finish(row, None if row.body is None else Answer(row.body, row.code))

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
        self.finish(self._write_taken(name), None)

    def begin_unknown(self, name: str) -> None:
        """Under way still, and the caller knows: should this process die, the key is taken."""
        self.finish(self._write_taken(name), None)
        self.begin(name)

    def _write_taken(self, name: str) -> KeyRow:
        expires = self.now() + self.held_memory
        row = KeyRow(self._next_id(), name, expires, None, WebApiErrorCode.OutcomeUnknown.value)
        self._store.put_key(row)
        return row

    def row(self, name: str, answer: Answer, *, seconds: float) -> KeyRow:
        """The record of an answer, to be written in the transaction of its change."""
        return KeyRow(self._next_id(), name, self.now() + seconds, answer.body, answer.code)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def finish(self, row: KeyRow, answer: Answer | None) -> None:
        """The row is on disk: replay this answer from now on, or hold the key without one."""
        self._last_id = max(self._last_id, row.id)
        self._held[row.name] = _Held(row.expires, answer)
        heappush(self._ends, (row.expires, row.id, row.name))

    def forget(self) -> int:
        """Forget every key that is not under way at this moment, whatever is known of it; how
        many."""
        over = [name for name, held in self._held.items() if held.expires is not None]
        for name in over:
            del self._held[name]
        self._store.forget_keys([row_id for _, row_id, _ in self._ends])
        self._ends.clear()
        return len(over)

    def sweep(self) -> None:
        """Forget what is over, here and on disk."""
        now, over = self.now(), []
        while self._ends and self._ends[0][0] <= now:
            _, row_id, name = heappop(self._ends)
            over.append(row_id)
            held = self._held.get(name)
            if held is not None and held.expires is not None and held.expires <= now:
                del self._held[name]
        if over:
            self._store.forget_keys(over)
