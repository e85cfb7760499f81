"""Sign-in: OAuth2 client credentials for the clients that this server knows.

Tokens live in memory only: after a restart they are refused with 401 and a client fetches a fresh
one, which is the path that every client has to master anyway.
"""

from __future__ import annotations

import binascii
import secrets
import time
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from panel.mt4.sandbox.clients import Clients

LIFETIME = 3600
SCOPE = "webapi"


class DeniedError(Exception):
    """An OAuth2 error: its code, and a sentence for people."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def _credentials(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise DeniedError("invalid_client", "The Basic credentials cannot be read.", 401) from None
    return unquote_plus(client), unquote_plus(secret)


class Tokens:
    """Access tokens given out by this process, and until when they hold."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._ends: dict[str, tuple[float, str]] = {}

    def issue(self, form: Mapping[str, str], authorization: str | None) -> dict[str, object]:
        """The token endpoint's answer; raises DeniedError."""
        client, secret = _credentials(form, authorization)
        known = self._clients.get(client)
        if known is None or not known.has(secret):
            raise DeniedError("invalid_client", "Unknown client or wrong secret.", 401)
        if form.get("grant_type") != "client_credentials":
            raise DeniedError("unsupported_grant_type", "Only client_credentials is offered here.")
        if set(form.get("scope", SCOPE).split()) - {SCOPE}:
            raise DeniedError("invalid_scope", f"The only scope is {SCOPE}.")
        now = time.monotonic()
        self._ends = {token: held for token, held in self._ends.items() if held[0] > now}
        token = secrets.token_urlsafe(32)
        self._ends[token] = now + LIFETIME, client
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "scope": SCOPE,
        }

    def client(self, authorization: str | None) -> str | None:
        """The client behind an Authorization header, None when it must sign in (again)."""
        scheme, _, token = (authorization or "").partition(" ")
        end, client = self._ends.get(token.strip(), (0.0, ""))
        if scheme.lower() != "bearer" or end <= time.monotonic():
            return None
        return client if self._clients.get(client) is not None else None
