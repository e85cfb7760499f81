"""Sign-in: OAuth2 client credentials for the one client that this server knows.

Tokens live in memory only: after a restart they are refused with 401 and a client fetches a fresh
one, which is the path that every client has to master anyway.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import time
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from panel.mt4.sandbox.options import CLIENT_ID, CLIENT_SECRET

LIFETIME = 3600
SCOPE = "webapi"


class DeniedError(Exception):
    """An OAuth2 error: its code, and a sentence for people."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


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

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def issue(self, form: Mapping[str, str], authorization: str | None) -> dict[str, object]:
        """The token endpoint's answer; raises DeniedError."""
        client, secret = _credentials(form, authorization)
        # Both are compared in full whatever the first gives, so that time tells nothing.
        known = _same(client, CLIENT_ID) & _same(secret, CLIENT_SECRET)
        if not known:
            raise DeniedError("invalid_client", "Unknown client or wrong secret.", 401)
        if form.get("grant_type") != "client_credentials":
            raise DeniedError("unsupported_grant_type", "Only client_credentials is offered here.")
        if set(form.get("scope", SCOPE).split()) - {SCOPE}:
            raise DeniedError("invalid_scope", f"The only scope is {SCOPE}.")
        now = time.monotonic()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._ends[token] = now + LIFETIME
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "scope": SCOPE,
        }

    def client(self, authorization: str | None) -> str | None:
        """The client behind an Authorization header, None when it must sign in (again)."""
        scheme, _, token = (authorization or "").partition(" ")
        end = self._ends.get(token.strip())
        if scheme.lower() != "bearer" or end is None or end <= time.monotonic():
            return None
        return CLIENT_ID
