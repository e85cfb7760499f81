"""The strings behind the stage: faults, prices, the log of calls. Answers loopback peers only."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from functools import wraps
from html import escape
from typing import Any

import orjson
from aiohttp import web

from panel.mt4.protocol.wire import WireError, read_number, read_time
from panel.mt4.sandbox import market
from panel.mt4.sandbox.boot import save_quotes
from panel.mt4.sandbox.clients import Client, Clients, put_manager, with_rights
from panel.mt4.sandbox.exchange.timekeeper import Timekeeper
from panel.mt4.sandbox.faults import BadRuleError, Faults
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.options import PLATFORM
from panel.mt4.sandbox.seed.people import ALL_RIGHTS
from panel.mt4.sandbox.server import Server
from panel.mt4.sandbox.state import FIRST_LOGIN, State
from panel.mt4.sandbox.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LONGEST_WAY = 366 * 86_400
"""Seconds that one call may move the clock by."""

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox MT4</title>
<h1>An MT4 server in a box</h1>
<p>It speaks the JSON WebAPI version 2, for demo, training and tests. No money here is real.</p>
<dl>{rows}</dl>"""


def is_local(address: str | None) -> bool:
    """Whether a peer's address is one of this machine's loopback ones."""
    try:
        peer = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback


def _local_only(handler: Handler) -> Handler:
    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not is_local(request.remote):
            raise web.HTTPForbidden(text="The control endpoint answers on loopback only.")
        return await handler(request)

    return guarded


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
    ) -> None:
        self._timekeeper = timekeeper
        self._clients = clients
        self._state = state
        self._store = store
        self._keys = keys
        self._faults = faults
        self._server = server

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.page)
        for method, path, handler in (
            ("GET", "state", self.state),
            ("GET", "calls", self.calls),
            ("GET", "faults", self.faults),
            ("POST", "faults", self.add_fault),
            ("DELETE", "faults", self.clear_faults),
            ("POST", "price", self.price),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.move_clock),
            ("GET", "clients", self.clients),
            ("POST", "clients", self.add_client),
            ("DELETE", "clients/{id}", self.drop_client),
            ("POST", "managers", self.add_manager),
        ):
            app.router.add_route(method, f"/control/{path}", _local_only(handler))

    def _counts(self) -> dict[str, Any]:
        return {
            "platform": PLATFORM,
            "groups": len(self._state.groups),
            "symbols": len(self._state.symbols),
            "accounts": len(self._state.accounts),
            "openTrades": len(self._state.open_tickets),
            "closedTrades": len(self._state.trades) - len(self._state.open_tickets),
            "keys": len(self._keys),
            "faults": len(self._faults.rules()),
        }

    async def page(self, request: web.Request) -> web.Response:
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
            for name, value in self._counts().items()
        )
        return web.Response(text=PAGE.format(rows=rows), content_type="text/html")

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

    async def price(self, request: web.Request) -> web.Response:
        given = await _object(request)
        try:
            bid, ask = (_price(given, name) for name in ("bid", "ask"))
            quote = market.move(self._state, str(given.get("symbol")), bid, ask)
        except (WireError, market.BadPriceError) as error:
            return _json({"error": str(error)}, 400)
        unit = self._state.reactions.to([str(given["symbol"])])
        unit.then(lambda store: save_quotes(self._state, store), lambda: None)
        unit.commit(self._store, None)
        return _json(asdict(quote))

    async def clock(self, request: web.Request) -> web.Response:
        now, standing = self._state.clock.now(), self._state.clock.standing is not None
        return _json({"now": now, "standing": standing, "live": self._state.live})

    async def move_clock(self, request: web.Request) -> web.Response:
        """Move a standing clock on: `{advance: seconds}` or `{set: time}`, in steps of `step`."""
        given = await _object(request)
        try:
            seconds, step = self._way(given), int(given.get("step", 60))
            if self._state.clock.standing is None:
                raise ValueError("only a standing clock moves: start with --clock")
            if not 0 <= seconds <= LONGEST_WAY or step < 1:
                raise ValueError("the clock moves forwards, by a year at most")
        except (TypeError, ValueError, OverflowError) as error:
            return _json({"error": str(error)}, 400)
        for _ in self._timekeeper.advance(seconds, step):
            await asyncio.sleep(0)
        return await self.clock(request)

    def _way(self, given: Mapping[str, Any]) -> int:
        """How many seconds the clock is to move."""
        if "set" in given:
            return int((read_time(given["set"]) - self._state.clock.now()).total_seconds())
        return int(given.get("advance", 0))


def _price(given: dict[str, Any], name: str) -> Decimal:
    return read_number(given.get(name))
