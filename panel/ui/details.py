"""What an app adds to the page of a request: shown there before anybody decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from panel.access.request import PanelRequest
from panel.models import ChangeRequest


@dataclass(frozen=True, slots=True)
class Details:
    """A template of the app, and what it draws as `details`."""

    template: str
    content: Any


Maker = Callable[[ChangeRequest, PanelRequest], Details | None]
_MAKERS: dict[str, Maker] = {}


def details_for(*commands: str) -> Callable[[Maker], Maker]:
    """Decorator: the function makes the details of requests of these commands."""

    def known(maker: Maker) -> Maker:
        _MAKERS.update(dict.fromkeys(commands, maker))
        return maker

    return known


def details_of(change: ChangeRequest, request: PanelRequest) -> Details | None:
    """The details of a request; None for most."""
    maker = _MAKERS.get(change.command)
    return maker(change, request) if maker else None
