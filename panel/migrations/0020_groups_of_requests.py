"""Further MT4 groups of requests: a transfer is seen by those who see both of its accounts."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

AT_ONCE = 1000


def fill(apps: Any, editor: Any) -> None:
    """What is known of requests that are there: transfers, then the settlements of those."""
    request_model = apps.get_model("panel", "ChangeRequest")
    group_model = apps.get_model("panel", "RequestGroup")
    groups: dict[str, str] = {}
    found = []
    transfers = request_model.objects.filter(command="payments.transfer").order_by()
    columns = ("pk", "platform_id", "reference", "mt4_group", "before")
    for pk, platform, reference, own, before in transfers.values_list(*columns).iterator(AT_ONCE):
        group = before.get("to_group", "")
        if group and group != own:
            groups[reference] = group
            found.append(group_model(request_id=pk, platform_id=platform, group=group))
    settlements = request_model.objects.filter(command="requests.settle").order_by()
    for pk, platform, payload in settlements.values_list("pk", "platform_id", "payload"):
        group = groups.get(payload.get("reference", ""), "")
        if group:
            found.append(group_model(request_id=pk, platform_id=platform, group=group))
    group_model.objects.bulk_create(found, batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("panel", "0019_payout_rights")]

    operations = [
        migrations.CreateModel(
            name="RequestGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=16)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="panel.platform",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="further_groups",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("request", "group"), name="one_further_group_each"
                    )
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
