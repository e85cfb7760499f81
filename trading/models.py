"""Open trades as last mirrored from MT4."""

from __future__ import annotations

from django.db import models


class Trade(models.Model):
    """An open position or a pending order, as old as the platform's `TradeMirror` says.

    Volume in hundredths of a lot; prices with the symbol's `digits`; profit, swap, commission and
    taxes in the account's currency. `opened` is UTC, worked out from the server's clock;
    `server_opened` is what MT4 holds: its own clock written as if it were UNIX time.
    """

    class Command(models.IntegerChoices):
        """MT4's numbers for what a trade is; 2 and above wait for their price."""

        BUY = 0, "buy"
        SELL = 1, "sell"
        BUY_LIMIT = 2, "buy limit"
        SELL_LIMIT = 3, "sell limit"
        BUY_STOP = 4, "buy stop"
        SELL_STOP = 5, "sell stop"

    platform = models.ForeignKey("panel.Platform", on_delete=models.CASCADE, related_name="trades")
    ticket = models.IntegerField()
    login = models.IntegerField()
    mt4_group = models.CharField(max_length=16)
    currency = models.CharField(max_length=12)
    symbol = models.CharField(max_length=12)
    digits = models.PositiveSmallIntegerField(default=0)
    command = models.PositiveSmallIntegerField(choices=Command.choices)
    volume = models.IntegerField()
    open_price = models.DecimalField(max_digits=18, decimal_places=8)
    stop_loss = models.DecimalField(max_digits=18, decimal_places=8)
    take_profit = models.DecimalField(max_digits=18, decimal_places=8)
    current_price = models.DecimalField(max_digits=18, decimal_places=8)
    profit = models.DecimalField(max_digits=18, decimal_places=2)
    swap = models.DecimalField(max_digits=18, decimal_places=2)
    commission = models.DecimalField(max_digits=18, decimal_places=2)
    taxes = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    comment = models.CharField(max_length=64, blank=True)
    magic = models.BigIntegerField(default=0)
    opened = models.DateTimeField()
    server_opened = models.BigIntegerField()
    # When a pending order ends by itself, on the server's clock as MT4 writes it; 0 for never.
    server_expires = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-opened", "-ticket")
        indexes = (
            models.Index(fields=("platform", "login"), name="trade_account"),
            models.Index(fields=("platform", "symbol"), name="trade_symbol"),
            models.Index(fields=("-opened", "-ticket"), name="trade_opened"),
        )
        constraints = (
            models.UniqueConstraint(fields=("platform", "ticket"), name="one_trade_per_ticket"),
        )

    def __str__(self) -> str:
        return str(self.ticket)

    @property
    def is_pending(self) -> bool:
        """Whether it waits for its price."""
        return self.command > Trade.Command.SELL


class TradeMirror(models.Model):
    """When a platform's open trades were last read through to the end, UTC."""

    platform = models.OneToOneField(
        "panel.Platform", on_delete=models.CASCADE, related_name="trade_mirror"
    )
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"trades of {self.platform} as of {self.read_at}"
