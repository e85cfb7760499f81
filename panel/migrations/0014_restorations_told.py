"""Tell administrators of a restored backup by mail; notice each one once."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panel", "0013_operations_remembered")]

    operations = [
        migrations.AddField(
            model_name="restoration", name="told", field=models.DateTimeField(null=True)
        ),
        migrations.RemoveConstraint(model_name="restoration", name="restoration_noticed_once"),
        migrations.AddConstraint(
            model_name="restoration",
            constraint=models.UniqueConstraint(
                fields=("remembered_seq", "remembered_hash"), name="restoration_noticed_once"
            ),
        ),
    ]
