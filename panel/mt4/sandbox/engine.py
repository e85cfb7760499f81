"""Carries calls out: remembered keys first, then bad luck, then the operation itself.

There is one event loop, and an operation that changes something never waits, so changes happen
one after another. A long read takes breath, so that the others do not wait for its end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from panel.mt4 import rules
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.sandbox import notes, rights, texts
from panel.mt4.sandbox.answers import Answer, Page, RefusalError, failure, rejected, success
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.faults import Faults, Rule, Stage
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.operations import HANDLERS, Handler
from panel.mt4.sandbox.store import Store

log = logging.getLogger("sandbox")

UNKNOWN = RefusalError(
    WebApiErrorCode.OutcomeUnknown,
    "The trade server did not answer in time; the operation may still be applied.",
    outcome="unknown",
)
TIMED_OUT = RefusalError(
    WebApiErrorCode.Timeout,
    "The trade server did not answer in time; nothing was changed.",
    outcome="timeout",
)


class Engine:
    """The server's inside, without HTTP."""

    def __init__(self, store: Store, keys: Keys, faults: Faults) -> None:
        self._store = store
        self._keys = keys
        self._faults = faults
        self._late: set[asyncio.Task[Answer]] = set()

    async def run(self, call: Call) -> Answer:
        """The answer to a call, which may be one that was given before."""
        try:
            if call.key is not None:
                remembered = self._keys.find(call.key)
                if remembered is not None:
                    return remembered
            fault = self._faults.strike(
                Stage.EXECUTION,
                call.operation.name,
                call.login,
                is_read=not call.operation.changes,
            )
            if fault is None:
                return await self._apply(call, self._keys.memory)
            call.fault = fault.fault
            if fault.code:
                code = ResultCode.parse(fault.code)
                raise rejected(code, f"The server was told to answer {fault.code}.")
            if call.operation.changes:
                return await self._change_with(fault, call)
            return await self._read_with(fault, call)
        except RefusalError as refusal:
            return failure(refusal, call.activity)

    async def stop(self) -> None:
        """Drop what is still under way; its keys stay taken, as nobody was told an outcome."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _apply(self, call: Call, key_seconds: float) -> Answer:
        """Carry it out, and put the change, the key and its answer on disk in one transaction."""
        row = None
        try:
            handler = HANDLERS[call.operation.path]
            rights.check(call)
            data = rights.shown(call.manager, await _carried_out(handler, call))
            if not call.operation.changes:
                data = await _written(data)
            answer = success(data, call.activity)
        except RefusalError as refusal:
            call.unit.forget()
            answer = failure(refusal, call.activity)
            if call.key is not None and refusal.code is WebApiErrorCode.Validation:
                self._keys.abandon(call.key)
                return answer
        if call.key is not None:
            row = self._keys.row(call.key, answer, seconds=key_seconds)
        call.unit.commit(self._store, row)
        if row is not None:
            self._keys.finish(row, answer)
        notes.write(call, answer)
        return answer

    async def _read_with(self, fault: Rule, call: Call) -> Answer:
        if fault.fault == "read_timeout" or fault.seconds > call.deadline:
            await asyncio.sleep(min(fault.seconds, call.deadline))
            raise TIMED_OUT
        await asyncio.sleep(fault.seconds)
        return await self._apply(call, 0)

    async def _change_with(self, fault: Rule, call: Call) -> Answer:
        if fault.fault == "outcome_unknown_applied":
            await self._apply(call, self._keys.held_memory)
            raise UNKNOWN
        if fault.fault == "outcome_unknown_not_applied":
            if call.key is not None:
                self._keys.take(call.key)
            raise UNKNOWN
        if fault.fault == "outcome_unknown_late":
            return await self._apply_later(call, fault.seconds, patience=0)
        if fault.fault == "delay_after":
            return await self._answer_later(call, fault.seconds)
        return await self._apply_later(call, fault.seconds, patience=call.deadline)

    async def _answer_later(self, call: Call, seconds: float) -> Answer:
        in_time = seconds <= call.deadline
        key_seconds = seconds + self._keys.memory if in_time else self._keys.held_memory
        answer = await self._apply(call, key_seconds)
        await asyncio.sleep(min(seconds, call.deadline))
        if not in_time:
            raise UNKNOWN
        return answer

    async def _apply_later(self, call: Call, seconds: float, *, patience: float) -> Answer:
        """Carry it out after a while, whether or not the caller waits that long."""
        in_time = seconds <= patience
        if call.key is not None:
            self._keys.begin(call.key)
        task = asyncio.create_task(
            self._after(call, seconds, self._keys.memory if in_time else self._keys.held_memory)
        )
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        if in_time:
            # Shielded: a caller that hangs up does not stop what MT4 has begun.
            return await asyncio.shield(task)
        await asyncio.sleep(patience)
        if call.key is not None:
            self._keys.begin_unknown(call.key)
        raise UNKNOWN

    async def _after(self, call: Call, seconds: float, key_seconds: float) -> Answer:
        await asyncio.sleep(seconds)
        try:
            return await self._apply(call, key_seconds)
        except Exception:
            log.exception("A late %s failed", call.operation.name)
            if call.key is not None:
                self._keys.take(call.key)
            raise


async def _written(data: Any) -> Any:
    if isinstance(data, Page):
        return Page(await texts.written(data.items), data.next_cursor)
    return await texts.written(data)


async def _carried_out(handler: Handler, call: Call) -> Any:
    try:
        data = handler(call)
        return await data if isinstance(data, Coroutine) else data
    except rules.UnknownMarketError as error:
        raise rejected(ResultCode.TradeOffquotes, str(error)) from None
