"""The look at the platforms: states, the clock, and one entry for each change."""

from __future__ import annotations

import pytest

from panel.models import AuditEntry, Platform, PlatformState
from panel.pages.tasks import glance, keep, watch_platform
from tests.factories import make_platform

pytestmark = pytest.mark.django_db


def test_a_server_that_answers_is_connected(platform: Platform) -> None:
    watch_platform(platform.pk)
    platform.refresh_from_db()
    assert platform.state == PlatformState.CONNECTED
    assert platform.server_name
    assert platform.latency_ms is not None
    assert platform.state_at is not None
    assert platform.clock_offset % 900 == 0


def test_a_server_that_does_not_answer_is_away(db: None) -> None:
    platform = make_platform(state=PlatformState.CONNECTED, clock_offset=7200)
    watch_platform(platform.pk)
    platform.refresh_from_db()
    assert platform.state == PlatformState.AWAY
    assert platform.state_detail
    assert platform.clock_offset == 7200


def test_only_a_change_is_an_entry(platform: Platform) -> None:
    watch_platform(platform.pk)
    watch_platform(platform.pk)
    entry = AuditEntry.objects.get(action="platform state")
    assert entry.before
    assert entry.after
    assert entry.before["state"] == "never"
    assert entry.after["state"] == "connected"


def test_of_two_lookers_one_tells(platform: Platform) -> None:
    same = Platform.objects.get(pk=platform.pk)
    seen = glance(platform)
    keep(platform, seen)
    keep(same, seen)
    assert AuditEntry.objects.filter(action="platform state").count() == 1


def test_a_platform_out_of_use_is_left_alone(platform: Platform) -> None:
    Platform.objects.update(enabled=False)
    watch_platform(platform.pk)
    platform.refresh_from_db()
    assert platform.state == PlatformState.NEVER
