"""The roles and policies that a new panel begins with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import migrations

from panel.access.roles import ROLES

TEN_THOUSAND = Decimal("10000.00")
COMPLIANCE = ["compliance"]
EITHER = ["compliance", "manager"]

# command, over which amount (account currency), approvals, by whom
POLICIES: list[tuple[str, Decimal | None, int, list[str]]] = [
    ("payments.withdraw", None, 1, COMPLIANCE),
    ("payments.withdraw", TEN_THOUSAND, 2, COMPLIANCE),
    ("payments.deposit", TEN_THOUSAND, 1, EITHER),
    ("payments.credit_in", None, 1, EITHER),
    ("payments.credit_out", None, 1, EITHER),
]


def begin(apps: Any, editor: Any) -> None:
    role_model = apps.get_model("panel", "Role")
    for role in ROLES:
        role_model.objects.get_or_create(
            slug=role.slug,
            defaults={
                "name": role.name,
                "description": role.description,
                "permissions": list(role.permissions),
            },
        )
    policy_model = apps.get_model("panel", "Policy")
    for command, over, approvals, roles in POLICIES:
        policy_model.objects.get_or_create(
            command=command,
            over_amount=over,
            platform=None,
            defaults={"approvals": approvals, "roles": roles},
        )


class Migration(migrations.Migration):
    dependencies = [("panel", "0002_triggers")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
