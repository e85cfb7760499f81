"""Server plug-ins and their commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An installed plug-in."""

    file: str = ""
    name: str = ""
    version: int = 0
    copyright: str = ""
    enabled: int = 0
    configurable: int = 0
    manager_access: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginConfig:
    """One parameter of a plug-in."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginParam:
    """A plug-in with its parameters."""

    plugin: Plugin = Plugin()
    params: tuple[PluginConfig, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCommandBinaryRequest:
    """Bytes for a plug-in, base64."""

    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCommandBinaryResponse:
    """Bytes from a plug-in, base64."""

    data: str = ""
