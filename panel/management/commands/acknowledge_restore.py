"""`manage.py acknowledge_restore`: for the operator at night, the same as the page does."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel.access.actor import Actor
from panel.commands import restoration
from panel.commands.base import Invalid
from panel.commands.errors import Denied, KeyReused
from panel.commands.submit import submit
from panel.models import Restoration, User
from panel.pages.commands.restorations import AcknowledgeRestoration


class Command(BaseCommand):
    """Looks for what is open on MT4 first, if that was not done yet; goes the way of every change:
    the right, the checks, the request and the audit log."""

    help = "Acknowledge that the database was put back from a backup: from then on things are sent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What was found, and by whom."""
        parser.add_argument("finding", help="what was restored and why, and what you looked at")
        parser.add_argument(
            "--as",
            dest="email",
            required=True,
            metavar="EMAIL",
            help="the administrator in whose name it is written down",
        )

    def handle(self, *args: Any, finding: str, email: str, **options: Any) -> None:
        """Look, tell, acknowledge."""
        person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if person is None:
            raise CommandError(f"{email} is nobody who may sign in.")
        row = restoration.notice()
        if row is None:
            raise CommandError("No restored backup waits to be looked at.")
        row = self._looked(row)
        try:
            request = submit(
                AcknowledgeRestoration(restoration=row.pk, finding=finding),
                actor=Actor.person(person),
                source="command",
                reason="",
                key=f"restoration-{row.pk}-{row.remembered_seq}",
            )
        except (Invalid, Denied, KeyReused) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{request.reference}: {request.get_status_display()}.")

    def _looked(self, row: Restoration) -> Restoration:
        """The row with what was found; raises `CommandError` if MT4 cannot be asked."""
        if row.looked is None:
            restoration.look_for_open(row)
            row.refresh_from_db()
        if row.looked is None:
            raise CommandError(f"What is open cannot be looked for yet. {row.trouble}")
        for finding in row.findings:
            self.stdout.write(f"{finding['platform']} {finding['reference']}: {finding['text']}")
        self.stdout.write(f"{len(row.findings)} open operations are on MT4 already. Also open:")
        for what, number in restoration.still_open(row) or [("nothing else", 0)]:
            self.stdout.write(f"  {what}: {number}")
        return row
