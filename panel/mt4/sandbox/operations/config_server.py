"""Settings that the server has once: common ones, backups, the hours of access."""

from __future__ import annotations

import time
from dataclasses import replace

from panel.mt4.protocol.records import Backup, Common, CommonUpdate, ServerTime
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.answers import invalid, invalid_data
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.clock import WINTER_OFFSET, offset_hours
from panel.mt4.sandbox.configuration import HOURS_A_WEEK
from panel.mt4.sandbox.operations.fields import checked

BUILD, VERSION = 1403, 400


def _common(kept: CommonUpdate) -> Common:
    return Common(
        name=kept.name,
        owner=kept.owner,
        build=BUILD,
        version=VERSION,
        time_zone=offset_hours(time.time()),
    )


def common(call: Call) -> Common:
    return _common(call.state.config.common)


def update_common(call: Call) -> Common:
    wanted = checked(call.record(CommonUpdate))
    if not wanted.name:
        raise invalid_data("name: the server needs one.")
    if wanted.time_zone not in (WINTER_OFFSET, offset_hours(time.time())):
        raise invalid_data("timeZone: this server's clock is Eastern European Time, and stays so.")
    settings.put_single(call.unit, "common", wanted)
    return _common(wanted)


def backup(call: Call) -> Backup:
    return call.state.config.backup


def update_backup(call: Call) -> Backup:
    """The times of the last backups are the server's own, whatever the body says."""
    before = call.state.config.backup
    wanted = replace(
        checked(call.record(Backup), unsigned=("watch_ip",)),
        full_backup_last_time=before.full_backup_last_time,
        archive_last_time=before.archive_last_time,
        export_last_time=before.export_last_time,
        watch_timestamp=before.watch_timestamp,
    )
    settings.put_single(call.unit, "backup", wanted)
    return wanted


def access_hours(call: Call) -> ServerTime:
    return call.state.config.access_hours


def update_access_hours(call: Call) -> ServerTime:
    wanted = call.record(ServerTime)
    if len(wanted.access_hours) != HOURS_A_WEEK:
        raise invalid(f"accessHours must have {HOURS_A_WEEK} entries.")
    settings.put_single(call.unit, "access_hours", wanted)
    return wanted


HANDLERS = {
    "ManagerCommon": common,
    "CfgRequestCommon": common,
    "CfgUpdateCommon": update_common,
    "CfgRequestBackup": backup,
    "CfgUpdateBackup": update_backup,
    "CfgRequestTime": access_hours,
    "CfgUpdateTime": update_access_hours,
}
