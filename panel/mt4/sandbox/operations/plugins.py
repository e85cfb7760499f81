"""Plug-ins: their settings, and the commands that they answer.

Two are installed. `Sandbox echo` answers commands: a JSON object with `echo` comes back under the
name that its parameter Prefix gives, bytes that begin with `echo` come back as they are. `Sandbox
sampler` measures the server's load every Interval seconds. A command that no plug-in claims is an
error, as on a server without that plug-in.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import (
    ExternalCommandBinaryRequest,
    ExternalCommandBinaryResponse,
    Plugin,
    PluginParam,
)
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.answers import RefusalError, invalid, invalid_data, not_found, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.config_lists import at, shifted
from panel.mt4.sandbox.seed.configuration import ECHO

_COMMAND = b"echo"


def plugins(call: Call) -> list[Plugin]:
    return [entry.plugin for entry in call.state.config.plugins]


def params(call: Call) -> PluginParam:
    entries = call.state.config.plugins
    return entries[at(call, entries)]


def everything(call: Call) -> list[PluginParam]:
    return list(call.state.config.plugins)


def _place(entries: Sequence[PluginParam], plugin: Plugin) -> int:
    for position, entry in enumerate(entries):
        if entry.plugin.file == plugin.file or entry.plugin.name == plugin.name:
            return position
    raise not_found(f"There is no plug-in {plugin.name or plugin.file}.")


def update(call: Call) -> bool:
    """Whether a plug-in is on, and the values of parameters that it has; nothing else changes."""
    wanted = call.record(PluginParam)
    entries = call.state.config.plugins
    position = _place(entries, wanted.plugin)
    entry = entries[position]
    values = {param.name: param.value for param in wanted.params}
    unknown = values.keys() - {param.name for param in entry.params}
    if unknown:
        raise invalid_data(f"params: {entry.plugin.name} has no {', '.join(sorted(unknown))}.")
    changed = replace(
        entry,
        plugin=replace(entry.plugin, enabled=wanted.plugin.enabled),
        params=tuple(
            replace(param, value=values.get(param.name, param.value)) for param in entry.params
        ),
    )
    settings.put_list(
        call.unit, "plugins", [*entries[:position], changed, *entries[position + 1 :]]
    )
    return True


def shift(call: Call) -> bool:
    settings.put_list(call.unit, "plugins", shifted(call, call.state.config.plugins))
    return True


def _echo(call: Call) -> PluginParam | None:
    """The plug-in that answers commands, None while it is switched off."""
    entries = call.state.config.plugins
    return next((e for e in entries if e.plugin.name == ECHO and e.plugin.enabled), None)


def _unclaimed() -> RefusalError:
    return rejected(ResultCode.Error, "No plug-in of this server claims the command.")


def command_json(call: Call) -> dict[str, Any]:
    echo = _echo(call)
    if echo is None or not isinstance(call.body, dict) or "echo" not in call.body:
        raise _unclaimed()
    return {echo.params[0].value: call.body["echo"]}


def command_binary(call: Call) -> ExternalCommandBinaryResponse:
    wanted = call.record(ExternalCommandBinaryRequest)
    try:
        data = b64decode(wanted.data, validate=True)
    except binascii.Error:
        raise invalid("data must be base64.") from None
    if _echo(call) is None or not data.startswith(_COMMAND):
        raise _unclaimed()
    return ExternalCommandBinaryResponse(data=wanted.data)


HANDLERS = {
    "PluginsGet": plugins,
    "PluginParamGet/{pos}": params,
    "CfgRequestPlugin": everything,
    "CfgUpdatePlugin": update,
    "PluginUpdate": update,
    "CfgShiftPlugin/{pos}": shift,
    "ExternalCommandJSON": command_json,
    "ExternalCommandBinary": command_binary,
}
