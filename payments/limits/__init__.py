"""Limits: how much one person may move at once, in 24 hours, in 30 days."""

from payments.limits.counting import Breach, Movement, check_many, count, hold, room

__all__ = ["Breach", "Movement", "check_many", "count", "hold", "room"]
