"""Faults to switch on and off, each with what it does in words."""

from __future__ import annotations

from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.enums import ResultCode
from panel.mt4.sandbox.faults import STAGES, Faults
from panel.mt4.sandbox.pages.html import (
    Markup,
    badge,
    choice,
    columns,
    field,
    form,
    join,
    section,
    table,
    text,
)
from panel.mt4.sandbox.pages.layout import Page

MEANINGS = {
    "drop_before": "cut the connection before the request is looked at",
    "html_502": "answer with a proxy's 502 page, without looking at the request",
    "busy": "say Busy, and do nothing",
    "delay": "wait first, then do it",
    "delay_after": "do it at once, answer later",
    "read_timeout": "let a read time out",
    "mt4_error": "refuse with an MT4 code, and do nothing",
    "outcome_unknown_applied": "do it, but say that the outcome is unknown",
    "outcome_unknown_not_applied": "do nothing, and say that the outcome is unknown",
    "outcome_unknown_late": "say that the outcome is unknown, do it some seconds later",
    "drop_after": "do it, then cut the connection",
    "html_502_after": "do it, then answer with a proxy's 502 page",
    "plugin_prefix": "a plug-in puts letters before the comment of a balance operation",
    "plugin_suffix": "a plug-in puts letters behind the comment of a balance operation",
    "plugin_cut": "a plug-in cuts the comment to 8 letters",
    "plugin_head_gone": "a plug-in takes the first three letters of the comment away",
    "plugin_upper": "a plug-in writes the comment in capitals",
    "plugin_lower": "a plug-in writes the comment in small letters",
    "plugin_empty": "a plug-in empties the comment",
    "plugin_encoding": "a plug-in writes the comment in another encoding",
    "plugin_split": "a plug-in books a balance operation as two records",
    "plugin_fee": "a plug-in takes a fee out of a balance operation",
}
_HEADS = columns(
    "Fault", "~What happens", "Operation", "#Account", "#Seconds", "#Left", "#Chance", "Off"
)


def listed(faults: Faults) -> Page:
    rows = (
        (
            Markup(f"<code>{rule['fault']}</code>"),
            _meaning(rule["fault"], rule["code"]),
            "every one" if rule["operation"] == "*" else rule["operation"],
            rule["login"] or "all",
            f"{rule['seconds']:g}" if rule["seconds"] else "",
            _left(rule["count"]),
            f"{rule['probability']:.0%}",
            form(f"/faults/{rule['id']}/off", "Switch off", kind="small"),
        )
        for rule in faults.rules()
    )
    live = table(_HEADS, rows, "Everything works. Switch a fault on to see how others cope.")
    off = form("/faults/off", "Switch all off", kind="quiet") if faults.rules() else Markup("")
    return Page("Faults", live, join((off, _add())))


def _meaning(fault: str, code: str) -> str:
    return f"{MEANINGS[fault]} ({code})" if code else MEANINGS[fault]


def _left(count: int | None) -> str | Markup:
    if count is None:
        return "always"
    return str(count) if count else badge("spent")


def _add() -> Markup:
    names = sorted({operation.name for operation in OPERATIONS.values()})
    options = "".join(f'<option value="{text(name)}">' for name in names)
    kinds = [(fault, f"{fault}: {MEANINGS[fault]}") for fault in STAGES]
    codes = [("", "none")] + [(code.wire, code.wire) for code in ResultCode if code > 1]
    fields = (
        choice("fault", "Fault", kinds, "outcome_unknown_applied"),
        field(
            "operation",
            "Operation",
            value="TradeTransaction",
            hint="* for every one",
            more='list="operations" required autocomplete="off"',
        ),
        field("login", "Account", kind="number", hint="empty: all", more='min="1"'),
        field("count", "How often", kind="number", value=1, hint="empty: always", more='min="1"'),
        field("skip", "Let through first", kind="number", hint="empty: none", more='min="0"'),
        field("seconds", "Seconds", kind="number", hint="for delays", more='min="0" step="any"'),
        field("probability", "Chance", kind="number", value=1, more='min="0" max="1" step="any"'),
        choice("code", "MT4 code (for mt4_error alone)", codes),
    )
    return section(
        "Switch a fault on",
        form("/faults", "Switch on", *fields),
        Markup(f'<datalist id="operations">{options}</datalist>'),
    )
