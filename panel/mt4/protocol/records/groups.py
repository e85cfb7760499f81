"""Groups of accounts and what they override for symbols. Lots in hundredths."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.config_enums import NewsMode, OTPMode
from panel.mt4.protocol.enums import MarginControllingType, MarginMode
from panel.mt4.protocol.flags import GroupRights
from panel.mt4.protocol.wire import Money, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group. margin_call and margin_stopout in percent or currency by controlling type."""

    group: str = ""
    enable: int = 0
    timeout: int = 0
    otp_mode: OTPMode = OTPMode.Disabled
    company: str = ""
    signature: str = ""
    support_page: str = ""
    support_email: str = ""
    copies: int = 0
    reports: int = 0
    default_leverage: int = 0
    default_deposit: Money = ZERO
    max_securities: int = 0
    sec_margins_total: int = 0
    currency: str = ""
    credit: Money = ZERO
    margin_call: int = 0
    margin_mode: MarginMode = MarginMode.DontUse
    margin_stopout: int = 0
    interest_rate: Decimal = ZERO
    use_swap: int = 0
    news_mode: NewsMode = NewsMode.No
    group_rights: GroupRights = GroupRights.None_
    check_ie_prices: int = wire("checkIEPrices", 0)
    max_positions: int = 0
    close_reopen: int = 0
    hedge_prohibited: int = 0
    close_fifo: int = wire("closeFIFO", 0)
    hedge_large_leg: int = 0
    margin_controlling_type: MarginControllingType = MarginControllingType.Percent
    archive_period: int = 0
    archive_max_balance: int = 0
    stopout_skip_hedged: int = 0
    archive_pending_period: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUpdate:
    """All writable fields of a group."""

    enable: int = 0
    timeout: int = 0
    otp_mode: OTPMode = OTPMode.Disabled
    company: str = ""
    signature: str = ""
    support_page: str = ""
    support_email: str = ""
    copies: int = 0
    reports: int = 0
    default_leverage: int = 0
    default_deposit: Money = ZERO
    max_securities: int = 0
    currency: str = ""
    credit: Money = ZERO
    margin_call: int = 0
    margin_mode: MarginMode = MarginMode.DontUse
    margin_stopout: int = 0
    interest_rate: Decimal = ZERO
    use_swap: int = 0
    news_mode: NewsMode = NewsMode.No
    group_rights: GroupRights = GroupRights.None_
    check_ie_prices: int = wire("checkIEPrices", 0)
    max_positions: int = 0
    close_reopen: int = 0
    hedge_prohibited: int = 0
    close_fifo: int = wire("closeFIFO", 0)
    hedge_large_leg: int = 0
    margin_controlling_type: MarginControllingType = MarginControllingType.Percent
    archive_period: int = 0
    archive_max_balance: int = 0
    stopout_skip_hedged: int = 0
    archive_pending_period: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSec:
    """What a group sets for one symbol group (32 of them). Lots in hundredths."""

    show: int = 0
    trade: int = 0
    dealing_mode: str = ""
    standard_commission: Decimal = ZERO
    commission_type: str = ""
    commission_lots_mode: str = ""
    agent_commission: Decimal = ZERO
    agent_commission_mode: str = ""
    spread_diff: int = 0
    lot_min: int = 0
    lot_max: int = 0
    lot_step: int = 0
    ie_deviation: int = 0
    confirmation: int = 0
    trade_rights: str = ""
    ie_quick_mode: int = 0
    auto_close_out_mode: str = ""
    commission_taxes: Decimal = ZERO
    commission_agent_lots: str = ""
    free_margin_mode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMargin:
    """What a group overrides for one symbol."""

    symbol: str = ""
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    margin_divider: Decimal = ZERO
