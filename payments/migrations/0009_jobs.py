"""Scheduled jobs, and until when a mirrored credit is good."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

RIGHTS = {
    "administrator": ("jobs.view", "jobs.change"),
    "back-office": ("jobs.view",),
    "compliance": ("jobs.view",),
    "manager": ("jobs.view",),
    "auditor": ("jobs.view",),
}


def begin(apps: Any, editor: Any) -> None:
    """The roles of the house see the jobs; the mirror is read anew, for the days of credits."""
    for role in apps.get_model("panel", "Role").objects.filter(slug__in=RIGHTS):
        missing = [right for right in RIGHTS[role.slug] if right not in role.permissions]
        if missing:
            role.permissions = [*role.permissions, *missing]
            role.save(update_fields=["permissions"])
    apps.get_model("payments", "MoneyMirror").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0006_reasons_and_holding_up"),
        ("payments", "0008_kinds_and_currencies"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("on", models.BooleanField(default=False)),
                ("next_run", models.DateTimeField(null=True)),
                ("last_run", models.DateTimeField(null=True)),
                ("last_text", models.CharField(blank=True, max_length=300)),
                ("last_failed", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="JobRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started", models.DateTimeField(db_index=True)),
                ("finished", models.DateTimeField()),
                ("asked", models.PositiveIntegerField(default=0)),
                ("errors", models.JSONField(default=list)),
            ],
            options={
                "ordering": ("-started", "-pk"),
            },
        ),
        migrations.AddField(
            model_name="moneyrecord",
            name="expires_server_time",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="moneyrecord",
            index=models.Index(
                condition=models.Q(("amount__gt", 0), ("expires_server_time__gt", 0)),
                fields=["platform", "expires_server_time"],
                name="money_record_expires",
            ),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="job",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="payments.job"
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
