"""Notices, and what is left with each step for them."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panel", "0008_kinds_of_payment"),
    ]

    operations = [
        migrations.CreateModel(
            name="Happening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("asked", "waits for a decision"),
                            ("stuck", "waits for somebody to settle it"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("unknown", "outcome unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("due", models.DateTimeField(db_index=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="happenings",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("decide", "A request waits for my decision"),
                            ("settle", "An unknown outcome waits for me to settle it"),
                            ("approved", "My request was approved"),
                            ("rejected", "My request was rejected"),
                            ("expired", "My request expired, as nobody decided"),
                            ("done", "My request was carried out"),
                            ("failed", "My request failed"),
                            ("unknown", "The outcome of my request is unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("read", models.DateTimeField(null=True)),
                (
                    "mail",
                    models.CharField(
                        choices=[
                            ("none", "not by mail"),
                            ("due", "to be mailed"),
                            ("sent", "mailed"),
                            ("given_up", "could not be mailed"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("mail_tries", models.PositiveSmallIntegerField(default=0)),
                ("mail_after", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="panel.changerequest",
                    ),
                ),
            ],
            options={
                "ordering": ("-created", "-pk"),
                "indexes": [
                    models.Index(fields=["person", "-created", "-id"], name="notice_person"),
                    models.Index(
                        condition=models.Q(("read__isnull", True)),
                        fields=["person"],
                        name="notice_unread",
                    ),
                    models.Index(
                        condition=models.Q(("mail", "due")),
                        fields=["mail_after"],
                        name="notice_to_mail",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "request", "kind"), name="told_once")
                ],
            },
        ),
    ]
