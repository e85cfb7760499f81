"""The machine room: feeds, licences, restarts. What cannot be undone asks for `confirm=true`."""

from __future__ import annotations

from panel.mt4.protocol.enums import LogType, ResultCode
from panel.mt4.sandbox.answers import Page, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.feeders import note, running
from panel.mt4.sandbox.journal import WARNING
from panel.mt4.sandbox.paging import page_by_name


def license_check(call: Call) -> bool:
    """A sandbox has no licence of any name, and MT4's way to say so is false."""
    return False


def feeders(call: Call) -> Page:
    """Those that run, by name."""
    found = {feeder.name: feeder for feeder in running(call.state)}
    return page_by_name(call, sorted(found), found.__getitem__)


def feeder_log(call: Call) -> str:
    """What a feeder did since the start; empty for an unknown one, as MT4 answers it."""
    return "\n".join(call.state.feeder_logs.get(call.params["name"], ()))


def restart_feeds(call: Call) -> bool:
    call.confirmed()
    state = call.unit.state

    def show() -> None:
        for feeder in running(state):
            note(state, feeder.name, "restarted by a manager")

    call.unit.then(lambda store: None, show)
    return True


def restart(call: Call) -> bool:
    """The whole process begins anew: connections are cut, tokens and faults are forgotten, and
    everything is read from the disk again."""
    call.confirmed()
    state = call.unit.state

    def show() -> None:
        message = f"Server: restart asked for by '{call.manager.login}'"
        state.journal.add(message, kind=LogType.Standard, code=WARNING)
        state.starts_again = True
        state.stop.set()

    call.unit.then(lambda store: None, show)
    return True


def sync_charts(call: Call) -> bool:
    """Nothing to do without sources; with one switched on, it cannot be reached from here."""
    call.confirmed()
    for source in call.state.config.syncs:
        if source.enable:
            raise rejected(ResultCode.NoConnect, f"{source.server} does not answer.")
    return True


def start_live_update(call: Call) -> bool:
    """A sandbox has no files to hand out, whatever channels are set up."""
    call.confirmed()
    raise rejected(ResultCode.Error, "There are no files to distribute.")


HANDLERS = {
    "LicenseCheck/{licenseName}": license_check,
    "SrvFeeders": feeders,
    "SrvFeederLog/{name}": feeder_log,
    "SrvFeedsRestart": restart_feeds,
    "SrvRestart": restart,
    "SrvChartsSync": sync_charts,
    "SrvLiveUpdateStart": start_live_update,
}
