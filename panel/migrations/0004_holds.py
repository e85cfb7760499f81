"""Holds take the place of the index that let one money move per account be under way."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def carry_over(apps: Any, editor: Any) -> None:
    """Whatever is under way or unknown goes on holding its account."""
    request = apps.get_model("panel", "ChangeRequest")
    hold = apps.get_model("panel", "Hold")
    moving = request.objects.filter(
        moves_money=True,
        login__isnull=False,
        platform__isnull=False,
        status__in=["executing", "unknown"],
    )
    hold.objects.bulk_create(
        hold(platform_id=platform, login=login, request_id=pk)
        for pk, platform, login in moving.order_by("pk").values_list("pk", "platform", "login")
    )


class Migration(migrations.Migration):
    dependencies = [("panel", "0003_roles_and_policies")]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("login", models.IntegerField()),
                ("item", models.BigIntegerField(null=True)),
                ("taken", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="panel.platform",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "db_table": "panel_hold",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "login"), name="one_hold_per_account"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="changerequest", name="one_money_move_in_flight"),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
