"""Parts of the kit in a browser, on a page of their own: polling, files, errors, both themes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from panel.ui.file_errors import file_errors
from panel.ui.progress import Progress, progress_answer
from tests.browser.conftest import Visitor
from tests.browser.test_every_page import DESK, ugly
from tests.harness.stack import Stack
from tests.ui.test_file_errors import Wrong

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(panel_stack: Stack, as_staff: Visitor) -> Page:
    """A page of the panel to put parts on."""
    page = as_staff("ops", viewport=DESK, reduced_motion="reduce")
    page.goto(f"{panel_stack.url}/me/")
    return page


def put(page: Page, *parts: str) -> None:
    """Put parts at the end of the page, live."""
    page.evaluate(
        """html => {
          const main = document.querySelector('main');
          main.insertAdjacentHTML('beforeend', html);
          htmx.process(main);
        }""",
        "".join(parts),
    )


def job(name: str, done: int, failed: int = 0, *, ended: bool = False) -> Progress:
    now = timezone.now()
    return Progress(
        name,
        f"/jobs/{name}/",
        1000,
        done,
        failed,
        started=now - timedelta(minutes=2),
        ended=now if ended else None,
        state="done" if ended else "running",
        label=f"File {name}",
    )


def test_progress_is_fetched_until_the_job_has_ended(page: Page) -> None:
    states: Iterator[Progress] = iter([job("a", 500, 3), job("a", 990, 10, ended=True)])
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        response = progress_answer(RequestFactory().get("/jobs/a/"), next(states))
        route.fulfill(body=response.content.decode(), headers=dict(response.headers), status=200)

    page.route("**/jobs/a/", answer)
    page.evaluate("addEventListener('progress-ended', (event) => { window.heard = event.detail; })")
    put(page, render_to_string("ui/progress.html", {"progress": job("a", 0)}))
    bar = page.get_by_role("progressbar", name="File a")
    said = page.locator("#progress-a-said")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    expect(bar).to_have_attribute("aria-valuenow", "50", timeout=5_000)
    expect(said).to_have_text("File a: 50 % of the rows, not all of them done.")
    expect(bar).to_have_attribute("aria-valuenow", "100", timeout=5_000)
    expect(said).to_have_text("File a ended: 990 done, 10 failed.")
    assert page.evaluate("heard.name") == "a"
    page.wait_for_timeout(3_000)
    assert len(asked) == 2


def test_parts_are_legible_and_fit_in_both_themes(page: Page) -> None:
    jobs = [job("none", 0), job("half", 430, 70), job("all", 999, 1, ended=True)]
    put(page, *(render_to_string("ui/progress.html", {"progress": each}) for each in jobs))
    faults = [
        Wrong(),
        Wrong(value=""),
        Wrong(line=None, column="", value="", message="The file has no rows."),
        Wrong(line=100_000, column="external reference", value="\u202e=1\t " + "W" * 300),
    ]
    put(page, render_to_string("ui/file_errors.html", {"errors": file_errors(faults * 60, "/")}))
    assert ugly(page) == []
