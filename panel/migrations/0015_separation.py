"""Rules of separated duties: a row for each that two people have changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panel", "0014_restorations_told")]

    operations = [
        migrations.CreateModel(
            name="Separation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
    ]
