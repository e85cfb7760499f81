"""What happens to whole servers: a clock set wrong, a backup restored, keys forgotten.

All of it at once and without a word to clients, as in life. See `guard` for whom it obeys.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import orjson
from aiohttp import web

from panel.mt4.protocol.enums import LogType
from panel.mt4.sandbox.backups import ask_to_restore
from panel.mt4.sandbox.guard import local_only
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.journal import WARNING
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store

LONGEST_JUMP = 366 * 86_400
"""Seconds that the clock may be set wrong by."""


class Mishaps:
    """Each happens to the running server; raises ValueError for what cannot happen."""

    def __init__(self, state: State, store: Store, keys: Keys) -> None:
        self._state = state
        self._store = store
        self._keys = keys

    def add_routes(self, app: web.Application) -> None:
        for method, path, handler in (
            ("POST", "clock/jump", self._jump),
            ("DELETE", "keys", self._forget_keys),
            ("GET", "backups", self._backups),
            ("POST", "backups", self._back_up),
            ("POST", "restore", self._restore),
            ("GET", "hooked", self._hooked),
        ):
            app.router.add_route(method, f"/control/{path}", local_only(handler))

    def jump(self, seconds: int) -> None:
        """Set the clock forwards or back; the time between is not lived through."""
        clock = self._state.clock
        if not 0 < abs(seconds) <= LONGEST_JUMP:
            raise ValueError("the clock jumps by a year at most, and not by nothing")
        clock.jump(timedelta(seconds=seconds))
        with self._store.transaction():
            self._store.put_settings("clock shift", [clock.shift.total_seconds()])
            if clock.standing is not None:
                self._store.put_settings("clock", [clock.standing.isoformat()])
        self._tell(f"Server: the clock was set by {seconds} s")

    def forget_keys(self) -> int:
        """Forget every idempotency key, also those whose outcome nobody knows; how many."""
        return self._keys.forget()

    async def back_up(self) -> str:
        """Make a backup now; its name."""
        return await self._state.backups.make(self._state)

    def files(self) -> list[str]:
        """The backups that can be restored, oldest first."""
        return self._state.backups.names()

    def restore(self, name: str) -> None:
        """Go back to a backup: accounts, money, records, and with them the newest ticket. The
        server starts again for it. Settings, and what the bridge in front remembers, stay."""
        if name not in self.files():
            raise ValueError(f"there is no backup {name}")
        ask_to_restore(self._store, name)
        self._tell(f"Server: restored from {name}")
        self._state.starts_again = True
        self._state.stop.set()

    def _tell(self, message: str) -> None:
        self._state.journal.add(message, kind=LogType.Standard, code=WARNING)

    async def _jump(self, request: web.Request) -> web.Response:
        try:
            self.jump(int((await request.json())["seconds"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            return web.json_response({"error": f"whole seconds: {error}"}, status=400)
        return web.json_response({"now": self._state.clock.now().isoformat()})

    async def _forget_keys(self, request: web.Request) -> web.Response:
        return web.json_response({"forgotten": self.forget_keys()})

    async def _backups(self, request: web.Request) -> web.Response:
        return web.json_response(self.files())

    async def _back_up(self, request: web.Request) -> web.Response:
        return web.json_response({"name": await self.back_up()}, status=201)

    async def _restore(self, request: web.Request) -> web.Response:
        try:
            self.restore(str((await request.json())["name"]))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"the name of a backup: {error}"}, status=400)
        return web.Response(status=204)

    async def _hooked(self, request: web.Request) -> web.Response:
        """What plug-ins changed, oldest first."""
        rows = [asdict(row) for row in self._state.hooks.changed]
        body = orjson.dumps(rows, default=str)
        return web.Response(body=body, content_type="application/json")
