"""The mirror of MT4's accounts, kept for lists and for the time when MT4 is away."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from accounts.queries import AccountQuerySet


class Mirror(models.Model):
    """How far the mirror of one platform has come; times are UTC, when reading began."""

    platform = models.OneToOneField(
        "panel.Platform", on_delete=models.CASCADE, related_name="account_mirror"
    )
    accounts_at = models.DateTimeField(null=True)
    margins_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mirror of {self.platform}"


class MarginState(models.TextChoices):
    """Where an account stands, as MT4 names it."""

    FINE = "Ok", "fine"
    MARGIN_CALL = "MarginCall", "margin call"
    STOP_OUT = "StopOut", "stop-out"


class Account(models.Model):
    """One MT4 account as it was last read. Amounts in `currency`, the group's.

    Figures of margin are null until they were read once; `level` is also null while no margin is
    used. `synced_at` is when the row was last found on MT4, `gone` since when it is not.
    """

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.CASCADE, related_name="accounts"
    )
    login = models.IntegerField()
    group = models.CharField(max_length=16)
    currency = models.CharField(max_length=12, blank=True)
    name = models.CharField(max_length=128, blank=True)
    email = models.CharField(max_length=48, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    country = models.CharField(max_length=32, blank=True)
    city = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=32, blank=True)
    zip_code = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=96, blank=True)
    status = models.CharField(max_length=16, blank=True)
    comment = models.CharField(max_length=64, blank=True)
    leverage = models.IntegerField()
    enabled = models.BooleanField(default=True)
    read_only = models.BooleanField(default=False)
    registered = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)

    balance = models.DecimalField(max_digits=18, decimal_places=2)
    credit = models.DecimalField(max_digits=18, decimal_places=2)
    equity = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    margin = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    free = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    level = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    margin_state = models.CharField(max_length=12, blank=True, choices=MarginState.choices)

    # What is searched and sorted by, in lower case: the database's own case rules stop at ASCII.
    name_key = models.CharField(max_length=140, blank=True)
    email_key = models.CharField(max_length=60, blank=True)

    # Of what was last read: a pass over 100,000 accounts looks at this alone.
    digest = models.CharField(max_length=64, default="")
    synced_at = models.DateTimeField()
    gone = models.DateTimeField(null=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ("platform", "login")
        constraints = (
            models.UniqueConstraint(fields=("platform", "login"), name="one_account_per_login"),
        )
        # One for each column that the list can be sorted by: keyset pages walk along it.
        indexes = tuple(
            models.Index(fields=("platform", column, "id"), name=f"account_by_{column}")
            for column in (
                "name_key",
                "group",
                "country",
                "balance",
                "equity",
                "margin",
                "free",
                "level",
                "credit",
                "leverage",
                "registered",
                "last_seen",
                "margin_state",
            )
        )

    def __str__(self) -> str:
        return f"{self.login} {self.name}"

    def get_absolute_url(self) -> str:
        """The account's own page."""
        return reverse("account", args=(self.platform.slug, self.login))
