"""The HTTP face: sign-in, platforms, and every operation under `/api/v2/MT4/{platform}/`."""

from __future__ import annotations

import logging
import math
import re
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.enums import LogType, WebApiErrorCode
from panel.mt4.protocol.operation import PLATFORMS_PATH, Operation
from panel.mt4.protocol.records import ManagerRights
from panel.mt4.sandbox import idempotency
from panel.mt4.sandbox.answers import Answer, RefusalError, failure, invalid, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.clients import Clients
from panel.mt4.sandbox.engine import Engine
from panel.mt4.sandbox.faults import Faults, Stage
from panel.mt4.sandbox.journal import ATTENTION, LOGIN
from panel.mt4.sandbox.options import Options
from panel.mt4.sandbox.rights import HangUpError, check_address
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.tokens import DeniedError, Tokens
from panel.mt4.sandbox.unit import Unit
from panel.mt4.sandbox.view import view_of

log = logging.getLogger("sandbox")

CALLS_KEPT = 500
LONGEST_TIMEOUT = 300.0
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_PARAMETER = re.compile(r"{(\w+)}")
_BY_SHAPE: Mapping[tuple[str, str, int], Operation] = {
    (operation.method, operation.name, operation.path.count("/")): operation
    for operation in OPERATIONS.values()
}


@dataclass(slots=True)
class Logged:
    """What the control endpoint tells of a call. Never a body: it may carry a password."""

    at: float
    operation: str
    client: str = ""
    key: str | None = None
    login: int | None = None
    code: str = ""
    outcome: str | None = None
    fault: str | None = None
    ms: float = 0.0


def _activity(request: web.Request) -> str:
    match = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return match[1] if match else secrets.token_hex(16)


def _deadline(request: web.Request, operation: Operation) -> float:
    text = request.headers.get("X-Request-Timeout") or request.query.get("requestTimeout")
    if text is None:
        return operation.deadline
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= LONGEST_TIMEOUT:
        raise invalid(f"The request timeout must be from 1 to {LONGEST_TIMEOUT:g} seconds.")
    return seconds


