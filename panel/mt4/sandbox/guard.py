"""Who may pull the strings behind the stage: people and scripts on this machine, and nobody else.

1. The peer is a loopback address.
2. The `Host` header names this machine, so that a foreign name which resolves to 127.0.0.1 (DNS
   rebinding), or a proxy in front, opens nothing.
3. A browser says where a change comes from (`Sec-Fetch-Site`, `Origin`): from another site it is
   refused. A form needs one of these headers; a script has neither, and no cookie or password that
   another site could ride on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_READS = frozenset({"GET", "HEAD"})


def is_local(address: str | None) -> bool:
    """Whether an address is one of this machine's loopback ones."""
    try:
        peer = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback


def names_this_machine(host: str) -> bool:
    """Whether a `Host` header is localhost or a loopback address, with any port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_local(name)


def _is_from_here(request: web.Request, *, is_form: bool) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    if origin is not None:
        return urlsplit(origin).netloc == request.host
    return not is_form


def local_only(handler: Handler, *, is_form: bool = False) -> Handler:
    """The handler for those on this machine; everybody else gets a 403."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not (is_local(request.remote) and names_this_machine(request.host)):
            raise web.HTTPForbidden(text="This answers on loopback only, to this machine's names.")
        if request.method not in _READS and not _is_from_here(request, is_form=is_form):
            raise web.HTTPForbidden(text="This change was asked for by another site.")
        return await handler(request)

    return guarded
