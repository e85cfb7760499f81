"""What is to be known of a file's lines before money moves, and what people decided about it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from payments.models.bulk import BulkFile


class Topic(models.TextChoices):
    """What a warning is about: by this the warnings of a file are counted."""

    DISABLED = "disabled", "account disabled"
    GONE = "gone", "account gone"
    CURRENCY = "currency", "account in another currency"
    STOPPED = "stopped", "withdrawals stopped"
    FUNDS = "funds", "not enough there"
    SAME_AMOUNT = "same_amount", "same amount within 24 hours"
    REFERENCE = "reference", "reference used before"
    BENEFICIARY = "beneficiary", "beneficiary unlike the account’s name"
    NOT_KEPT = "not_kept", "not a kept beneficiary"
    UNTRADED = "untraded", "deposit without trading"
    UNREAD = "unread", "trading could not be read"
    UNSETTLED = "unsettled", "unknown outcome on the account"
    OPEN = "open", "other withdrawals open"
    METHOD = "method", "goes back another way than it came"
    VELOCITY = "velocity", "many withdrawals in a day"
    MARGIN = "margin", "low margin afterwards"
    CREDIT = "credit", "account keeps a credit"
    EXPIRY = "expiry", "credit that nobody takes back by itself"
    OTHER = "other", "something else"


NEEDS_DECISION = frozenset(
    {
        Topic.DISABLED,
        Topic.SAME_AMOUNT,
        Topic.REFERENCE,
        Topic.BENEFICIARY,
        Topic.UNTRADED,
        Topic.UNREAD,
    }
)
"""Warnings for which a reviewer would stop at a single payment: a line with one of these, or with
anything that forbids it, is decided by itself."""


class WarningCheck(models.Model):
    """One reading of the warnings of a file's lines: when it is checked, and anew for approval.

    | state | what it means |
    | --- | --- |
    | running | a worker reads, under a lease (`until`); `lines` says how far it is |
    | done | what approvers are shown, as of `finished` |
    | failed | `trouble` says why: MT4 did not answer |

    The latest one that is done counts. Earlier ones are kept if somebody approved on them.
    """

    class State(models.TextChoices):
        """Where the reading stands."""

        RUNNING = "running", "being read"
        DONE = "done", "read"
        FAILED = "failed", "could not be read"

    file = models.ForeignKey(BulkFile, on_delete=models.CASCADE, related_name="warning_checks")
    # Whose decision it is read for; none when the file was checked, before anybody asked for it.
    request = models.ForeignKey(
        "panel.ChangeRequest", null=True, on_delete=models.PROTECT, related_name="warning_checks"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    begun = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    lines = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    # A list of {topic, level, lines}, the most serious first.
    counts = models.JSONField(default=list)
    # How many lines have to be decided by themselves.
    to_decide = models.PositiveIntegerField(default=0)
    # Over line, level and topic of each warning, and the words of those that need a decision.
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("file", "state"), name="warning_check_file"),)

    def __str__(self) -> str:
        return f"warnings of {self.file_id}, {self.state}"

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Its counts with the words for each topic."""
        return [one | {"label": Topic(one["topic"]).label} for one in self.counts]


class BulkWarning(models.Model):
    """One thing that whoever decides on a line should know. `line` is the line of the file."""

    check_of = models.ForeignKey(WarningCheck, on_delete=models.CASCADE, related_name="warnings")
    line = models.PositiveIntegerField()
    level = models.CharField(max_length=4, choices=[("warn", "warning"), ("stop", "stop")])
    topic = models.CharField(max_length=12, choices=Topic.choices)
    text = models.CharField(max_length=400)
    # Whether the line has to be decided by itself because of it.
    decide = models.BooleanField(default=False)

    class Meta:
        ordering = ("check_of_id", "line", "pk")
        indexes = (
            models.Index(fields=("check_of", "line"), name="bulk_warning_line"),
            models.Index(
                fields=("check_of", "line"), condition=Q(decide=True), name="bulk_warning_decide"
            ),
        )

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class LineDecision(models.Model):
    """What a person decided about one line of a file that waits for approval; never changed.

    Of a person's decisions about a line the latest counts. `shown` is what they were shown: the
    line and its warnings, word for word.
    """

    class Decision(models.TextChoices):
        """To be paid with the file, or not."""

        APPROVE = "approve", "approved"
        LEAVE_OUT = "leave_out", "left out"

    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="line_decisions"
    )
    line = models.PositiveIntegerField()
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="line_decisions"
    )
    # A copy of the request's maker, so that the database itself can compare the two.
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=9, choices=Decision.choices)
    reason = models.CharField(max_length=500, blank=True)
    shown = models.JSONField(default=dict)
    shown_sha256 = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=("request", "line"), name="line_decision_line"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(checker=F("maker")), name="maker_decides_on_no_line"
            ),
            models.CheckConstraint(
                condition=~Q(decision="leave_out") | ~Q(reason=""), name="left_out_for_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"line {self.line}: {self.decision} by {self.checker_id}"


class WarningsShown(models.Model):
    """The reading that somebody had before them when they approved a file: kept with it."""

    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="warnings_shown"
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    check_shown = models.ForeignKey(WarningCheck, on_delete=models.PROTECT, related_name="shown_to")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("request", "checker"), name="warnings_shown_once"),
        )

    def __str__(self) -> str:
        return f"{self.check_shown_id} shown to {self.checker_id}"
