"""Rights of manager accounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerRights:
    """A manager account: its rights, group masks (comma list, * allowed), addresses."""

    login: int = 0
    name: str = ""
    groups: str = ""
    mail_box: str = ""
    info_depth: int = 0
    manager: bool = False
    money: bool = False
    online: bool = False
    risk_man: bool = False
    broker: bool = False
    admin: bool = False
    logs: bool = False
    reports: bool = False
    trades: bool = False
    market_watch: bool = False
    email: bool = False
    user_details: bool = False
    see_trades: bool = False
    news: bool = False
    plugins: bool = False
    market: bool = False
    notifications: bool = False
    server_reports: bool = False
    tech_support: bool = False
    ip_filter: int = 0
    ip_from: int = 0
    ip_to: int = 0
