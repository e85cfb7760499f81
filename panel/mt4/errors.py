"""How a call to MT4 can fail. The type says what may be done next.

- ``Rejected``: MT4 or the bridge said no; nothing happened, and nothing will.
- ``Unavailable``: it certainly did not happen; it may be sent again.
- ``OutcomeUnknown``: it may have happened, or still happen; look for evidence, never repeat
  with another key.
"""

from __future__ import annotations

import re

from panel.mt4 import words

_FIELD = re.compile(r"([a-z][A-Za-z0-9]*): ")


class MT4Error(Exception):
    """Any failure of a call. ``activity_id`` finds the call in the server's logs."""

    def __init__(self, message: str, *, activity_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.activity_id = activity_id

    def explain(self) -> str:
        """What happened and what to do, for a person."""
        return self.message


class Rejected(MT4Error):
    """Refused by the bridge (``code``) or by MT4 (``manager_code``, a ResultCode by name).

    ``field`` is the field that was refused, in snake_case, where the answer names one.
    """

    def __init__(
        self,
        code: str,
        *,
        manager_code: str = "",
        message: str = "",
        activity_id: str = "",
        field: str | None = None,
    ) -> None:
        super().__init__(message or manager_code or code, activity_id=activity_id)
        self.code = code
        self.manager_code = manager_code
        self.text = message
        self.field = field or _field_named_in(message)

    def explain(self) -> str:
        """What MT4 meant, its own words, and what to do."""
        return words.explain(self.code, self.manager_code, self.text, self.activity_id, self.field)


class Unavailable(MT4Error):
    """MT4 could not be asked, or a read did not finish: certainly nothing was changed."""

    def explain(self) -> str:
        """That nothing happened, and why."""
        why = self.message.rstrip(".").removesuffix("; nothing was changed")
        return f"The trade server is not available: {why}. Nothing was changed."


class LeaseLost(Unavailable):
    """The caller's time to send was over before the first byte left: nothing was sent."""

    def __init__(self) -> None:
        super().__init__("the time to send was over")


class OutcomeUnknown(MT4Error):
    """A change may or may not have been applied.

    ``in_progress``: the server says that the same key is still running there.
    """

    def __init__(self, message: str, *, in_progress: bool = False, activity_id: str = "") -> None:
        super().__init__(message, activity_id=activity_id)
        self.in_progress = in_progress

    def explain(self) -> str:
        """That nobody knows yet, and that it must not be repeated by hand."""
        if self.in_progress:
            return "The trade server is still working on this. It is being followed up."
        return (
            f"It is not known whether the trade server did this: {self.message}. "
            "Do not repeat it: the panel looks for evidence and settles it."
        )


def _field_named_in(message: str) -> str | None:
    """Messages of the bridge that begin with ``leverage: …`` name their field."""
    match = _FIELD.match(message)
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", match[1]).lower() if match else None
