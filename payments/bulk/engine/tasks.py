"""The worker's tasks of running files. Each only points at rows: run twice or late, no harm."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import cache

from payments.bulk.engine import lane, sweep
from payments.bulk.engine.finish import finish_if_over
from payments.bulk.engine.lanes import MESSAGE_LIFE, lane_key, lane_life


@shared_task
def take_turn(file_id: int, number: int) -> None:
    """One lane's turn at a file; while there is more to do it puts itself at the queue's end."""
    key = lane_key(file_id, number)
    cache.set(key, True, lane_life())
    if lane.work(file_id):
        cache.set(key, True, lane_life())
        take_turn.apply_async((file_id, number), retry=False, expires=MESSAGE_LIFE)
        return
    cache.delete(key)
    finish_if_over(file_id)


@shared_task
def sweep_bulk_files() -> None:
    """Find what dead workers left, what waits for a lane, and runs that are over."""
    sweep.sweep()
