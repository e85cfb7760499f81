"""The style sheet, the script and the icon of the pages, read once."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from panel.mt4.sandbox.guard import Handler

_FOLDER = Path(__file__).parent / "static"
FILES = ("control.css", "control.js", "icon.svg")


def served(name: str, headers: Mapping[str, str]) -> Handler:
    """A handler that answers with a file."""
    body = (_FOLDER / name).read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, headers=headers)

    return handler
