"""Rights for the reconciliation of the books."""

from __future__ import annotations

from typing import Any

from django.db import migrations

VIEW = "reconciliation.view"
RIGHTS = {
    "back-office": (VIEW,),
    "compliance": (VIEW, "reconciliation.approve"),
    "manager": (VIEW, "reconciliation.run", "reconciliation.explain"),
    "auditor": (VIEW,),
}


def begin(apps: Any, editor: Any) -> None:
    """The roles of the house get the new rights where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        missing = [right for right in RIGHTS[role.slug] if right not in role.permissions]
        if missing:
            role.permissions = [*role.permissions, *missing]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("panel", "0009_notices")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
