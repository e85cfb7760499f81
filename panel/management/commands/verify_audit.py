"""`manage.py verify_audit`: walk the audit log's chain."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from panel import audit


class Command(BaseCommand):
    """Checks that no entry was changed, taken out or added out of turn."""

    help = "Check the audit log's hash chain; with --head SEQ:HASH also against a kept head."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A head that was exported earlier."""
        parser.add_argument("--head", metavar="SEQ:HASH", help="a head that was kept elsewhere")

    def handle(self, *args: Any, head: str | None = None, **options: Any) -> None:
        """Print the present head, or fail with the first broken entry."""
        known = None
        if head:
            seq, _, digest = head.partition(":")
            if not seq.isdigit() or len(digest) != 64:
                raise CommandError("--head takes SEQ:HASH, as this command prints it.")
            known = (int(seq), digest)
        seq_now, hash_now = audit.head()
        broken = audit.verify(known, upto=(seq_now, hash_now))
        if broken:
            raise CommandError(f"The audit log is broken at entry {broken.seq}: {broken.why}.")
        self.stdout.write(f"The audit log holds: {seq_now} entries. Head {seq_now}:{hash_now}")
