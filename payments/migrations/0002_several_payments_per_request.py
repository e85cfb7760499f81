"""A request may move several payments: the legs of a transfer, the lines of a file."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0004_holds"),
        ("payments", "0001_payments"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="panel.changerequest",
            ),
        ),
    ]
