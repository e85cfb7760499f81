"""Parts of the kit in a browser, on a page of their own: polling, files, errors, both themes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, Route, expect

from panel.ui.attachments import AttachmentsField
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


class PapersForm(forms.Form):
    """Papers for a withdrawal."""

    papers = AttachmentsField(kinds=("pdf", "png", "csv"), most=3, largest=2000)


@pytest.fixture
def papers(page: Page) -> Page:
    """A page with a form for papers that tells what it would send."""
    field = Template("{% fields form %}").render(Context({"form": PapersForm()}))
    put(page, f'<form id="sample" class="card card-body">{field}</form>')
    page.evaluate(
        """() => { window.sent = () => new FormData(document.querySelector('#sample'))
          .getAll('papers').map((file) => file.name).filter(Boolean); }"""
    )
    return page


def paper(name: str, size: int = 100) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": b"x" * size}


def test_files_add_up_and_each_can_be_taken_away_by_keyboard(papers: Page) -> None:
    box = papers.get_by_label("Papers")
    box.set_input_files([paper("a.pdf"), paper("b.png")])
    box.set_input_files([paper("b.png"), paper("c.csv", 1536)])
    rows = papers.get_by_role("list", name="Attached").get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("1.5")
    assert papers.evaluate("sent()") == ["a.pdf", "b.png", "c.csv"]
    papers.get_by_role("button", name="Remove a.pdf").press("Enter")
    expect(papers.get_by_role("button", name="Remove b.png")).to_be_focused()
    expect(papers.locator("[data-attachments-said]")).to_have_text("a.pdf removed")
    assert papers.evaluate("sent()") == ["b.png", "c.csv"]


def test_a_file_that_cannot_be_attached_says_why_and_is_not_sent(papers: Page) -> None:
    box = papers.get_by_label("Papers")
    box.set_input_files(
        [paper("run.exe"), paper("large.pdf", 3000), paper("empty.pdf", 0), paper("ok.pdf")]
    )
    rows = papers.get_by_role("list", name="Attached").get_by_role("listitem")
    for place, words in enumerate(["PDF, PNG, CSV only", "at most 2.0", "it is empty"]):
        expect(rows.nth(place)).to_contain_text(f"not attached: {words}")
    assert papers.evaluate("sent()") == ["ok.pdf"]
    box.set_input_files([paper("p.pdf"), paper("q.pdf"), paper("r.pdf")])
    expect(rows.last).to_contain_text("not attached: at most 3")
    assert papers.evaluate("sent()") == ["ok.pdf", "p.pdf", "q.pdf"]
    assert ugly(papers) == []


def test_files_can_be_dropped(papers: Page) -> None:
    papers.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(['x'], 'dropped.pdf'));
          document.querySelector('[data-attachments]').dispatchEvent(
            new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    assert papers.evaluate("sent()") == ["dropped.pdf"]


def test_parts_are_legible_and_fit_in_both_themes(page: Page) -> None:
    page.route("**/jobs/**", lambda route: route.fulfill(status=204))
    jobs = [job("none", 0), job("half", 430, 70), job("all", 999, 1, ended=True)]
    put(page, *(render_to_string("ui/progress.html", {"progress": each}) for each in jobs))
    faults = [
        Wrong(),
        Wrong(value=""),
        Wrong(line=0, column="", value="", message="The file has no rows."),
        Wrong(line=100_000, column="external reference", value="\u202e=1\t " + "W" * 300),
    ]
    put(page, render_to_string("ui/file_errors.html", {"errors": file_errors(faults * 60, "/")}))
    assert ugly(page) == []


def test_the_sidebar_stays_while_a_long_page_is_read(page: Page) -> None:
    faults = file_errors([Wrong()] * 50, "/")
    put(page, *[render_to_string("ui/file_errors.html", {"errors": faults})] * 3)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate("scrollY") > DESK["height"]
    expect(page.get_by_role("button", name="Keys")).to_be_in_viewport()
