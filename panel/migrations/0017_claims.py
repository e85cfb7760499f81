"""Claims on what waits, and the right to assign it."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RIGHT = "requests.assign"
ROLES = ("compliance", "manager")


def begin(apps: Any, editor: Any) -> None:
    """The roles of the house get the new right where they are there already."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=ROLES):
        if RIGHT not in role.permissions:
            role.permissions = [*role.permissions, RIGHT]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("panel", "0016_what_the_checker_saw")]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20)),
                (
                    "task",
                    models.CharField(
                        choices=[("decide", "decision"), ("pay", "payout")], max_length=8
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reference", "task"), name="one_claim_per_task")
                ],
            },
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("decide", "A request waits for my decision"),
                    ("settle", "An unknown outcome waits for me to settle it"),
                    ("owed", "Money is on no account and waits for me to put it right"),
                    ("pay", "A withdrawal waits for me to pay it out"),
                    ("assigned", "Work was assigned to me"),
                    ("job", "A request of a scheduled job failed"),
                    ("approved", "My request was approved"),
                    ("rejected", "My request was rejected"),
                    ("expired", "My request expired, as nobody decided"),
                    ("done", "My request was carried out"),
                    ("failed", "My request failed"),
                    ("unknown", "The outcome of my request is unknown"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
