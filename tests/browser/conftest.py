"""People at their browsers; a script error or a complaint of the console fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.harness.browser import sign_in
from tests.harness.stack import Stack

Visitor = Callable[..., Page]
# A form shown again with its errors (422), or a page that is refused, is no fault.
REFUSALS = tuple(f"responded with a status of {code} " for code in (403, 404, 422))


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What consoles said: errors, warnings, what the content policy forbade."""
    said: list[str] = []
    yield said
    assert not said, "\n".join(said)


@pytest.fixture
def visitor(browser: Browser, complaints: list[str]) -> Iterator[Visitor]:
    """A browser that has never been here: `visitor(viewport=…)`."""
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        refused = any(words in message.text for words in REFUSALS)
        if message.type in {"error", "warning"} and not refused:
            complaints.append(f"{message.location.get('url')}: {message.text}")

    def enter(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """What the browser keeps of each of the staff who has signed in once."""
    return {}


@pytest.fixture
def as_staff(panel_stack: Stack, visitor: Visitor, cookies: dict[str, Any]) -> Visitor:
    """One of the demo staff, signed in, on the first page: `as_staff("ops", viewport=…)`.

    Signing in is paid for once; a test that signs out takes a `visitor`.
    """

    def enter(name: str, **options: Any) -> Page:
        if name in cookies:
            page = visitor(storage_state=cookies[name], **options)
            page.goto(f"{panel_stack.url}/")
            return page
        page = visitor(**options)
        sign_in(page, panel_stack.url, name)
        cookies[name] = page.context.storage_state()
        return page

    return enter
