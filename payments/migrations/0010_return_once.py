"""A withdrawal goes back once: the database allows one return of it that is alive or done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0006_reasons_and_holding_up"),
        ("payments", "0009_jobs"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind", "withdrawal_return"),
                    models.Q(
                        ("status__in", ["rejected", "withdrawn", "expired", "failed"]),
                        _negated=True,
                    ),
                ),
                fields=("origin",),
                name="withdrawal_is_returned_once",
            ),
        ),
    ]
