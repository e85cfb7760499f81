"""The kinds of payment beyond deposits, withdrawals and credit; money paid in another currency."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0006_reasons_and_holding_up"),
        ("payments", "0007_reconciliation"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_kind_known",
        ),
        migrations.AddField(
            model_name="payment",
            name="fee",
            field=models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=18),
        ),
        migrations.AddField(
            model_name="payment",
            name="origin",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consequences",
                to="payments.payment",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="paid_amount",
            field=models.DecimalField(decimal_places=8, max_digits=22, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="paid_currency",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="payment",
            name="rate",
            field=models.DecimalField(decimal_places=10, max_digits=20, null=True),
        ),
        migrations.AlterField(
            model_name="payment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("deposit", "deposit"),
                    ("withdrawal", "withdrawal"),
                    ("credit_in", "credit in"),
                    ("credit_out", "credit out"),
                    ("transfer_out", "transfer out"),
                    ("transfer_in", "transfer in"),
                    ("transfer_return", "transfer put back"),
                    ("correction_in", "correction in"),
                    ("correction_out", "correction out"),
                    ("chargeback", "chargeback"),
                    ("negative_reset", "negative balance reset"),
                    ("withdrawal_return", "withdrawal returned"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "deposit",
                            "withdrawal",
                            "credit_in",
                            "credit_out",
                            "transfer_out",
                            "transfer_in",
                            "transfer_return",
                            "correction_in",
                            "correction_out",
                            "chargeback",
                            "negative_reset",
                            "withdrawal_return",
                        ],
                    )
                ),
                name="payment_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee__gte", 0)), name="payment_fee_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("paid_amount__isnull", True), ("paid_currency", ""), ("rate__isnull", True)
                    ),
                    models.Q(
                        ("paid_amount__gt", 0),
                        ("rate__gt", 0),
                        models.Q(("paid_currency", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payment_paid_whole",
            ),
        ),
    ]
