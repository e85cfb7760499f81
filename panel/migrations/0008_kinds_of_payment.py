"""Rights and policies for transfers, corrections, chargebacks and resets of negative balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import migrations

MAKES = (
    "payments.transfer",
    "payments.correct",
    "payments.chargeback",
    "payments.reset_negative",
)
APPROVES = (
    "payments.approve_transfer",
    "payments.approve_correction",
    "payments.approve_chargeback",
    "payments.approve_reset",
)
RIGHTS = {"back-office": MAKES, "compliance": APPROVES, "manager": APPROVES}
EITHER = ["compliance", "manager"]

# command, over which amount (account currency), approvals
POLICIES: list[tuple[str, Decimal | None, int]] = [
    ("payments.transfer", None, 1),
    ("payments.transfer", Decimal("10000.00"), 2),
    ("payments.correction", None, 1),
    ("payments.correction", Decimal("10000.00"), 2),
    ("payments.chargeback", None, 2),
    ("payments.negative_reset", Decimal("500.00"), 1),
]


def begin(apps: Any, editor: Any) -> None:
    """The roles of the house get the new rights where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        missing = [right for right in RIGHTS[role.slug] if right not in role.permissions]
        if missing:
            role.permissions = [*role.permissions, *missing]
            role.save(update_fields=["permissions"])
    policies = apps.get_model("panel", "Policy").objects
    for command, over, approvals in POLICIES:
        policies.get_or_create(
            command=command,
            over_amount=over,
            platform=None,
            defaults={"approvals": approvals, "roles": EITHER},
        )


class Migration(migrations.Migration):
    dependencies = [("panel", "0007_bulk_rights")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
