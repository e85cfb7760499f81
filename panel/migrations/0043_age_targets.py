"""How long requests may wait, by their command."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panel", "0042_claims")]

    operations = [
        migrations.CreateModel(
            name="AgeTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("command", models.CharField(max_length=60, unique=True)),
                ("hours", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ("command",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("hours__gt", 0)), name="age_target_positive"
                    )
                ],
            },
        ),
    ]
