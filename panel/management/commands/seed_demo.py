"""`manage.py seed_demo`: demo staff and the sandbox platform, once; then a first look at MT4."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.mirror import mirror_now as mirror_accounts
from panel import audit, env
from panel.access.actor import Actor
from panel.models import Platform, Role, Scope, User
from panel.pages.tasks import glance, keep
from payments.mirror import mirror_now as mirror_money_records
from trading.mirror import mirror_now as mirror_trades

PASSWORD = "panel-demo"  # noqa: S105  the demo's own, shown on its sign-in page
SLUG = "demo"
SANDBOX_ID = "11111111-1111-4111-8111-111111111111"

# address, name, role
STAFF = [
    ("admin@demo.test", "Ada Brandt", "administrator"),
    ("admin2@demo.test", "Adam Cole", "administrator"),
    ("ops@demo.test", "Olga Petrov", "back-office"),
    ("ops2@demo.test", "Oskar Lind", "back-office"),
    ("dealer@demo.test", "Dario Rossi", "dealer"),
    ("compliance@demo.test", "Clara Novak", "compliance"),
    ("compliance2@demo.test", "Cem Yilmaz", "compliance"),
    ("manager@demo.test", "Maya Fischer", "manager"),
    ("auditor@demo.test", "Arno Visser", "auditor"),
]


def sandbox_address() -> str:
    """Where the sandbox of this run answers."""
    return env.text("SANDBOX_URL", "http://127.0.0.1:9100").rstrip("/")


class Command(BaseCommand):
    """Does nothing where a platform or a person is already there."""

    help = "Add the demo staff and the sandbox platform to an empty panel."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and mirror the sandbox for the first time."""
        if Platform.objects.exists() or User.objects.exists():
            self._follow_the_sandbox()
            return
        with transaction.atomic():
            platform = self._platform()
            self._staff()
            audit.record(
                Actor.system("seed"),
                "demo data",
                source="command",
                obj=("platform", platform.slug, platform.name),
                platform=platform,
                detail=f"{len(STAFF)} demo staff and the sandbox platform were added.",
            )
        # MT4 writes its own clock's time: without its offset every mirrored time would be wrong.
        keep(platform, glance(platform))
        platform.refresh_from_db()
        mirror_accounts(platform)
        mirror_trades(platform)
        mirror_money_records(platform)

    def _follow_the_sandbox(self) -> None:
        """The sandbox was started on another port: its platform goes with it."""
        Platform.objects.filter(slug=SLUG, is_sandbox=True).update(
            authority=sandbox_address(), api_base=sandbox_address()
        )

    def _platform(self) -> Platform:
        address = sandbox_address()
        platform = Platform(
            slug=SLUG,
            name="Sandbox",
            platform_id=SANDBOX_ID,
            authority=address,
            api_base=address,
            client_id="sandbox",
            is_sandbox=True,
        )
        platform.client_secret = "sandbox-secret"  # noqa: S105  the sandbox's published one
        platform.save()
        return platform

    def _staff(self) -> None:
        roles = {role.slug: role for role in Role.objects.all()}
        hashed = make_password(PASSWORD)  # once: it is slow on purpose
        for email, name, role in STAFF:
            user = User.objects.create(email=email, name=name, password=hashed)
            user.roles.add(roles[role])
            Scope.objects.create(user=user, group_masks="*")
