"""Starting lanes: as many turns at a file as there could be processes to take them."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache

LANES = 8
"""How many turns of one file may wait or run at a time."""
MESSAGE_LIFE = 60
"""Seconds after which a message that nobody took is dropped: the sweep sends another."""


def start_lanes(file_id: int) -> None:
    """Have workers take turns at a file; lanes that are under way are left alone."""
    from payments.bulk.engine.tasks import take_turn

    for lane in range(LANES):
        if cache.add(lane_key(file_id, lane), True, lane_life()):
            take_turn.apply_async((file_id, lane), retry=False, expires=MESSAGE_LIFE)


def lane_key(file_id: int, lane: int) -> str:
    """Under which the cache knows that a lane is under way. Only thrift hangs on it: with a lane
    too many nothing is sent twice, with one too few the sweep starts another."""
    return f"bulk-lane:{file_id}:{lane}"


def lane_life() -> int:
    """Seconds after which a lane without a sign of life may be started anew."""
    return max(1, int(settings.EXECUTION_LEASE))
