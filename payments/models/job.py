"""Scheduled jobs: what is switched on, when it ran, what came of it."""

from __future__ import annotations

from django.db import models


class JobName(models.TextChoices):
    """The jobs there are."""

    CREDIT_EXPIRY = "credit_expiry", "Taking out expired credit"
    NEGATIVE_RESET = "negative_reset", "Resetting negative balances"


class Job(models.Model):
    """One scheduled job. Off until two people have switched it on."""

    # A `JobName`.
    name = models.CharField(max_length=20, unique=True)
    on = models.BooleanField(default=False)
    # When it is to run next; a run is claimed by moving this on.
    next_run = models.DateTimeField(null=True)
    last_run = models.DateTimeField(null=True)
    last_text = models.CharField(max_length=300, blank=True)
    last_failed = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What it does, in words."""
        return JobName(self.name).label


class JobRun(models.Model):
    """A run that asked for something, or in which something went wrong; quiet ones leave no row."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    started = models.DateTimeField(db_index=True)
    finished = models.DateTimeField()
    # How many requests it made.
    asked = models.PositiveIntegerField(default=0)
    # Lines in words: what could not be done, and why.
    errors = models.JSONField(default=list)

    class Meta:
        ordering = ("-started", "-pk")

    def __str__(self) -> str:
        return f"{self.job} at {self.started}"
