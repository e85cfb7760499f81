"""Beneficiary and destination of lines; warnings of files, and what people decided on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0012_notices_of_payouts_and_jobs"),
        ("payments", "0018_fill_comparable_references"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="bulkfile",
            name="digest_version",
            # Files that were there before: their digest is over the columns there were.
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="bulkfile",
            name="digest_version",
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="beneficiary",
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="destination",
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddField(
            model_name="withdrawal",
            name="destination",
            field=models.CharField(blank=True, db_default="", max_length=128),
        ),
        migrations.CreateModel(
            name="WarningCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "being read"),
                            ("done", "read"),
                            ("failed", "could not be read"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("begun", models.DateTimeField(auto_now_add=True)),
                ("finished", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                ("counts", models.JSONField(default=list)),
                ("to_decide", models.PositiveIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="warning_checks",
                        to="payments.bulkfile",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="warning_checks",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="BulkWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                (
                    "level",
                    models.CharField(choices=[("warn", "warning"), ("stop", "stop")], max_length=4),
                ),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("disabled", "account disabled"),
                            ("gone", "account gone"),
                            ("currency", "account in another currency"),
                            ("stopped", "withdrawals stopped"),
                            ("funds", "not enough there"),
                            ("same_amount", "same amount within 24 hours"),
                            ("reference", "reference used before"),
                            ("beneficiary", "beneficiary unlike the account’s name"),
                            ("untraded", "deposit without trading"),
                            ("unread", "trading could not be read"),
                            ("unsettled", "unknown outcome on the account"),
                            ("open", "other withdrawals open"),
                            ("method", "goes back another way than it came"),
                            ("velocity", "many withdrawals in a day"),
                            ("margin", "low margin afterwards"),
                            ("credit", "account keeps a credit"),
                            ("expiry", "credit that nobody takes back by itself"),
                            ("other", "something else"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.CharField(max_length=400)),
                ("decide", models.BooleanField(default=False)),
                (
                    "check_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="warnings",
                        to="payments.warningcheck",
                    ),
                ),
            ],
            options={
                "ordering": ("check_of_id", "line", "pk"),
            },
        ),
        migrations.CreateModel(
            name="WarningsShown",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "check_shown",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shown_to",
                        to="payments.warningcheck",
                    ),
                ),
                (
                    "checker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="warnings_shown",
                        to="panel.changerequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                (
                    "decision",
                    models.CharField(
                        choices=[("approve", "approved"), ("leave_out", "left out")], max_length=9
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("shown", models.JSONField(default=dict)),
                ("shown_sha256", models.CharField(max_length=64)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "checker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="line_decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="line_decisions",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["request", "line"], name="line_decision_line")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("checker", models.F("maker")), _negated=True),
                        name="maker_decides_on_no_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "leave_out"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="left_out_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="warningcheck",
            index=models.Index(fields=["file", "state"], name="warning_check_file"),
        ),
        migrations.AddIndex(
            model_name="bulkwarning",
            index=models.Index(fields=["check_of", "line"], name="bulk_warning_line"),
        ),
        migrations.AddIndex(
            model_name="bulkwarning",
            index=models.Index(
                condition=models.Q(("decide", True)),
                fields=["check_of", "line"],
                name="bulk_warning_decide",
            ),
        ),
        migrations.AddConstraint(
            model_name="warningsshown",
            constraint=models.UniqueConstraint(
                fields=("request", "checker"), name="warnings_shown_once"
            ),
        ),
    ]
