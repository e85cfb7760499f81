"""What can go wrong before a request is a request, and when it is decided on."""

from __future__ import annotations

from typing import Any

from panel.commands.base import Invalid


class Denied(PermissionError):
    """The actor may not do this; it is recorded."""


class KeyReused(Invalid):
    """The same idempotency key came with another payload."""

    def __init__(self) -> None:
        super().__init__(
            {"": ["This form was already sent with other values. Open it again and start anew."]}
        )


class AlreadyDecided(RuntimeError):
    """Somebody else decided first."""


class Stale(RuntimeError):
    """The live values are not those the checker saw; `live` holds the present ones."""

    def __init__(self, live: dict[str, Any]) -> None:
        self.live = live
        super().__init__("The account has changed since this page was opened: look again.")
