"""Rights for beneficiaries, and for the accounts that payouts are made from."""

from __future__ import annotations

from typing import Any

from django.db import migrations

RIGHTS = {
    "back-office": ("payments.beneficiaries",),
    "compliance": ("payments.approve_beneficiary",),
    "manager": ("payments.approve_beneficiary",),
    "administrator": ("payments.paying_accounts",),
}


def begin(apps: Any, editor: Any) -> None:
    """The roles of the house get the new rights where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        missing = [right for right in RIGHTS[role.slug] if right not in role.permissions]
        if missing:
            role.permissions = [*role.permissions, *missing]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("panel", "0018_age_targets")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
