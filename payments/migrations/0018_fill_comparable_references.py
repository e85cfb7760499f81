"""Fills the comparable forms of references that were there before."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from panel.lib.keys import key_of

AT_ONCE = 2_000
COLUMNS = (
    ("Payment", "external_reference"),
    ("BulkItem", "external_reference"),
    ("Withdrawal", "provider_reference"),
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Work out each key; rows without a reference have the empty one already."""
    for model_name, source in COLUMNS:
        model = apps.get_model("payments", model_name)
        key = f"{source}_key"
        done = 0
        while some := list(
            model.objects.filter(pk__gt=done)
            .exclude(**{source: ""})
            .order_by("pk")
            .only("pk", source)[:AT_ONCE]
        ):
            for row in some:
                setattr(row, key, key_of(getattr(row, source)))
            model.objects.bulk_update(some, [key], batch_size=500)
            done = some[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0017_comparable_references"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
