"""Payouts many at once: the accounts that pay, the batches, and what the provider answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from payments.models.desk import Withdrawal
from payments.models.payment import Method


class PayingAccount(models.Model):
    """An account of the house from which withdrawals are paid; changed by two administrators."""

    name = models.CharField(max_length=80, unique=True)
    method = models.CharField(max_length=12, choices=Method.choices)
    currency = models.CharField(max_length=12)
    # As the bank knows the holder.
    holder = models.CharField(max_length=70)
    # A bank account has an IBAN; what else there is has a number of its own.
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    number = models.CharField(max_length=64, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(iban="", number=""), name="paying_account_has_a_number"
            ),
        )

    def __str__(self) -> str:
        return self.name


class PayoutBatch(models.Model):
    """Withdrawals that are paid by one file, from one account, in one currency.

    | state | what it means | what comes next |
    | --- | --- | --- |
    | open | put together; no file has left the panel | sent, cancelled |
    | sent | its file was downloaded: the bank may have it | closed, cancelled (by two people) |
    | closed | every line has its outcome | |
    | cancelled | its lines wait to be paid out again | |

    The reference is that of the request that made it, and stands in the file as its own number: a
    bank that gets the file twice knows it.
    """

    class State(models.TextChoices):
        """Where the batch stands."""

        OPEN = "open", "put together"
        SENT = "sent", "with the bank"
        CLOSED = "closed", "closed"
        CANCELLED = "cancelled", "cancelled"

    request = models.OneToOneField(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="payout_batch"
    )
    reference = models.CharField(max_length=20, unique=True)
    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="payout_batches"
    )
    account = models.ForeignKey(PayingAccount, on_delete=models.PROTECT, related_name="batches")
    method = models.CharField(max_length=12, choices=Method.choices)
    currency = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payout_batches"
    )
    created = models.DateTimeField(default=timezone.now)
    # The first download.
    sent = models.DateTimeField(null=True)
    # The MT4 groups of its lines: only who sees them all sees the batch.
    groups = models.JSONField(default=list)

    class Meta:
        ordering = ("-created", "-pk")
        verbose_name_plural = "payout batches"
        indexes = (models.Index(fields=("platform", "state", "-created"), name="payout_batch"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["open", "sent", "closed", "cancelled"]),
                name="payout_batch_state_known",
            ),
        )

    def __str__(self) -> str:
        return self.reference


class PayoutLine(models.Model):
    """One withdrawal of a batch. `amount` is what the client is paid, in the batch's currency."""

    class State(models.TextChoices):
        """What became of it."""

        LISTED = "listed", "waits for its outcome"
        PAID = "paid", "paid out"
        FAILED = "failed", "payout failed"
        TAKEN_OUT = "taken_out", "taken out"

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, related_name="payout_lines"
    )
    amount = models.DecimalField(max_digits=22, decimal_places=8)
    # To whom and where to, as the file says it.
    paid_to = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.LISTED)
    provider_reference = models.CharField(max_length=64, blank=True)
    text = models.CharField(max_length=300, blank=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("batch", "number")
        constraints = (
            models.UniqueConstraint(fields=("batch", "number"), name="payout_line_number"),
            models.UniqueConstraint(
                fields=("withdrawal",),
                condition=Q(state="listed"),
                name="withdrawal_is_in_one_open_batch",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_line_positive"),
        )

    def __str__(self) -> str:
        return f"{self.batch} line {self.number}"


class PayoutFile(models.Model):
    """The file of a batch, as the bank gets it: every download gives the same bytes."""

    class Form(models.TextChoices):
        """What kind of file it is."""

        CSV = "csv", "CSV"
        PAIN001 = "pain001", "ISO 20022 pain.001"

    batch = models.OneToOneField(PayoutBatch, on_delete=models.PROTECT, related_name="file")
    form = models.CharField(max_length=8, choices=Form.choices)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    made = models.DateTimeField(default=timezone.now)
    # None for a file that was made before this was kept.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.form} of {self.batch}"


class PayoutAnswer(models.Model):
    """A file of the provider's references for a batch: read and shown, then confirmed.

    | from | to |
    | --- | --- |
    | read | confirmed |
    | confirmed | finished: every line that could be was written |
    """

    class State(models.TextChoices):
        """Where it stands."""

        READ = "read", "to confirm"
        CONFIRMED = "confirmed", "being written"
        FINISHED = "finished", "finished"

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="answers")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    # The bytes as they were uploaded, below DATA_DIR/bulk, under a name that says nothing.
    stored = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.READ)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return self.name


class PayoutAnswerLine(models.Model):
    """What the provider says of one payout, and what the panel makes of it."""

    class Outcome(models.TextChoices):
        """What it means for the withdrawal; only the first two change it."""

        PAID = "paid", "paid out"
        FAILED = "failed", "payout failed"
        PENDING = "pending", "not decided yet"
        UNKNOWN = "unknown", "unknown reference"
        DIFFERS = "differs", "amount differs"
        ALREADY = "already", "has its outcome already"
        DUPLICATE = "duplicate", "there twice"
        UNREADABLE = "unreadable", "cannot be read"

    answer = models.ForeignKey(PayoutAnswer, on_delete=models.CASCADE, related_name="lines")
    # In the file, from 1.
    number = models.PositiveIntegerField()
    line = models.ForeignKey(
        PayoutLine, null=True, on_delete=models.PROTECT, related_name="answers"
    )
    reference = models.CharField(max_length=80, blank=True)
    provider_reference = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=80, blank=True)
    amount = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    text = models.CharField(max_length=300, blank=True)
    # The request that wrote it down; None as long as nothing was.
    request = models.OneToOneField(
        "panel.ChangeRequest", null=True, on_delete=models.PROTECT, related_name="payout_answer"
    )
    # Why it could not be written after all.
    refused = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("answer", "number")
        constraints = (
            models.UniqueConstraint(fields=("answer", "number"), name="payout_answer_number"),
        )

    def __str__(self) -> str:
        return f"{self.answer} line {self.number}"
