"""The Celery application. A message only wakes a worker: the truth is in the database rows."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

app = Celery("panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["panel.commands", "panel.pages", "accounts", "trading", "payments"])
