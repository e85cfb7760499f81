"""How long requests may wait, by their command."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

START = {"payments.withdraw": 4, "payments.pay_out": 24}


def begin(apps: Any, editor: Any) -> None:
    """Withdrawals have targets from the start; two people change them."""
    model = apps.get_model("panel", "AgeTarget")
    model.objects.bulk_create(model(command=name, hours=hours) for name, hours in START.items())


class Migration(migrations.Migration):
    dependencies = [("panel", "0017_claims")]

    operations = [
        migrations.CreateModel(
            name="AgeTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("command", models.CharField(max_length=60, unique=True)),
                ("hours", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ("command",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("hours__gt", 0)), name="age_target_positive"
                    )
                ],
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
