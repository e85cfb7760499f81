"""Writing a note down: once, for good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from panel.commands.base import Invalid, Preview, Target
from panel.commands.registry import register
from panel.models import ChangeRequest
from payments.desk.base import DeskCommand
from payments.models import Note

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.mt4.read import Reader

LONGEST = 4000


@dataclass(frozen=True, kw_only=True)
class PaperCommand(DeskCommand):
    """Something put with a withdrawal; it changes nothing of it, wherever it stands."""

    permission: ClassVar[str] = "payments.note"

    def target(self, reader: Reader | None) -> Target:
        """The withdrawal. Not under its account: notes are no changes of an account."""
        return replace(super().target(reader), login=None)


@register
@dataclass(frozen=True, kw_only=True)
class AddNote(PaperCommand):
    """A note on a withdrawal."""

    name: ClassVar[str] = "payments.note"
    label: ClassVar[str] = "Note on a withdrawal"
    prefix: ClassVar[str] = "NT"

    text: str

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Something to read, of a length that is read."""
        if not self.text.strip():
            raise Invalid.of("Write the note first.", "text")
        if len(self.text) > LONGEST:
            raise Invalid.of(f"Use at most {LONGEST} characters.", "text")

    def preview(self, reader: Reader | None) -> Preview:
        """The note."""
        return Preview(sentence=f"Note on {self.row}: {self.text.strip()}", button="Add note")

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        note = Note.objects.create(
            withdrawal=self.row, author=request.maker, text=self.text.strip()
        )
        return {"note": note.pk}
