"""Acknowledging a restored backup: from then on things are sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel.commands import restoration
from panel.commands.base import Check, Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from panel.models import Restoration

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader


@register
@dataclass(frozen=True, kw_only=True)
class AcknowledgeRestoration(PanelCommand):
    """Say that one has seen what was open when the database was put back from a backup."""

    name: ClassVar[str] = "restorations.acknowledge"
    label: ClassVar[str] = "Acknowledgement of a restored backup"
    prefix: ClassVar[str] = "RB"
    permission: ClassVar[str] = "platforms.change"
    approve_permission: ClassVar[str] = "admin.approve"
    risk: ClassVar[Risk] = Risk.CRITICAL
    form_url: ClassVar[str | None] = "restoration"

    restoration: int
    finding: str

    def _row(self) -> Restoration:
        row = restoration.present()
        if row is None:
            raise Invalid.of("No restored backup waits to be looked at.")
        if row.pk != self.restoration:
            raise Invalid.of("Another restored backup was noticed meanwhile: open the page anew.")
        return row

    def target(self, reader: Reader | None) -> Target:
        """The restored backup."""
        return Target("restoration", str(self.restoration), "Restored backup")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only once every open operation was looked for on MT4."""
        row = self._row()
        if row.looked is None:
            why = f" {row.trouble}" if row.trouble else ""
            raise Invalid.of(f"What is open is still being looked for on MT4.{why}")
        if len(self.finding.strip()) < 10:
            raise Invalid.of("Say what was restored and why, and what you looked at.", "finding")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """What was found, and whether somebody has acknowledged it."""
        row = Restoration.objects.filter(pk=self.restoration).first()
        if row is None:
            raise Invalid.of("There is no such restored backup.")
        return {
            "found_on_mt4": len(row.findings),
            "looked": row.looked,
            "acknowledged": row.acknowledged is not None,
        }

    def preview(self, reader: Reader | None) -> Preview:
        """What goes on from here."""
        row = self._row()
        found, left = len(row.findings), sum(number for _, number in restoration.still_open(row))
        many = "1 open operation is" if found == 1 else f"{found} open operations are"
        return Preview(
            sentence="Let operations be sent to MT4 again.",
            button="I have looked: send again",
            checks=[
                Check("warn" if found else "ok", f"{many} on MT4 already, and not sent again."),
                Check(
                    "ok",
                    f"{left} more are open: each is looked for again right before it is sent.",
                ),
                Check(
                    "warn",
                    "What was asked for after the backup is not in this database: the "
                    "reconciliation shows its records as unknown to the panel.",
                ),
            ],
        )

    def lock(self) -> None:
        """The rows that are written."""
        rows = Restoration.objects.select_for_update(no_key=True).order_by("pk")
        list(rows.filter(acknowledged__isnull=True))

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """From now on what is approved is taken up again."""
        row = self._row()
        if row.looked is None:
            raise Invalid.of("What is open is still being looked for on MT4.")
        # With it those that were open in the copy itself: what is open was looked for since.
        Restoration.objects.filter(pk__lte=row.pk, acknowledged__isnull=True).update(
            acknowledged=timezone.now(), acknowledged_by=request.maker
        )
        return {"acknowledged": True}
