"""What was written before it named no other account: groups of files, and what is owed."""

from __future__ import annotations

import re
from typing import Any

from django.db import migrations

AT_ONCE = 1000
_TO = re.compile(r"did not reach \d+,")


def groups_of_files(apps: Any, editor: Any) -> None:
    """A request for a file concerns every account of it."""
    request_model = apps.get_model("panel", "ChangeRequest")
    group_model = apps.get_model("panel", "RequestGroup")
    files = dict(apps.get_model("payments", "BulkFile").objects.values_list("pk", "groups"))
    rows = request_model.objects.filter(object_kind="bulk file").order_by()
    columns = ("pk", "platform_id", "mt4_group", "object_key")
    found = [
        group_model(request_id=pk, platform_id=platform, group=group)
        for pk, platform, own, key in rows.values_list(*columns)
        for group in sorted({*files.get(int(key), ())} - {own})
    ]
    group_model.objects.bulk_create(found, batch_size=AT_ONCE)


def words_of_what_is_owed(apps: Any, editor: Any) -> None:
    """It is read by those who see the account it is owed to, not the other one."""
    rows = apps.get_model("payments", "Difference").objects.filter(kind="owed")
    for pk, text in rows.filter(text__contains="did not reach").values_list("pk", "text"):
        rows.filter(pk=pk).update(text=_TO.sub("did not reach the other account,", text)[:300])


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0022_beneficiaries_and_payouts"),
        ("panel", "0020_groups_of_requests"),
    ]

    operations = [
        migrations.RunPython(groups_of_files, migrations.RunPython.noop),
        migrations.RunPython(words_of_what_is_owed, migrations.RunPython.noop),
    ]