def _body(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise invalid("The body is not JSON.") from None


class Server:
    """Routes and their handlers."""

    def __init__(
        self, options: Options, state: State, engine: Engine, faults: Faults, clients: Clients
    ) -> None:
        self._options = options
        self._state = state
        self._clients = clients
        self._engine = engine
        self._faults = faults
        self._tokens = Tokens(clients)
        self.calls: deque[Logged] = deque(maxlen=CALLS_KEPT)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/.well-known/openid-configuration", self.discovery)
        app.router.add_post("/connect/token", self.token)
        app.router.add_get(PLATFORMS_PATH, self.platforms)
        app.router.add_route("*", "/api/v2/MT4/{platform}/{rest:.+}", self.operation)

    async def discovery(self, request: web.Request) -> web.Response:
        root = f"{request.scheme}://{request.host}"
        return web.json_response(
            {
                "issuer": root,
                "token_endpoint": f"{root}/connect/token",
                "grant_types_supported": ["client_credentials"],
                "scopes_supported": ["webapi"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
            }
        )

    async def token(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if type(value) is str}
        no_store = {"Cache-Control": "no-store"}
        try:
            granted = self._tokens.issue(form, request.headers.get("Authorization"))
        except DeniedError as denied:
            self._note_sign_in(f"refused, {denied.error}", ATTENTION, request)
            problem = {"error": denied.error, "error_description": denied.description}
            return web.json_response(problem, status=denied.status, headers=no_store)
        self._note_sign_in(form.get("client_id", "by header"), LOGIN, request)
        return web.json_response(granted, headers=no_store)

    def _note_sign_in(self, words: str, code: str, request: web.Request) -> None:
        self._state.journal.add(
            f"Sign-in: {words}", kind=LogType.Logins, code=code, ip=request.remote or ""
        )

    def _manager(self, client: str, address: str | None) -> ManagerRights:
        """Whom a client acts as; raises NoConnect when MT4 would not let that manager in."""
        known = self._clients.get(client)
        login = 0 if known is None else known.manager
        manager = self._state.managers.get(login)
        if manager is None:
            raise RefusalError(WebApiErrorCode.NoConnect, f"There is no manager {login}.")
        check_address(manager, address)
        return manager

    def _client(self, request: web.Request) -> str:
        client = self._tokens.client(request.headers.get("Authorization"))
        if client is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return client

    async def platforms(self, request: web.Request) -> web.Response:
        known = self._clients.get(self._client(request))
        platform = {
            "id": self._options.platform,
            "name": "Sandbox",
            "type": "MT4",
            "login": 0 if known is None else known.manager,
            "organizationId": "22222222-2222-4222-8222-222222222222",
            "created": "2024-01-01T00:00:00Z",
        }
        return web.json_response([platform])

    async def operation(self, request: web.Request) -> web.StreamResponse:
        """Any operation: everything that is not about HTTP happens in the engine."""
        client = self._client(request)
        begun = time.perf_counter()
        entry = Logged(time.time(), "", client)
        response = await self._answer(request, client, entry)
        entry.ms = round((time.perf_counter() - begun) * 1000, 2)
        self.calls.append(entry)
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            self._state.performance.sent += len(response.body)
        return response

    async def _answer(self, request: web.Request, client: str, entry: Logged) -> web.StreamResponse:
        activity = _activity(request)
        try:
            call = await self._call(request, client, activity, entry)
        except RefusalError as refusal:
            return _respond(failure(refusal, activity), entry, None)
        spoilt = self._strike(Stage.BEFORE, request, call, entry)
        if spoilt is not None:
            return spoilt
        try:
            answer = await self._engine.run(call)
        except HangUpError:
            entry.code = "HangUp"
            return _hang_up(request)
        except Exception:
            log.exception("%s failed", call.operation.name)
            fault = RefusalError(WebApiErrorCode.Internal, "The sandbox failed; see its log.")
            answer = failure(fault, activity)
        entry.fault = call.fault
        spoilt = self._strike(Stage.AFTER, request, call, entry)
        return spoilt or _respond(answer, entry, call.deadline)

    async def _call(self, request: web.Request, client: str, activity: str, entry: Logged) -> Call:
        platform, name, *values = [
            unquote(part) for part in request.rel_url.raw_path.split("/")[4:]
        ]
        entry.operation = name
        if platform.lower() != self._options.platform:
            raise not_found(f"There is no trade platform {platform}.")
        operation = _BY_SHAPE.get((request.method, name, len(values)))
        if operation is None:
            raise not_found(f"There is no operation {request.method} {name}.")
        deadline = _deadline(request, operation)
        manager = self._manager(client, request.remote)
        key = idempotency.checked(request.headers.get("Idempotency-Key"))
        query: dict[str, list[str]] = {}
        for field, value in request.query.items():
            query.setdefault(field, []).append(value)
        call = Call(
            operation=operation,
            params=dict(zip(_PARAMETER.findall(operation.path), values, strict=True)),
            query=query,
            body=_body(await request.read()),
            deadline=deadline,
            activity=activity,
            options=self._options,
            faults=self._faults,
            unit=Unit(self._state, view_of(self._state, manager)),
            manager=manager,
            client=client,
            address=request.remote or "",
            key=f"{client} {self._options.platform} {key}" if key and operation.changes else None,
        )
        entry.key, entry.login = key, call.login
        return call

    def _strike(
        self, stage: Stage, request: web.Request, call: Call, entry: Logged
    ) -> web.StreamResponse | None:
        """What a fault on the wire makes of this call, None when there is no such bad luck."""
        rule = self._faults.strike(
            stage, call.operation.name, call.login, is_read=not call.operation.changes
        )
        if rule is None:
            return None
        entry.fault = rule.fault
        if rule.fault == "busy":
            busy = RefusalError(
                WebApiErrorCode.Busy,
                "Too many requests wait for this trade platform; this one was not sent.",
                outcome="not-started",
            )
            return _respond(failure(busy, call.activity), entry, call.deadline)
        if rule.fault.startswith("drop"):
            return _hang_up(request)
        return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")


def _hang_up(request: web.Request) -> web.Response:
    """Cut the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _respond(answer: Answer, entry: Logged, deadline: float | None) -> web.Response:
    entry.code, entry.outcome = answer.code, answer.outcome
    headers = {}
    if deadline is not None:
        headers["X-Request-Timeout-Applied"] = f"{deadline:.3f}".rstrip("0").rstrip(".")
    if answer.outcome is not None:
        headers["X-Request-Outcome"] = answer.outcome
    return web.Response(body=answer.body, headers=headers, content_type="application/json")
