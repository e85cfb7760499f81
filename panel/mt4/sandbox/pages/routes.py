"""Addresses of the control page: who may come here is said in `guard`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from panel.mt4.sandbox.clients import Clients
from panel.mt4.sandbox.control import Control
from panel.mt4.sandbox.faults import Faults
from panel.mt4.sandbox.guard import Handler, local_only
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.mishaps import Mishaps
from panel.mt4.sandbox.pages import (
    account,
    accounts,
    calls,
    faults,
    groups,
    managers,
    mishaps,
    overview,
    prices,
)
from panel.mt4.sandbox.pages.files import FILES, served
from panel.mt4.sandbox.pages.forms import Action, Forms, RefusedError, Sayings
from panel.mt4.sandbox.pages.layout import Page, live_part, status, whole
from panel.mt4.sandbox.server import Server
from panel.mt4.sandbox.state import State

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then hide the origin by which `guard` knows our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MOST_DIGITS = 10


class Pages:
    """Routes, and the views behind them."""

    def __init__(
        self,
        state: State,
        rules: Faults,
        server: Server,
        control: Control,
        whole: Mishaps,
        keys: Keys,
        clients: Clients,
        platform: str,
    ) -> None:
        self._platform = platform
        self._state = state
        self._faults = rules
        self._server = server
        self._keys = keys
        self._clients = clients
        self._mishaps = whole
        self._forms = Forms(control, whole, rules, clients)
        self._sayings = Sayings()

    def add_routes(self, app: web.Application) -> None:
        for path, view in (
            ("/", self.overview),
            ("/accounts", self.accounts),
            (r"/accounts/{login:\d{1,10}}", self.account),
            ("/prices", lambda request: prices.listed(self._state)),
            ("/groups", self.groups),
            ("/faults", lambda request: faults.listed(self._faults)),
            ("/mishaps", lambda request: mishaps.listed(self._state, self._mishaps.files())),
            ("/calls", self.calls),
            ("/journal", lambda request: calls.journal(self._state, _words(request))),
            ("/managers", self.managers),
            ("/outbox", lambda request: overview.outbox(self._state)),
        ):
            app.router.add_get(path, local_only(self._shown(view)))
        for path, back, action in self._forms.actions():
            app.router.add_post(path, local_only(self._done(action, back), is_form=True))
        for name in FILES:
            app.router.add_get(f"/static/{name}", local_only(served(name, HEADERS)))

    def _shown(self, view: Any) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            page: Page = view(request)
            line = status(self._state, self._faults.active())
            if request.query.get("part") == "live":
                body = live_part(page, line)
            else:
                saying = self._sayings.get(request.query.get("said", ""))
                body = whole(page, line, request.path, saying)
            return web.Response(text=body, content_type="text/html", headers=HEADERS)

        return handler

    def _done(self, action: Action, back: str) -> Handler:
        """A form: what it asks for is done, and the browser goes back to the page."""

        async def handler(request: web.Request) -> web.StreamResponse:
            posted = await request.post()
            form = {
                name: [value for value in posted.getall(name) if isinstance(value, str)]
                for name in posted
            }
            form |= {name: [value] for name, value in request.match_info.items()}
            try:
                said = self._sayings.add(await action(form), is_good=True)
            except RefusedError as refused:
                said = self._sayings.add(str(refused), is_good=False)
            raise web.HTTPSeeOther(f"{back}?said={said}")

        return handler

    def overview(self, request: web.Request) -> Page:
        counts = len(self._keys), self._faults.active()
        return overview.page(self._state, self._server.calls, *counts, self._platform)

    def accounts(self, request: web.Request) -> Page:
        wanted = accounts.Wanted(
            words=_words(request),
            only_open=request.query.get("open") == "1",
            after=_number(request, "after"),
        )
        return accounts.listed(self._state, wanted)

    def account(self, request: web.Request) -> Page:
        found = self._state.accounts.get(int(request.match_info["login"]))
        if found is None:
            raise web.HTTPNotFound(text="There is no such account.")
        return account.one(self._state, found, newer=_number(request, "newer"))

    def groups(self, request: web.Request) -> Page:
        return groups.listed(self._state, request.query.get("group", ""))

    def calls(self, request: web.Request) -> Page:
        return calls.listed(self._state, self._server.calls, _words(request))

    def managers(self, request: web.Request) -> Page:
        return managers.listed(self._state, self._clients, _number(request, "login"))


def _words(request: web.Request) -> str:
    return request.query.get("q", "").strip()


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0
