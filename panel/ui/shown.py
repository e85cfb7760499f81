"""What a person had before them when they decided: sealed into the page, kept with the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.core import signing
from django.utils import timezone

from panel.access import contact
from panel.commands.base import Check
from panel.models import Approval, ChangeRequest, User
from panel.ui.look import Line, Look

SALT = "panel.ui.shown"


@dataclass(frozen=True, slots=True)
class Table:
    """A small table as it stood on the page: all of it words."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """The page's content at one moment: figures, checks, tables. Contact details as shown."""

    at: datetime
    sentence: str
    lines: list[Line] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the decision's row."""
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Shown:
        """As it was kept."""
        return cls(
            datetime.fromisoformat(data["at"]),
            data["sentence"],
            [Line(**line) for line in data["lines"]],
            [Check(**check) for check in data["checks"]],
            [Table(**table) for table in data["tables"]],
        )


def seal(
    request: ChangeRequest,
    person: User,
    look: Look,
    *,
    checks: Sequence[Check] | None = None,
    tables: Sequence[Table] = (),
) -> str:
    """What the page shows to a person, signed, for the form that decides.

    `checks` where the page has more of them than the look. Empty without figures to decide on.
    """
    if not look.digest:
        return ""
    shown = Shown(
        timezone.now(),
        look.sentence,
        look.lines,
        list(look.checks if checks is None else checks),
        list(tables),
    )
    sealed = {
        "request": request.reference,
        "person": person.pk,
        "digest": look.digest,
        "shown": shown.as_json(),
    }
    return signing.dumps(sealed, salt=SALT, compress=True)


def unseal(text: str, request: ChangeRequest, person: User) -> tuple[str, dict[str, Any] | None]:
    """The digest of the values that were shown, and all that was; neither if it is not ours.

    A page of another request, of another person, or one that somebody changed, has shown nothing.
    """
    try:
        sealed = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return "", None
    if (sealed["request"], sealed["person"]) != (request.reference, person.pk):
        return "", None
    return sealed["digest"], sealed["shown"]


@dataclass(frozen=True, slots=True)
class Then:
    """A line as it was decided on, and what it is now (empty where that is not known)."""

    line: Line
    now: str

    @property
    def moved(self) -> bool:
        """Whether it has changed since."""
        return bool(self.now) and self.now != self.line.now


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with what its maker had before them."""

    approval: Approval
    shown: Shown
    lines: list[Then]


def decided(request: ChangeRequest, now: Look | None, reader: User) -> list[Decided]:
    """The decisions on a request of which it is known what was shown; contact details only for
    those who may read them. `now` gives the values of this moment.
    """
    current = {line.label: line.now for line in now.lines} if now else {}
    readable = reader.may(contact.RIGHT)
    found = []
    for approval in request.approvals.all():
        if not approval.shown:
            continue
        shown = Shown.of_json(approval.shown)
        lines = [
            Then(Line(line.label, *[contact.HIDDEN] * 3), "")
            if contact.is_contact(line.label) and not readable
            else Then(line, current.get(line.label, ""))
            for line in shown.lines
        ]
        found.append(Decided(approval, shown, lines))
    return found
