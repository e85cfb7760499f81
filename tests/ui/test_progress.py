"""How far a job has come: honest figures, a bar that shows one failure, polling that stops."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from panel.ui.progress import WIDTH, Progress, progress_answer


def progress(**fields: Any) -> Progress:
    """A job of 1,000 rows that has run for 100 seconds."""
    began = timezone.now() - timedelta(seconds=100)
    given: dict[str, Any] = {
        "name": "job",
        "url": "/job/",
        "total": 1000,
        "done": 0,
        "started": began,
    }
    return Progress(**(given | fields))


@pytest.mark.parametrize(("done", "percent"), [(0, 0), (500, 50), (999, 99), (1000, 100)])
def test_it_is_whole_only_when_nothing_is_left(done: int, percent: int) -> None:
    assert progress(done=done).percent == percent
    assert f'aria-valuenow="{percent}"' in part(progress(done=done))


def test_every_row_is_somewhere() -> None:
    now = progress(done=300, failed=40, unknown=10)
    assert (now.settled, now.left) == (350, 650)


def test_time_left_is_told_from_the_speed_so_far() -> None:
    now = progress(done=200)
    assert now.speed == "2 rows a second"
    assert now.time_left == "about 7\N{NO-BREAK SPACE}min"


def test_nothing_is_promised_before_the_speed_can_be_told() -> None:
    just = progress(done=5, started=timezone.now())
    assert (just.speed, just.time_left) == ("", "")
    waiting = progress(started=None)
    assert (waiting.speed, waiting.time_left, waiting.took) == ("", "", "")
    assert "Not started yet" in part(waiting)


def test_a_slow_job_counts_by_the_minute() -> None:
    assert progress(done=10).speed == "6 rows a minute"


@pytest.mark.parametrize(
    ("done", "failed", "unknown"),
    [(0, 0, 0), (1, 0, 0), (99_999, 1, 0), (1, 99_998, 1), (50_000, 49_999, 1), (0, 0, 100_000)],
)
def test_the_bar_shows_every_kind_of_row_and_never_leaves_its_box(
    done: int, failed: int, unknown: int
) -> None:
    now = progress(total=100_000, done=done, failed=failed, unknown=unknown)
    assert len(now.segments) == sum(bool(rows) for rows in (done, failed, unknown))
    ends = [0]
    for segment in now.segments:
        assert segment.width > 0
        assert segment.start == ends[-1]
        ends.append(segment.start + segment.width)
    assert ends[-1] <= WIDTH
    assert (ends[-1] == WIDTH) == (now.left == 0)


def test_a_job_without_rows_is_not_divided_by() -> None:
    assert progress(total=0).percent == 0
    assert progress(total=0, ended=timezone.now()).percent == 100
    assert progress(total=0).segments == []


def test_it_asks_again_until_the_job_has_ended() -> None:
    assert 'hx-get="/job/"' in part(progress(done=10))
    ended = progress(done=990, failed=4, ended=timezone.now(), state="done")
    assert "hx-get" not in part(ended)
    assert "Not sent" in part(ended)
    assert ended.said == "Progress ended: 990 done, 4 failed, 6 not sent."


def test_it_is_read_aloud_at_every_tenth_part_only() -> None:
    assert progress(done=310).said == progress(done=399).said != progress(done=400).said
    whole = render_to_string("ui/progress.html", {"progress": progress(done=310)})
    assert whole.count(progress(done=310).said) == 2
    assert 'aria-live="polite"' in whole


def test_the_page_hears_of_the_end_once() -> None:
    request = RequestFactory().get("/job/")
    assert "HX-Trigger-After-Settle" not in progress_answer(request, progress(done=1)).headers
    answer = progress_answer(request, progress(done=1000, ended=timezone.now()))
    heard = json.loads(answer["HX-Trigger-After-Settle"])
    assert heard == {"progress-ended": {"name": "job"}}
    assert answer["Cache-Control"] == "no-store"


def part(now: Progress) -> str:
    return render_to_string("ui/progress_part.html", {"progress": now})
