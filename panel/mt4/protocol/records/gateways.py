"""Gateways to liquidity providers."""

from __future__ import annotations

from dataclasses import dataclass

from panel.mt4.protocol.config_enums import GatewayAccountFlags


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccount:
    """An account at a liquidity provider."""

    enable: bool = False
    name: str = ""
    id: int = 0
    type: int = 0
    login: int = 0
    address: str = ""
    notify_logins: tuple[int, ...] = ()
    flags: GatewayAccountFlags = GatewayAccountFlags.None_


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayMarkup:
    """A markup on provider prices, in points."""

    enable: bool = False
    source: str = ""
    symbol: str = ""
    account_name: str = ""
    account_id: int = 0
    bid_markup: int = 0
    ask_markup: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRule:
    """Which orders go to which provider account."""

    enable: bool = False
    name: str = ""
    request_symbol: str = ""
    request_group: str = ""
    exe_account_name: str = ""
    exe_account_id: int = 0
    exe_max_deviation: int = 0
    exe_max_profit_slippage: int = 0
    exe_max_profit_slippage_lots: int = 0
    exe_max_losing_slippage: int = 0
    exe_max_losing_slippage_lots: int = 0
    exe_account_pos: int = 0
    exe_volume_percent: int = 0
    exe_flags: int = 0
