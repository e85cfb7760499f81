"""Parts of the panel that make requests by themselves; and the rights to see and change limits."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

RIGHTS = {
    "administrator": ("limits.view", "limits.change", "limits.approve"),
    "compliance": ("limits.view", "limits.approve"),
    "manager": ("limits.view",),
    "auditor": ("limits.view",),
}


def grant(apps: Any, editor: Any) -> None:
    """The roles of the house get the new rights where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        missing = [right for right in RIGHTS[role.slug] if right not in role.permissions]
        if missing:
            role.permissions = [*role.permissions, *missing]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("panel", "0004_holds")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_machine",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_machine", False), ("is_active", False), _connector="OR"),
                name="machines_do_not_sign_in",
            ),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
