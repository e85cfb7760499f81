"""Accounts from which no money may leave for now."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0009_notices"),
        ("payments", "0010_return_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="WithdrawalStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("login", models.IntegerField()),
                ("why", models.TextField()),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal_stops",
                        to="panel.platform",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal_stop",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "login"), name="one_stop_per_account"
                    )
                ],
            },
        ),
    ]
