"""`manage.py add_administrator`: the first administrators of a new panel.

Inside the panel every invitation needs a second administrator, so the first two come from whoever
may run commands on the server.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from panel import audit
from panel.access.actor import Actor
from panel.commands.administration import ADMINISTRATOR, active_administrators
from panel.lib.text import clean
from panel.models import Role, Scope, User
from panel.pages.invitation import password_link, send_invitation

ENOUGH = 2


class Command(BaseCommand):
    """Works until there are two administrators; from then on they invite each other's staff."""

    help = "Add one of the first two administrators; the link to set a password goes by e-mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and whether the link is to be printed."""
        parser.add_argument("email")
        parser.add_argument("name", help="the name, as it will stand in the audit log")
        parser.add_argument(
            "--print-link",
            action="store_true",
            help="print the link in place of sending it, where no e-mail can be sent yet",
        )

    def handle(
        self, *args: Any, email: str, name: str, print_link: bool = False, **options: Any
    ) -> None:
        """Add the person, and write it down."""
        address = clean(email).lower()
        self._check(address)
        with transaction.atomic():
            person = User.objects.create_user(address, name=clean(name))
            person.roles.set(Role.objects.filter(slug=ADMINISTRATOR))
            Scope.objects.create(user=person, group_masks="*")
            audit.record(
                Actor.system("command line"),
                "administrator added",
                source="command",
                obj=("staff", person.pk, f"{person.name} <{person.email}>"),
                after={"roles": [ADMINISTRATOR]},
            )
        if print_link:
            self.stdout.write(password_link(person))
        else:
            send_invitation(person)
            self.stdout.write(f"The link to set a password is on its way to {person.email}.")

    def _check(self, address: str) -> None:
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"{address} is no e-mail address.") from error
        if User.objects.filter(email=address).exists():
            raise CommandError(f"{address} is on the list already.")
        if active_administrators() >= ENOUGH:
            raise CommandError("There are two administrators already: they invite the others.")
