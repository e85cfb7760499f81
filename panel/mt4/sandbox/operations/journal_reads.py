"""What the server tells of itself: its journal and its load."""

from __future__ import annotations

from panel.mt4.protocol.enums import LogType
from panel.mt4.protocol.records import Performance, ServerLog
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.answers import invalid
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.journal import ATTENTION, ERROR, WARNING, Line

_TROUBLE = frozenset({WARNING, ERROR, ATTENTION})


def _is_of(line: Line, mode: LogType) -> bool:
    if mode is LogType.Full:
        return True
    if mode is LogType.Errors:
        return line.code in _TROUBLE
    return line.kind is mode


def journal(call: Call) -> list[ServerLog]:
    """Lines of a window by category and words, oldest first."""
    since = call.time("from")
    if since is None:
        raise invalid("from must be given.")
    until = call.time("to") or call.now()
    mode = call.named("mode", LogType)
    mode = LogType.Full if mode is None else mode
    words = (call.text("filter") or "").lower()
    return [
        ServerLog(
            code=line.code,
            time=line.time.strftime("%Y.%m.%d %H:%M:%S"),
            ip=line.ip,
            message=line.message,
        )
        for line in call.state.journal.between(since, until)
        if _is_of(line, mode) and words in line.message.lower()
    ]


def performance(call: Call) -> list[Performance]:
    return call.state.performance.since(call.time("from") or NO_TIME)


HANDLERS = {"JournalRequest": journal, "PerformanceRequest": performance}
