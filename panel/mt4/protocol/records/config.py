"""The server's configuration lists."""

from __future__ import annotations

from dataclasses import dataclass

from panel.mt4.protocol.config_enums import DataFeedMode, SynchronizationMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A rule of the address filter."""

    action: int = 0
    ip_from: int = 0
    ip_to: int = 0
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataServer:
    """An access server."""

    server: str = ""
    ip: int = 0
    description: str = ""
    is_proxy: int = 0
    priority: int = 0
    loading: int = 0
    ip_internal: int = 0
    is_witness: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """A source of quotes or news. Passwords never travel."""

    name: str = ""
    file: str = ""
    server: str = ""
    login: str = ""
    keywords: str = ""
    enable: int = 0
    data_feed_mode: DataFeedMode = DataFeedMode.Quotes
    timeout: int = 0
    timeout_reconnect: int = 0
    timeout_sleep: int = 0
    attemps_sleep: int = 0
    news_lang_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A holiday; from and to in minutes of the working day."""

    year: int = 0
    month: int = 0
    day: int = 0
    from_: int = 0
    to: int = 0
    symbol: str = ""
    description: str = ""
    enable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveUpdate:
    """An update channel for terminals."""

    company: str = ""
    path: str = ""
    version: int = 0
    build: int = 0
    max_connect: int = 0
    connections: int = 0
    type: int = 0
    enable: int = 0
    total_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """A source of chart history."""

    server: str = ""
    login: str = ""
    enable: int = 0
    mode: SynchronizationMode = SynchronizationMode.Add
    from_: int = 0
    to: int = 0
    securities: str = ""
    time_correction: int = 0
