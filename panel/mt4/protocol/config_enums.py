"""Enums of the server's configuration, by their place in MT4's own lists."""

from __future__ import annotations

from panel.mt4.protocol.enums import WireEnum


class ArcBackupExecutionPeriod(WireEnum):
    """How often the archive is written."""

    M5 = 0
    M15 = 1
    M30 = 2
    H1 = 3


class ArcBackupStorePeriod(WireEnum):
    """How long the archive is kept."""

    W1 = 0
    W2 = 1
    Mn1 = 2
    Mn3 = 3
    Mn6 = 4


class BackupExecutionPeriod(WireEnum):
    """How often a full backup is made."""

    H1 = 0
    H4 = 1
    D1 = 2


class BackupStorePeriod(WireEnum):
    """How long full backups are kept."""

    Mn1 = 0
    Mn3 = 1
    Mn6 = 2
    Y1 = 3


class DataFeedMode(WireEnum):
    """What a feeder brings."""

    Quotes = 0
    News = 1
    QuotesNews = 2


class ExportExecutionPeriod(WireEnum):
    """How often quotes are exported."""

    M1 = 0
    M5 = 1
    M15 = 2
    M30 = 3
    H1 = 4


class GatewayAccountFlags(WireEnum):
    """What a gateway account is used for."""

    None_ = 0
    Quotes = 1


class NewsMode(WireEnum):
    """Which news a group receives."""

    No = 0
    Topics = 1
    Full = 2


class OTPMode(WireEnum):
    """Whether a group signs in with one-time passwords."""

    Disabled = 0
    TOTP_SHA256 = 1


class ServerRole(WireEnum):
    """Role of the server in a pair."""

    StandAlone = 0
    Master = 1
    Slave = 2


class SynchronizationMode(WireEnum):
    """How chart history is synchronised."""

    Add = 0
    Update = 1
    Insert = 2
    Delete = 3
    Last = 4


class WatchdogFailoverMode(WireEnum):
    """When the standby takes over."""

    Off = 0
    Most = 1
    Full = 2


class WatchdogState(WireEnum):
    """How the standby is doing."""

    Disconnected = 0
    Synchronizing = 1
    Synchronized = 2
