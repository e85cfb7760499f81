"""Each attachment has its payment by now."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # Apart from the rows' own step: PostgreSQL changes no table with rows under way.
    dependencies = [("payments", "0020_attachments_of_payments")]

    operations = [
        migrations.AlterField(
            model_name="attachment",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attachments",
                to="payments.payment",
            ),
        ),
        migrations.RemoveField(model_name="attachment", name="withdrawal"),
    ]
