"""Triggers: the audit log refuses change, an author's approval is refused."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from panel.audit import triggers
from panel.audit.chain import GENESIS


def put_up(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.create(editor)
    apps.get_model("panel", "AuditHead").objects.get_or_create(
        pk=1, defaults={"seq": 0, "hash": GENESIS}
    )


def take_down(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.drop(editor)


class Migration(migrations.Migration):
    dependencies = [("panel", "0001_ground")]

    operations = [migrations.RunPython(put_up, take_down)]
