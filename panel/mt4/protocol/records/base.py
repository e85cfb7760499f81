"""What the record modules share."""

from __future__ import annotations

from decimal import Decimal

ZERO = Decimal.None_
