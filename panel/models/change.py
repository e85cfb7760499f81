"""Change requests: the one row through which everything is changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Status(models.TextChoices):
    """Where a request stands. `panel.commands.states` says which step leads where."""

    PENDING = "pending", "waiting"
    APPROVED = "approved", "approved"
    EXECUTING = "executing", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    UNKNOWN = "unknown", "outcome unknown"
    REJECTED = "rejected", "rejected"
    WITHDRAWN = "withdrawn", "withdrawn"
    EXPIRED = "expired", "expired"


IN_FLIGHT = (Status.EXECUTING, Status.UNKNOWN)
OPEN = (Status.PENDING, Status.APPROVED, *IN_FLIGHT)


class ChangeRequest(models.Model):
    """What is to be changed, by whom, and what became of it. The payload never changes.

    The row is the intent: it is committed before anything is sent to MT4, so whatever dies in
    between is found again by its lease.

    | from | to |
    | --- | --- |
    | pending | approved, rejected, withdrawn, expired |
    | approved | executing, withdrawn, expired, failed, pending (when an approval counts no more) |
    | executing | done, failed, unknown, approved (only when certainly nothing was sent) |
    | unknown | done, failed |
    """

    reference = models.CharField(max_length=20, unique=True)
    platform = models.ForeignKey(
        "panel.Platform", null=True, on_delete=models.PROTECT, related_name="requests"
    )
    command = models.CharField(max_length=60, db_index=True)
    payload = models.JSONField()
    payload_digest = models.CharField(max_length=64)
    before = models.JSONField(default=dict)
    # The same values read right before it was sent; null until then.
    before_sending = models.JSONField(null=True)
    preview = models.JSONField(default=dict)
    after = models.JSONField(null=True)
    object_kind = models.CharField(max_length=40)
    object_key = models.CharField(max_length=100)
    object_text = models.CharField(max_length=200, blank=True)
    login = models.IntegerField(null=True, db_index=True)
    mt4_group = models.CharField(max_length=16, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=12, blank=True)
    moves_money = models.BooleanField(default=False)

    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests"
    )
    source = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=100)
    request_id = models.CharField(max_length=64, blank=True)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    approvals_needed = models.PositiveSmallIntegerField(default=0)
    approver_roles = models.JSONField(default=list)
    policy_text = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    decided = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    expires = models.DateTimeField()

    # Execution. Times are UTC; `attempt` guards every write of a worker against a later claim.
    mt4_key = models.UUIDField(default=uuid.uuid4)
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    call_until = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    outcome_code = models.CharField(max_length=60, blank=True)
    outcome_text = models.TextField(blank=True)
    activity_id = models.CharField(max_length=64, blank=True)
    not_before = models.DateTimeField(null=True)
    waiting_for = models.CharField(max_length=200, blank=True)

    # Reconciliation.
    unknown_since = models.DateTimeField(null=True)
    next_check = models.DateTimeField(null=True)
    checks = models.PositiveIntegerField(default=0)
    evidence = models.JSONField(default=dict)
    needs_person = models.BooleanField(default=False)

    # Why it is on hold; empty if it is not. Meanwhile it is neither approved nor carried out.
    on_hold = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("status", "created"), name="request_status"),
            models.Index(fields=("platform", "login"), name="request_account"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("maker", "idempotency_key"), name="one_request_per_key"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="request_status_known"
            ),
            models.CheckConstraint(
                condition=Q(on_hold="") | ~Q(status__in=["executing", "unknown", "done"]),
                name="what_is_on_hold_does_not_run",
            ),
            models.CheckConstraint(
                condition=Q(moves_money=False) | Q(amount__isnull=False, login__isnull=False),
                name="money_has_amount_and_account",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")),
                name="request_does_not_supersede_itself",
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to it."""
        return self.status in OPEN


class RequestGroup(models.Model):
    """An MT4 group that a request is about beside its own: a transfer's other account, the
    accounts of a file. The request is seen by those who see all of them.
    """

    request = models.ForeignKey(
        ChangeRequest, on_delete=models.CASCADE, related_name="further_groups"
    )
    platform = models.ForeignKey("panel.Platform", on_delete=models.PROTECT, related_name="+")
    group = models.CharField(max_length=16)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("request", "group"), name="one_further_group_each"),
        )

    def __str__(self) -> str:
        return f"{self.group} of {self.request_id}"


class Secret(models.Model):
    """A one-time secret of a request (new passwords): sealed, read once by its maker, then gone."""

    request = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=40)
    sealed = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    shown = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("request", "name"), name="one_secret_per_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.request_id}"
