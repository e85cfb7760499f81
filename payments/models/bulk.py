"""Bulk files: what was uploaded, its lines, and what is wrong with them."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from panel.lib.keys import ComparableField
from payments.models.payment import Kind, Method

BULK_KINDS = (
    Kind.DEPOSIT,
    Kind.WITHDRAWAL,
    Kind.CREDIT_IN,
    Kind.CREDIT_OUT,
    Kind.CORRECTION_IN,
    Kind.CORRECTION_OUT,
)


class BulkFile(models.Model):
    """One file of payments: checked line by line, approved as a whole, carried out by workers.

    How many lines are in which state is counted from the lines themselves, never stored.
    """

    class Source(models.TextChoices):
        """How the lines came."""

        CSV = "csv", "CSV"
        XLSX = "xlsx", "workbook"
        PASTE = "paste", "pasted"

    class State(models.TextChoices):
        """Where the file stands.

        | from | to |
        | --- | --- |
        | checking | has_errors, ready |
        | ready | submitted |
        | submitted | running, ready (its request came to nothing) |
        | running | finished, cancelling |
        | cancelling | cancelled |
        | cancelled, finished | running (resumed; what was rejected is tried again) |
        """

        CHECKING = "checking", "being checked"
        HAS_ERRORS = "has_errors", "has errors"
        READY = "ready", "ready"
        SUBMITTED = "submitted", "submitted"
        RUNNING = "running", "running"
        CANCELLING = "cancelling", "being stopped"
        CANCELLED = "cancelled", "stopped"
        FINISHED = "finished", "finished"

    # The request that was approved, with the file's digest in its payload.
    request = models.OneToOneField(
        "panel.ChangeRequest", null=True, on_delete=models.PROTECT, related_name="bulk_file"
    )
    # The request that carries it out now: the first one, or that of a resumption or a retry.
    run = models.ForeignKey(
        "panel.ChangeRequest", null=True, on_delete=models.PROTECT, related_name="bulk_runs"
    )
    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="bulk_files"
    )
    name = models.CharField(max_length=200)
    # Of the bytes as they were uploaded and stored.
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    source = models.CharField(max_length=8, choices=Source.choices)
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.BANK)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bulk_files"
    )
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.CHECKING)
    rows = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    # A list of {kind, currency, count, amount, largest}.
    totals = models.JSONField(default=list)
    # The MT4 groups of its lines: only who sees them all sees the file.
    groups = models.JSONField(default=list)
    # Over the lines as they were stored: what is approved is what is carried out.
    items_sha256 = models.CharField(max_length=64, blank=True)
    # The bytes, below DATA_DIR/bulk, under a name that says nothing.
    stored = models.CharField(max_length=64, blank=True)
    # MT4's newest ticket that was known when it came: the records of its lines have higher ones.
    asked_after = models.IntegerField(default=0)
    # For lines of credit in: the last day on which it is good, on the server's clock.
    credit_expires = models.DateField(null=True)
    # Checking: lines looked at so far, and the lease of the worker that looks.
    checked = models.PositiveIntegerField(default=0)
    check_attempt = models.PositiveIntegerField(default=0)
    checking_until = models.DateTimeField(null=True)
    # When the present run began, and how many lines were final before it.
    begun = models.DateTimeField(null=True)
    final_before = models.PositiveIntegerField(default=0)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (models.Index(fields=("platform", "state"), name="bulk_file_state"),)
        constraints = (models.CheckConstraint(condition=Q(size__gt=0), name="bulk_file_not_empty"),)

    def __str__(self) -> str:
        return self.name


class BulkItem(models.Model):
    """One line of a bulk file: one operation on MT4, sent at most once.

    `amount` is positive, in the account's currency; `kind` tells the direction.
    """

    class State(models.TextChoices):
        """Where the line stands.

        | from | to |
        | --- | --- |
        | ready | claimed, sending, cancelled |
        | claimed (live figures are looked at; nothing was sent) | sending, ready, rejected |
        | sending | done, rejected, unknown, ready (only when certainly nothing was sent) |
        | unknown | done, rejected |
        | rejected, cancelled | ready (when the file is taken up again) |
        """

        READY = "ready", "waiting"
        CLAIMED = "claimed", "being checked"
        SENDING = "sending", "being sent"
        DONE = "done", "done"
        REJECTED = "rejected", "rejected"
        UNKNOWN = "unknown", "outcome unknown"
        CANCELLED = "cancelled", "stopped"

    file = models.ForeignKey(BulkFile, on_delete=models.CASCADE, related_name="items")
    # Counted from 1, the heading included: what a person sees in the file.
    line = models.PositiveIntegerField()
    login = models.IntegerField()
    kind = models.CharField(
        max_length=20, choices=[(kind.value, kind.label) for kind in BULK_KINDS]
    )
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=12)
    external_reference = models.CharField(max_length=64, blank=True)
    external_reference_key = ComparableField("external_reference")
    comment = models.CharField(max_length=31, blank=True)
    # For credit in: the last day on which it is good.
    expires = models.DateField(null=True)
    account_name = models.CharField(max_length=128, blank=True)
    mt4_group = models.CharField(max_length=16)
    # Stands at the head of MT4's comment; made when the line is stored.
    reference = models.CharField(max_length=20, unique=True)
    mt4_key = models.UUIDField(default=uuid.uuid4)

    state = models.CharField(max_length=12, choices=State.choices, default=State.READY)
    attempt = models.PositiveIntegerField(default=0)
    # One claim of one worker; every write of that worker is guarded by it.
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    call_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # MT4's number of the record, once it has been seen there.
    ticket = models.IntegerField(null=True)
    # What was known of MT4 right before it was sent (`payments.watermark`); null until then.
    mark = models.JSONField(null=True)
    code = models.CharField(max_length=60, blank=True)
    text = models.TextField(blank=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        # By the column, not by the file it names: a lock on lines must not lock their file too.
        ordering = ("file_id", "line")
        indexes = (
            models.Index(fields=("file", "state", "line"), name="bulk_item_state"),
            models.Index(fields=("file", "login"), name="bulk_item_account"),
            models.Index(fields=("external_reference_key",), name="bulk_item_external_key"),
            # What the mirror of money records has to look for: a few lines, for a minute.
            models.Index(
                fields=("file",),
                condition=Q(state="done", ticket__isnull=True),
                name="bulk_item_without_ticket",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("file", "line"), name="one_bulk_item_per_line"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bulk_amount_positive"),
            models.CheckConstraint(condition=Q(kind__in=BULK_KINDS), name="bulk_kind_known"),
        )

    def __str__(self) -> str:
        return f"line {self.line} of {self.file_id}"

    @property
    def signed_amount(self) -> Decimal:
        """The amount as MT4 books it."""
        return Kind(self.kind).signed(self.amount)


class BulkError(models.Model):
    """One thing that is wrong in a file, by line and column; line 0 for the file as a whole."""

    file = models.ForeignKey(BulkFile, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True)
    # The beginning of what stands there.
    value = models.CharField(max_length=100, blank=True)
    message = models.CharField(max_length=300)

    class Meta:
        ordering = ("file_id", "line", "pk")

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"
