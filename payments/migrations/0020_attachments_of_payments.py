"""Attachments belong to payments of any kind, not to withdrawals alone."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def carry_over(apps: Any, editor: Any) -> None:
    """Each goes to its withdrawal's payment."""
    payment = apps.get_model("payments", "Withdrawal").objects.filter(pk=OuterRef("withdrawal"))
    apps.get_model("payments", "Attachment").objects.update(
        payment=Subquery(payment.values("payment")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0019_files_with_warnings")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attachments",
                to="payments.payment",
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
