"""What a person had before them is kept with their decision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("panel", "0015_separation")]

    operations = [
        # Without a default: SQLite would write the table anew and lose its trigger.
        migrations.AddField(model_name="approval", name="shown", field=models.JSONField(null=True)),
    ]
