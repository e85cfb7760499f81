"""One vocabulary of states: a word, a look, and nothing that only a colour would tell."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class State:
    """A state as it is shown."""

    word: str
    look: str
    meaning: str


STATES: dict[str, State] = {
    "waiting": State("waiting", "waiting", "Waits for somebody to decide."),
    "approved": State("approved", "approved", "Approved; about to be carried out."),
    "running": State("running", "running", "Being carried out on the trade server now."),
    "done": State("done", "done", "Carried out, and found on the trade server."),
    "failed": State("failed", "failed", "Not carried out. Nothing was changed."),
    "unknown": State(
        "outcome unknown",
        "unknown",
        "Sent, but no answer came. It is being looked up; do not send it again.",
    ),
    "rejected": State("rejected", "rejected", "Somebody decided against it."),
    "withdrawn": State("withdrawn", "quiet", "Taken back before it was carried out."),
    "expired": State("expired", "quiet", "Nobody decided in time."),
    "to-pay": State("to pay out", "waiting", "Taken from the account; the client has it not yet."),
    "paid": State("paid out", "done", "The bank or the provider has it, under its reference."),
    "bounced": State("payout failed", "failed", "The provider did not deliver it."),
    "returning": State("being returned", "running", "Its return to the account is asked for."),
    "returned": State("returned", "quiet", "Credited back on the account."),
    "checking": State(
        "being checked", "running", "Its lines are being looked at; nothing is sent."
    ),
    "has_errors": State(
        "has errors", "failed", "Nothing was sent. Mend the file, upload it again."
    ),
    "ready": State("ready", "approved", "Checked without an error; nobody has asked for it yet."),
    "submitted": State("waiting", "waiting", "Waits for a second person, or for a worker."),
    "cancelling": State("being stopped", "running", "What was sent comes to its end; no more is."),
    "cancelled": State("stopped", "quiet", "Stopped by somebody before it was sent."),
    "finished": State("finished", "done", "Every line has its outcome."),
    "queued": State("not sent", "quiet", "Its turn has not come."),
    "on-hold": State("on hold", "hold", "Waits for something else to be settled first."),
}
ALIASES = {
    "pending": "waiting",
    "executing": "running",
    "outcome unknown": "unknown",
    "to_pay": "to-pay",
    "on_hold": "on-hold",
    "on hold": "on-hold",
}


def state_of(code: str) -> State:
    """The state behind a status code; a code without an entry is shown as it stands."""
    code = str(code)
    return STATES.get(ALIASES.get(code, code)) or State(code.replace("_", " "), "quiet", "")


def state_html(code: str) -> SafeString:
    """The badge of a state: always with its word, its meaning on hover."""
    state = state_of(code)
    return mark_safe(  # noqa: S308 - every part is ours or escaped
        f'<span class="state state-{state.look}" title="{escape(state.meaning)}">'
        f"{escape(state.word)}</span>"
    )
