"""The strings behind the stage: faults, prices, the log of calls. See `guard` for whom it obeys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web

from panel.mt4.protocol.wire import WireError, read_number, read_time
from panel.mt4.sandbox import market, switches
from panel.mt4.sandbox.boot import save_quotes
from panel.mt4.sandbox.clients import Client, Clients, put_manager, with_rights
from panel.mt4.sandbox.exchange.timekeeper import Timekeeper
from panel.mt4.sandbox.faults import BadRuleError, Faults
from panel.mt4.sandbox.guard import local_only
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.seed.people import ALL_RIGHTS
from panel.mt4.sandbox.server import Server
from panel.mt4.sandbox.state import FIRST_LOGIN, State
from panel.mt4.sandbox.store import Store

LONGEST_WAY = 366 * 86_400
"""Seconds that one call may move the clock by."""


def _json(data: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(data, default=str)
    return web.Response(body=body, status=status, content_type="application/json")


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="A JSON object is expected.")
    return body


class Control:
    """Routes and their handlers."""

    def __init__(
        self,
        state: State,
        store: Store,
        keys: Keys,
        faults: Faults,
        server: Server,
        clients: Clients,
        timekeeper: Timekeeper,
        platform: str,
    ) -> None:
        self._started = time.time()
        self._platform = platform
        self._timekeeper = timekeeper
        self._clients = clients
        self._state = state
        self._store = store
        self._keys = keys
        self._faults = faults
        self._server = server

    def add_routes(self, app: web.Application) -> None:
        for method, path, handler in (
            ("GET", "state", self.state),
            ("GET", "calls", self.calls),
            ("GET", "faults", self.faults),
            ("POST", "faults", self.add_fault),
            ("DELETE", "faults", self.clear_faults),
            ("POST", "price", self.price),
            ("GET", "groups", self.groups),
            ("POST", "groups", self.switch_group),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.move_clock),
            ("GET", "clients", self.clients),
            ("POST", "clients", self.add_client),
            ("DELETE", "clients/{id}", self.drop_client),
            ("POST", "managers", self.add_manager),
        ):
            app.router.add_route(method, f"/control/{path}", local_only(handler))

    def _counts(self) -> dict[str, Any]:
        return {
            "platform": self._platform,
            "name": self._state.config.common.name,
            "started": self._started,
            "lastTicket": self._state.last_ticket,
            "groups": len(self._state.groups),
            "symbols": len(self._state.symbols),
            "accounts": len(self._state.accounts),
            "openTrades": len(self._state.open_tickets),
            "closedTrades": len(self._state.trades) - len(self._state.open_tickets),
            "keys": len(self._keys),
            "faults": len(self._faults.rules()),
        }

    async def state(self, request: web.Request) -> web.Response:
        return _json(self._counts())

    async def calls(self, request: web.Request) -> web.Response:
        """The last calls, oldest first."""
        return _json([asdict(call) for call in self._server.calls])

    async def faults(self, request: web.Request) -> web.Response:
        return _json(self._faults.rules())

    async def add_fault(self, request: web.Request) -> web.Response:
        """Set one rule. A `randomSeed` beside it restarts the chance of all rules."""
        given = await _object(request)
        chance = given.pop("randomSeed", None)
        try:
            rule = self._faults.add(given)
        except BadRuleError as error:
            return _json({"error": str(error)}, 400)
        if chance is not None:
            self._faults.seed(int(chance))
        return _json(asdict(rule), 201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

    async def clients(self, request: web.Request) -> web.Response:
        return _json([{"id": each.id, "manager": each.manager} for each in self._clients])

    async def add_client(self, request: web.Request) -> web.Response:
        """A client `{id, secret, manager}`; one that is known gets the new secret and manager."""
        given = await _object(request)
        try:
            self.put_client(given)
        except (KeyError, ValueError) as error:
            return _json({"error": f"id, secret and manager are needed ({error})"}, 400)
        return web.Response(status=204)

    def put_client(self, given: Mapping[str, Any]) -> None:
        """Raises KeyError or ValueError for what is missing or unknown."""
        client_id, secret, login = str(given["id"]), str(given["secret"]), int(given["manager"])
        if not (client_id and secret and login in self._state.managers):
            raise ValueError("empty, or there is no such manager")
        self._clients.put(Client.of(client_id, secret, login))

    async def drop_client(self, request: web.Request) -> web.Response:
        self._clients.drop(request.match_info["id"])
        return web.Response(status=204)

    async def add_manager(self, request: web.Request) -> web.Response:
        """A manager `{login, name, groups, rights}`, or other rights for a known one."""
        given = await _object(request)
        try:
            self.put_manager(given)
        except (KeyError, TypeError, ValueError) as error:
            return _json({"error": f"login, groups and known rights are needed ({error})"}, 400)
        return web.Response(status=204)

    def put_manager(self, given: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError or ValueError for what is missing or unknown."""
        login = int(given["login"])
        rights = given.get("rights", ())
        if not 0 < login < FIRST_LOGIN or set(rights) - set(ALL_RIGHTS):
            raise ValueError(f"logins below {FIRST_LOGIN}; rights: {', '.join(ALL_RIGHTS)}")
        name = str(given.get("name") or f"Manager {login}")
        manager = with_rights(login, name, str(given["groups"]), rights)
        put_manager(self._state, self._store, manager, self._state.clock.now())

    async def groups(self, request: web.Request) -> web.Response:
        """The switches of every group."""
        return _json([switches.shown(self._state, each) for each in self._state.groups.values()])

    async def switch_group(self, request: web.Request) -> web.Response:
        """Set switches of a group: `{group, commissionFor, pendingsLookAtHedging}`."""
        given = await _object(request)
        try:
            return _json(self.put_switches(given))
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    def put_switches(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Set switches of a group, for orders from now on; raises ValueError."""
        return switches.put(self._state, self._store, given)

    async def price(self, request: web.Request) -> web.Response:
        given = await _object(request)
        try:
            bid, ask = (_price(given, name) for name in ("bid", "ask"))
            quote = self.move_price(str(given.get("symbol")), bid, ask)
        except (WireError, market.BadPriceError) as error:
            return _json({"error": str(error)}, 400)
        return _json(asdict(quote))

    def move_price(self, symbol: str, bid: Decimal, ask: Decimal) -> Quote:
        """Put prices on a symbol, with all that follows from them; raises BadPriceError."""
        quote = market.move(self._state, symbol, bid, ask)
        unit = self._state.reactions.to([symbol])
        unit.then(lambda store: save_quotes(self._state, store), lambda: None)
        unit.commit(self._store, None)
        return quote

    async def clock(self, request: web.Request) -> web.Response:
        now, standing = self._state.clock.now(), self._state.clock.standing is not None
        return _json({"now": now, "standing": standing, "live": self._state.live})

    async def move_clock(self, request: web.Request) -> web.Response:
        """Move a standing clock on: `{advance: seconds}` or `{set: time}`, in steps of `step`."""
        given = await _object(request)
        try:
            await self.advance(self._way(given), int(given.get("step", 60)))
        except (TypeError, ValueError, OverflowError) as error:
            return _json({"error": str(error)}, 400)
        return await self.clock(request)

    async def advance(self, seconds: int, step: int) -> None:
        """Move a standing clock on, in steps of so many seconds; raises ValueError."""
        if self._state.clock.standing is None:
            raise ValueError("only a standing clock moves: start with --clock")
        if not 0 <= seconds <= LONGEST_WAY or step < 1:
            raise ValueError("the clock moves forwards, by a year at most")
        for _ in self._timekeeper.advance(seconds, step):
            await asyncio.sleep(0)

    def _way(self, given: Mapping[str, Any]) -> int:
        """How many seconds the clock is to move."""
        if "set" in given:
            return int((read_time(given["set"]) - self._state.clock.now()).total_seconds())
        return int(given.get("advance", 0))


def _price(given: dict[str, Any], name: str) -> Decimal:
    return read_number(given.get(name))
