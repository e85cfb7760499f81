"""The commands there are, by name. An app adds its own when it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from panel.commands.base import Command
    from panel.models import ChangeRequest

COMMANDS: dict[str, type[Command]] = {}
C = TypeVar("C", bound="type[Command]")


def register(command: C) -> C:
    """Class decorator: makes a command known under its name. A name is taken once."""
    if command.name in COMMANDS and COMMANDS[command.name] is not command:
        raise ValueError(f"Two commands are called {command.name!r}.")
    COMMANDS[command.name] = command
    return command


def command_class(name: str) -> type[Command]:
    """The command of a name; raises `KeyError` for an unknown one."""
    return COMMANDS[name]


def load(request: ChangeRequest) -> Command:
    """The command of a request, from its payload; raises if the payload was tampered with."""
    from panel.commands.payload import from_payload
    from panel.lib.digest import sha256

    if sha256(request.payload) != request.payload_digest:
        raise ValueError(f"The payload of {request.reference} does not match its digest.")
    command = from_payload(command_class(request.command), request.payload)
    object.__setattr__(command, "request_reference", request.reference)
    return command
