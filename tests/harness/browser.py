"""The browser: Debian's chromium, a running panel for all browser tests, and signing in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from tests.harness.stack import Stack

PASSWORD = "panel-demo"

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's own chromium: nothing is downloaded."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise RuntimeError("chromium is missing: run `make test`, which installs it.")
    return {**browser_type_launch_args, "executable_path": path, "args": list(_FLAGS)}


@pytest.fixture(scope="session")
def panel_stack(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Stack]:
    """One seeded panel for all browser tests: what one of them changes, the next one sees."""
    stack = Stack(tmp_path_factory.mktemp("browser"), sandbox={"accounts": 200})
    try:
        with django_db_blocker.unblock():
            stack.start()
            yield stack
    finally:
        stack.stop()


def sign_in(page: Page, address: str, email: str, password: str = PASSWORD) -> None:
    """Sign in on the sign-in page of the panel at `address`; `ops` stands for ops@demo.test."""
    if "@" not in email:
        email = f"{email}@demo.test"
    page.goto(f"{address}/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url and "sign-in" not in url)


def approve_by_keys(page: Page, note: str = "") -> None:
    """Approve what the open page asks: `a` opens the dialog, Enter sends it."""
    page.locator("[data-key=a]:enabled").wait_for()
    page.keyboard.press("a")
    box = page.locator("dialog#approve")
    expect(box).to_be_visible()
    if note:
        box.get_by_label("Note").fill(note)
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
