"""OAuth2 client credentials: one token for all threads, renewed before it expires."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import urlencode

from panel.mt4.errors import Unavailable
from panel.mt4.transport import Letter, NotSentError, ReplyLostError, Transport

SCOPE = "webapi"
WAIT = 15.0
"""Seconds that the sign-in server has to answer."""

EARLY = 60.0
"""A token is renewed this many seconds before its end, or in its last fifth if that is shorter."""


class Tokens:
    """Access tokens of one client at one authority. Never shows the secret or a token."""

    def __init__(
        self, transport: Transport, authority: str, client_id: str, client_secret: str
    ) -> None:
        self._transport = transport
        self._authority = authority.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._endpoint = ""
        self._token = ""
        self._renew_at = 0.0

    def get(self, *, refused: str = "") -> str:
        """A token that is good now; ``refused`` is one that the server has just turned down.

        Threads that come while one fetches wait for its token. Raises Unavailable.
        """
        with self._lock:
            if not self._token or self._token == refused or time.monotonic() >= self._renew_at:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        self._token = ""
        if not self._endpoint:
            url = f"{self._authority}/.well-known/openid-configuration"
            self._endpoint = _text(self._ask("GET", url), "token_endpoint")
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "scope": SCOPE,
        }
        answer = self._ask("POST", self._endpoint, urlencode(form))
        token = _text(answer, "access_token")
        lifetime = answer.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) else 300.0
        self._renew_at = time.monotonic() + seconds - min(EARLY, seconds / 5)
        self._token = token

    def _ask(self, method: str, url: str, form: str | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            reply = self._transport.send(
                Letter(method=method, url=url, headers=headers, wait=WAIT, body=form)
            )
        except (NotSentError, ReplyLostError) as error:
            raise Unavailable(f"sign-in failed ({error})") from error
        if reply.status != 200:
            raise Unavailable(f"sign-in was refused (HTTP {reply.status})")
        try:
            answer = json.loads(reply.body)
        except ValueError:
            raise Unavailable("sign-in gave no JSON") from None
        if not isinstance(answer, dict):
            raise Unavailable("sign-in gave no object")
        return answer


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise Unavailable(f"sign-in gave no {key}")
    return value
