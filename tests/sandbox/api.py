"""A bare client of the sandbox: what is on the wire, with nothing made nicer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.harness.sandbox import CLIENT_ID, CLIENT_SECRET, PLATFORM, SandboxProcess
from tests.harness.waiting import wait_until

FIRST_LOGIN = 100001
USD = "real-std-usd"


@dataclass(frozen=True)
class Reply:
    """One answer: its envelope, and what the headers add."""

    status: int
    headers: dict[str, str]
    data: Any
    error: dict[str, Any] | None
    meta: dict[str, Any]

    @property
    def code(self) -> str:
        """Ok, the error's code, or MT4's own code where it was MT4 that refused."""
        return "Ok" if self.error is None else self.error["managerCode"] or self.error["code"]

    @property
    def message(self) -> str:
        return "" if self.error is None else str(self.error["message"])

    @property
    def outcome(self) -> str | None:
        return self.headers.get("x-request-outcome")


class Api:
    """Calls as a client of the sandbox."""

    def __init__(
        self, sandbox: SandboxProcess, client: str = CLIENT_ID, secret: str = CLIENT_SECRET
    ) -> None:
        self.sandbox = sandbox
        self.client, self.secret = client, secret
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client,
            "client_secret": self.secret,
        }
        answer = requests.post(f"{self.sandbox.url}/connect/token", data=form, timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def sign_in_again(self) -> None:
        """Wait until a server that was told to restart has forgotten this client, and sign in."""
        wait_until(self._is_forgotten, what="a restart")
        self.sign_in()

    def _is_forgotten(self) -> bool:
        try:
            return self.raw("GET", "ServerTime").status_code == 401
        except requests.ConnectionError:
            return False

    def raw(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        platform: str = PLATFORM,
        key: str | None = None,
        **headers: str,
    ) -> requests.Response:
        """The HTTP answer, whatever it is; a header's underscores become dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Idempotency-Key"] = key
        url = f"{self.sandbox.url}/api/v2/MT4/{platform}/{path}"
        return self.session.request(method, url, json=body, headers=sent, timeout=30)

    def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Reply:
        answer = self.raw(method, path, body, **rest)
        document = answer.json()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(
            answer.status_code, headers, document["data"], document["error"], document["meta"]
        )

    def get(self, path: str, **rest: Any) -> Reply:
        return self.call("GET", path, **rest)

    def post(self, path: str, body: Any = None, **rest: Any) -> Reply:
        return self.call("POST", path, body, **rest)

    def patch(self, path: str, body: Any, **rest: Any) -> Reply:
        return self.call("PATCH", path, body, **rest)

    def money(
        self, login: int, amount: float, comment: str = "", *, key: str | None = None, **more: Any
    ) -> Reply:
        """A balance operation, or what `more` makes of it."""
        return self.post("TradeTransaction", transaction(login, amount, comment, **more), key=key)

    def user(self, login: int) -> dict[str, Any]:
        return dict(self.get(f"UserRecordRequest/{login}").data)

    def records(self, login: int, comment: str) -> list[dict[str, Any]]:
        """The closed records of an account with this comment: the evidence of a payment."""
        history = self.get(f"TradesUserHistory/{login}").data
        return [record for record in history if record["comment"] == comment]

    def new_account(self, **fields: Any) -> int:
        """An empty account to play with; its number."""
        body = {"group": USD, "name": "Ann Example", "leverage": 100, "enableFlags": 3, **fields}
        reply = self.post("UserRecordNew", body)
        assert reply.code == "Ok", reply
        return int(reply.data["login"])

    def pages(self, path: str, limit: int) -> Iterator[list[Any]]:
        """Every page of a list, as the protocol asks clients to walk it."""
        cursor: str | None = None
        while True:
            mark = f"&cursor={cursor}" if cursor else ""
            reply = self.get(f"{path}?limit={limit}{mark}")
            assert reply.code == "Ok", reply
            yield reply.data
            paging = reply.meta["paging"]
            cursor = paging["nextCursor"]
            if not (paging["hasMore"] and cursor):
                return


def transaction(login: int, amount: float, comment: str = "", **more: Any) -> dict[str, Any]:
    return {
        "tradeTransactionType": "BrBalance",
        "tradeCommand": "Balance",
        "orderBy": login,
        "price": amount,
        "comment": comment,
        **more,
    }


def new_key() -> str:
    return str(uuid.uuid4())
