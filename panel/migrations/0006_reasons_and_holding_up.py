"""Requests can be held up, reasons are chosen from a list, and the desk's rights are given."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What a new panel offers, by purpose.
REASONS = {
    "reject": (
        "The amount does not match the client's instruction.",
        "The account details do not match the client.",
        "Documents are missing or have expired.",
        "The source of the funds is not clear.",
        "The client asked for it to be stopped.",
        "Open positions would be put at risk.",
        "It was already done by another request.",
        "The reason given does not explain the change.",
    ),
    "hold": (
        "Waits for the client's documents.",
        "Waits for proof of the source of funds.",
        "The beneficiary's name does not match the account.",
        "Deposits by card have to go back to the card first.",
        "Unusual pattern: compliance looks into it.",
        "Waits for the client's confirmation.",
    ),
    "payout_failed": (
        "The beneficiary's bank refused it.",
        "The account or wallet does not exist.",
        "The card does not take refunds any more.",
        "The provider cancelled it.",
    ),
    "return": (
        "The payout failed and the client wants it back on the account.",
        "The client cancelled the withdrawal.",
        "It was debited twice.",
        "The details for the payout were wrong.",
    ),
}
RIGHTS = {
    "back-office": ("payments.payout", "payments.note", "payments.attachments"),
    "compliance": ("payments.hold", "payments.note", "payments.attachments", "reasons.change"),
    "manager": ("payments.note", "payments.attachments", "reasons.change"),
    "administrator": ("reasons.change",),
    "auditor": ("payments.attachments",),
}


def begin(apps: Any, editor: Any) -> None:
    reason_model = apps.get_model("panel", "Reason")
    for purpose, texts in REASONS.items():
        for text in texts:
            reason_model.objects.get_or_create(purpose=purpose, text=text)
    role_model = apps.get_model("panel", "Role")
    for slug, rights in RIGHTS.items():
        for role in role_model.objects.filter(slug=slug):
            role.permissions = [
                *role.permissions,
                *(r for r in rights if r not in role.permissions),
            ]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0005_machines"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("reject", "rejecting a request"),
                            ("hold", "putting a withdrawal on hold"),
                            ("payout_failed", "a payout that failed"),
                            ("return", "returning a withdrawal"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("active", models.BooleanField(default=True)),
                ("added", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("purpose", "pk"),
            },
        ),
        migrations.AddField(
            model_name="changerequest",
            name="on_hold",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("on_hold", ""),
                    models.Q(("status__in", ["executing", "unknown", "done"]), _negated=True),
                    _connector="OR",
                ),
                name="what_is_on_hold_does_not_run",
            ),
        ),
        migrations.AddField(
            model_name="reason",
            name="added_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="reason",
            constraint=models.UniqueConstraint(
                fields=("purpose", "text"), name="one_reason_of_these_words"
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
