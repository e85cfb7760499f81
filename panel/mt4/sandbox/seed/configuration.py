"""Settings that a small broker's server would have: feeds, holidays, gateways, and the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address

from panel.mt4.protocol.config_enums import (
    BackupExecutionPeriod,
    DataFeedMode,
    GatewayAccountFlags,
    SynchronizationMode,
)
from panel.mt4.protocol.records import (
    Access,
    Backup,
    CommonUpdate,
    DataServer,
    Feeder,
    GatewayAccount,
    GatewayMarkup,
    GatewayRule,
    Holiday,
    LiveUpdate,
    Plugin,
    PluginConfig,
    PluginParam,
    SymbolDaySessions,
    SymbolSession,
    Sync,
)
from panel.mt4.sandbox.clock import WINTER_OFFSET
from panel.mt4.sandbox.configuration import Configuration
from panel.mt4.sandbox.seed.instruments import CROSSES, FOREX
from panel.mt4.sandbox.state import State

PRICE_FEED, NEWS_FEED = "Sandbox prices", "Sandbox news"
ECHO, SAMPLER = "Sandbox echo", "Sandbox sampler"
SAMPLER_INTERVAL = "Interval"
UNUSED = SymbolSession()


def _address(text: str) -> int:
    return int(IPv4Address(text))


def _sessions(opens: int, closes: int) -> tuple[SymbolDaySessions, ...]:
    """The same hours from Monday to Friday; quotes and trades at the same time."""
    window = SymbolSession(open_hour=opens, close_hour=closes)
    hours = (window, UNUSED, UNUSED)
    shut = (UNUSED, UNUSED, UNUSED)
    return tuple(
        SymbolDaySessions(day_of_week=day, quote=week, trade=week)
        for day in range(7)
        for week in (hours if 1 <= day <= 5 else shut,)
    )


def add_to(state: State, now: datetime) -> None:
    """Put the settings into a state that has its symbols."""
    config = state.config
    config.common = CommonUpdate(
        name="Sandbox-Demo",
        owner="Sandbox Markets Ltd",
        time_zone=WINTER_OFFSET,
        daylight_correction=1,
        time_zone_real=WINTER_OFFSET,
        time_sync="pool.ntp.org",
        min_client=1065,
        min_api=400,
        keep_emails=30,
        keep_ticks=7,
        anti_flood=1,
    )
    config.backup = Backup(full_backup_path="backups", full_backup_period=BackupExecutionPeriod.D1)
    config.access = [
        Access(ip_from=0, ip_to=2**32 - 1, action=1, comment="Everybody"),
        Access(
            ip_from=_address("203.0.113.0"),
            ip_to=_address("203.0.113.255"),
            comment="Blocked range",
        ),
    ]
    _add_connections(config)
    _add_gateways(config)
    config.holidays = _holidays(now.year)
    config.plugins = [
        PluginParam(
            plugin=Plugin(
                file="echo.dll", name=ECHO, version=100, copyright="Sandbox", enabled=1,
                configurable=1, manager_access=1,
            ),
            params=(PluginConfig(name="Prefix", value="echo"),),
        ),
        PluginParam(
            plugin=Plugin(
                file="sampler.dll", name=SAMPLER, version=100, copyright="Sandbox", enabled=1,
                configurable=1,
            ),
            params=(PluginConfig(name=SAMPLER_INTERVAL, value="60"),),
        ),
    ]  # fmt: skip
    for name, symbol in state.symbols.items():
        is_pair = symbol.type in (FOREX, CROSSES)
        config.sessions[name] = _sessions(0, 24) if is_pair else _sessions(1, 24)


def _add_connections(config: Configuration) -> None:
    config.data_servers = [
        DataServer(server="127.0.0.1:443", ip=_address("127.0.0.1"), description="This machine"),
        DataServer(
            server="198.51.100.7:443",
            ip=_address("198.51.100.7"),
            description="Spare access server",
            is_proxy=1,
            priority=255,
        ),
    ]
    prices = Feeder(
        name=PRICE_FEED,
        file="walk.feed",
        server="127.0.0.1",
        login="walk",
        enable=1,
        timeout=60,
        timeout_reconnect=5,
        timeout_sleep=30,
        attemps_sleep=5,
    )
    news = replace(
        prices, name=NEWS_FEED, file="news.feed", login="news", data_feed_mode=DataFeedMode.News
    )
    config.feeders = [prices, news]
    config.live_updates = [
        LiveUpdate(company="Sandbox Markets Ltd", path="liveupdate", version=400, build=1403),
        LiveUpdate(company="MetaQuotes Ltd", path="liveupdate/base", version=400, build=1403),
    ]
    config.syncs = [
        Sync(server="history.example.com:443", login="1", mode=SynchronizationMode.Update),
        Sync(server="history2.example.com:443", login="1", securities="Forex"),
    ]


def _add_gateways(config: Configuration) -> None:
    names = ("Prime", "Spare")
    config.gateway_accounts = [
        GatewayAccount(
            name=name,
            id=number,
            login=9000 + number,
            address=f"{name.lower()}.example.com:443",
            notify_logins=(0,) * 8,
            flags=GatewayAccountFlags.Quotes,
        )
        for number, name in enumerate(names, 1)
    ]
    config.gateway_markups = [
        GatewayMarkup(source="EURUSD", symbol="EURUSD", account_name="Prime", account_id=1),
        GatewayMarkup(
            source="XAUUSD", symbol="XAUUSD", account_name="Prime", account_id=1, ask_markup=5
        ),
    ]
    config.gateway_rules = [
        GatewayRule(
            name=f"{name} by name",
            request_symbol="*",
            request_group=f"real-{name.lower()}*",
            exe_account_name=name,
            exe_account_id=number,
            exe_volume_percent=100,
        )
        for number, name in enumerate(names, 1)
    ]


def _holidays(year: int) -> list[Holiday]:
    """Closed everywhere at Christmas and New Year, and early on Christmas Eve."""
    return [
        Holiday(year=0, month=1, day=1, symbol="All", description="New Year's Day", enable=True),
        Holiday(
            year=year, month=12, day=24, to=20 * 60, symbol="All", description="Christmas Eve",
            enable=True,
        ),
        Holiday(year=0, month=12, day=25, symbol="All", description="Christmas Day", enable=True),
        Holiday(
            year=year, month=7, day=4, to=20 * 60, symbol="Indices", description="Independence Day",
            enable=True,
        ),
    ]  # fmt: skip
