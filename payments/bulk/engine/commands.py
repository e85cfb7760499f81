"""Stopping a file that runs; taking up the rest of it is `payments.bulk_again`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction

from panel.commands.base import Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from payments.bulk.engine.chunk import State
from payments.bulk.engine.finish import counts, finish_if_over
from payments.bulk.sums import outside
from payments.models import BulkFile, BulkItem

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest, Platform
    from panel.mt4.read import Reader


def _file(pk: int) -> BulkFile:
    found = BulkFile.objects.select_related("platform", "request", "run").filter(pk=pk).first()
    if found is None:
        raise Invalid.of("There is no such file.", "file")
    return found


def _target(file: BulkFile) -> Target:
    return Target("bulk file", str(file.pk), file.name)


@register
@dataclass(frozen=True, kw_only=True)
class StopBulk(PanelCommand):
    """Stop between two lines: what is on its way is finished, the others are not begun."""

    name: ClassVar[str] = "payments.bulk_stop"
    label: ClassVar[str] = "Stop of a file"
    prefix: ClassVar[str] = "BS"
    permission: ClassVar[str] = "payments.bulk"
    approve_permission: ClassVar[str] = "payments.approve_bulk"
    risk: ClassVar[Risk] = Risk.NORMAL

    file: int

    def get_platform(self) -> Platform:
        """The file's platform, so that scopes hold; it is not asked anything."""
        return _file(self.file).platform

    def target(self, reader: Reader | None) -> Target:
        """The file."""
        return _target(_file(self.file))

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what runs can be stopped."""
        file = _file(self.file)
        if file.state != BulkFile.State.RUNNING:
            raise Invalid.of(f"The file is {file.get_state_display()}: it cannot be stopped.")
        if actor and outside(file, actor.person_or_fail()):
            raise Invalid.of("The file has accounts outside your scopes.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Where the file stands."""
        return {"state": _file(self.file).state}

    def preview(self, reader: Reader | None) -> Preview:
        """How much is left undone."""
        file = _file(self.file)
        ready = counts(file.pk).get(State.READY, 0)
        return Preview(
            sentence=f"Stop {file.name}: {ready} lines are not begun; what is on its way is "
            "finished. It can be resumed.",
            button=f"Stop {ready} lines",
        )

    def lock(self) -> None:
        """The file, as the end of its run does; then the lines that are to be stopped: those that a
        worker has are not."""
        BulkFile.objects.select_for_update(no_key=True).filter(pk=self.file).first()
        rows = BulkItem.objects.filter(file=self.file, state=State.READY).order_by("line")
        list(rows.select_for_update(no_key=True).values_list("pk", flat=True))

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """No lane claims any more; the run is closed once what is on its way is final: by the last
        lane, or right here when the lanes have gone, finding no line that was not locked."""
        with transaction.atomic():
            rows = BulkFile.objects.filter(pk=self.file, state=BulkFile.State.RUNNING)
            if rows.update(state=BulkFile.State.CANCELLING) != 1:
                raise Invalid.of("The file does not run any more.")
            stopped = BulkItem.objects.filter(file=self.file, state=State.READY).update(
                state=State.CANCELLED, not_before=None
            )
        transaction.on_commit(lambda: finish_if_over(self.file), robust=True)
        return {"stopped": stopped}
