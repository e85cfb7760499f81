"""Backup settings and files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panel.mt4.protocol.config_enums import (
    ArcBackupExecutionPeriod,
    ArcBackupStorePeriod,
    BackupExecutionPeriod,
    BackupStorePeriod,
    ExportExecutionPeriod,
    ServerRole,
    WatchdogFailoverMode,
    WatchdogState,
)
from panel.mt4.protocol.wire import NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Backup settings of the server."""

    full_backup_path: str = ""
    full_backup_period: BackupExecutionPeriod = BackupExecutionPeriod.H1
    full_backup_store: BackupStorePeriod = BackupStorePeriod.Mn1
    full_backup_shift: int = 0
    full_backup_last_time: datetime = NO_TIME
    external_path: str = ""
    archive_period: ArcBackupExecutionPeriod = ArcBackupExecutionPeriod.M5
    archive_store: ArcBackupStorePeriod = ArcBackupStorePeriod.W1
    archive_shift: int = 0
    archive_last_time: datetime = NO_TIME
    export_securities: str = ""
    export_path: str = ""
    export_period: ExportExecutionPeriod = ExportExecutionPeriod.M1
    export_last_time: datetime = NO_TIME
    watch_role: ServerRole = ServerRole.StandAlone
    watch_opposite: str = ""
    watch_ip: int = 0
    watch_state: WatchdogState = WatchdogState.Disconnected
    watch_failover: WatchdogFailoverMode = WatchdogFailoverMode.Off
    watch_timeout: int = 0
    watch_login: int = 0
    watch_timestamp: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupInfo:
    """One backup file; size in bytes."""

    file: str = ""
    size: int = 0
    time: datetime = NO_TIME
