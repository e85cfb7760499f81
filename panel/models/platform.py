"""MT4 trade servers: where each is, how it is signed in to, and how it was last seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone

from panel.lib import vault
from panel.mt4.client import Connection
from panel.mt4.errors import Unavailable


class PlatformState(models.TextChoices):
    """How the trade server answered when it was last looked at."""

    CONNECTED = "connected", "connected"
    SLOW = "slow", "slow"
    AWAY = "away", "away"
    NEVER = "never", "not looked at yet"


class Platform(models.Model):
    """One MT4 trade server behind one JSON WebAPI."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    platform_id = models.UUIDField()
    authority = models.CharField(max_length=200, validators=[URLValidator(["http", "https"])])
    api_base = models.CharField(max_length=200, validators=[URLValidator(["http", "https"])])
    client_id = models.CharField(max_length=200)
    client_secret_sealed = models.TextField()
    is_sandbox = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)

    state = models.CharField(
        max_length=12, choices=PlatformState.choices, default=PlatformState.NEVER
    )
    state_at = models.DateTimeField(null=True, blank=True)
    state_detail = models.CharField(max_length=300, blank=True)
    latency_ms = models.IntegerField(null=True, blank=True)
    server_name = models.CharField(max_length=130, blank=True)
    # What the server said of itself when it was first reached: nothing is sent to another one.
    identity = models.CharField(max_length=300, blank=True)
    # Why nothing is asked of whatever answers at the address now; empty while it is that server.
    other_server = models.CharField(max_length=500, blank=True)
    # Server clock minus UTC, seconds: MT4 writes its local clock as if it were UNIX time.
    clock_offset = models.IntegerField(default=0)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("identity",),
                condition=~models.Q(identity=""),
                name="one_platform_per_server",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def client_secret(self) -> str:
        """The secret in clear; never to be logged or shown."""
        return vault.open_text(self.client_secret_sealed)

    @client_secret.setter
    def client_secret(self, value: str) -> None:
        self.client_secret_sealed = vault.seal_text(value)

    @property
    def connection(self) -> Connection:
        """What the road to MT4 needs to reach this server.

        Raises `Unavailable` if another server was seen at its address, or if the sealed secret does
        not open with the site's present key.
        """
        if self.other_server:
            raise Unavailable(self.other_server)
        return self.address

    @property
    def address(self) -> Connection:
        """The same, whichever server answers there: for looking who it is. Raises as above."""
        try:
            secret = self.client_secret
        except InvalidToken as error:
            raise Unavailable(
                "its client secret was sealed with another key; enter it again under Platforms"
            ) from error
        return Connection(
            authority=self.authority,
            api_base=self.api_base,
            client_id=self.client_id,
            client_secret=secret,
            platform_id=str(self.platform_id),
            deadline_margin=settings.MT4_DEADLINE_MARGIN,
            connect_timeout=settings.MT4_CONNECT_TIMEOUT,
        )

    @property
    def is_away(self) -> bool:
        """Whether the last look found nobody there."""
        return self.state == PlatformState.AWAY

    def server_time(self, moment: datetime | None = None) -> datetime:
        """A moment (now, if none) on the server's clock, naive as MT4 writes it."""
        utc = (moment or timezone.now()).astimezone(timezone.get_fixed_timezone(0))
        return utc.replace(tzinfo=None) + timedelta(seconds=self.clock_offset)

    def from_server_time(self, naive: datetime) -> datetime:
        """A time as MT4 writes it, as a moment in UTC."""
        return (naive - timedelta(seconds=self.clock_offset)).replace(
            tzinfo=timezone.get_fixed_timezone(0)
        )
