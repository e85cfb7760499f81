"""The withdrawal desk: stages, notes that cannot be changed, attachments."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from payments import triggers

# What was debited before there was a desk was paid out past it.
STAGES = {
    "pending": "waiting",
    "approved": "debiting",
    "executing": "debiting",
    "unknown": "debiting",
}


def bring_to_desk(apps: Any, editor: Any) -> None:
    withdrawal_model = apps.get_model("payments", "Withdrawal")
    payments = apps.get_model("payments", "Payment").objects.filter(kind="withdrawal")
    withdrawal_model.objects.bulk_create(
        (
            withdrawal_model(
                payment=payment,
                platform_id=payment.platform_id,
                mt4_group=payment.mt4_group,
                stage=STAGES.get(payment.status, payment.status),
                stage_since=payment.finished or payment.created,
                asked=payment.created,
            )
            for payment in payments.iterator()
        ),
        batch_size=500,
    )


def put_up(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.create(editor)


def take_down(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.drop(editor)


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0006_reasons_and_holding_up"),
        ("payments", "0005_bulk_checking"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mt4_group", models.CharField(max_length=16)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("waiting", "to decide"),
                            ("on_hold", "on hold"),
                            ("debiting", "being debited"),
                            ("to_pay", "to pay out"),
                            ("paid", "paid out"),
                            ("bounced", "payout failed"),
                            ("returning", "being returned"),
                            ("returned", "returned"),
                            ("done", "done"),
                            ("rejected", "rejected"),
                            ("failed", "failed"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("stage_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("asked", models.DateTimeField()),
                ("beneficiary", models.CharField(blank=True, max_length=128)),
                ("provider_reference", models.CharField(blank=True, db_index=True, max_length=64)),
                ("paid", models.DateTimeField(null=True)),
                ("stage_before", models.CharField(blank=True, max_length=12)),
                (
                    "paid_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="payments.payment",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="panel.platform",
                    ),
                ),
                (
                    "returned_by",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="payments.payment",
                    ),
                ),
            ],
            options={
                "ordering": ("asked", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("written", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="payments.withdrawal",
                    ),
                ),
            ],
            options={
                "ordering": ("written", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("stored", models.CharField(max_length=40, unique=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="payments.withdrawal",
                    ),
                ),
            ],
            options={
                "ordering": ("added", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(
                fields=["platform", "stage", "asked", "id"], name="withdrawal_stage"
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["platform", "asked", "id"], name="withdrawal_asked"),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "stage__in",
                        [
                            "waiting",
                            "on_hold",
                            "debiting",
                            "to_pay",
                            "paid",
                            "bounced",
                            "returning",
                            "returned",
                            "done",
                            "rejected",
                            "failed",
                            "withdrawn",
                            "expired",
                        ],
                    )
                ),
                name="withdrawal_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage__in", ["paid", "bounced"]), _negated=True),
                    models.Q(("provider_reference", ""), _negated=True),
                    _connector="OR",
                ),
                name="payout_has_the_providers_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("returned_by__isnull", False), ("stage__in", ["returning", "returned"])
                    ),
                    models.Q(
                        models.Q(("stage__in", ["returning", "returned"]), _negated=True),
                        ("returned_by__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="return_has_its_payment",
            ),
        ),
        migrations.RunPython(bring_to_desk, migrations.RunPython.noop),
        migrations.RunPython(put_up, take_down),
    ]
