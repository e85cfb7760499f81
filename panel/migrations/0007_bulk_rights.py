"""The rights to upload files of payments and to decide on them."""

from __future__ import annotations

from typing import Any

from django.db import migrations

RIGHTS = {
    "back-office": "payments.bulk",
    "compliance": "payments.approve_bulk",
    "manager": "payments.approve_bulk",
}


def grant(apps: Any, editor: Any) -> None:
    """The roles of the house get the new rights where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        if RIGHTS[role.slug] not in role.permissions:
            role.permissions = [*role.permissions, RIGHTS[role.slug]]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("panel", "0006_reasons_and_holding_up")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
