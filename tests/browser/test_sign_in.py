"""Signing in: the password, the second factors, one's sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from playwright.sync_api import Browser, BrowserContext, Page, expect

from panel.models import AuditEntry, Role, User
from tests.harness.browser import sign_in
from tests.harness.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHRASE = "a phrase that is long enough"
Enter = Callable[[], Page]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Enter]:
    """A browser of one's own that has never been here; a script error on a page fails the test."""
    contexts: list[BrowserContext] = []

    def enter() -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        return page

    yield enter
    for context in contexts:
        context.close()


def new_person(stack: Stack, name: str) -> str:
    """A clerk whom no other test knows; the address to sign in with."""
    address = f"{name}@broker.test"
    with stack.connected():
        person = User.objects.create_user(address, name=name.title())
        # Hashed as the panel does it; the tests' own process has a quicker way.
        person.password = make_password(PHRASE, hasher=PBKDF2PasswordHasher())
        person.save()
        person.roles.set(Role.objects.filter(slug="back-office"))
    return address


def code_now(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238: SHA-1, 30 seconds, six digits)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def first_step(page: Page, stack: Stack, address: str) -> None:
    """Address and password; what comes then is the test's."""
    page.goto(f"{stack.url}/sign/login/")
    page.fill("input[name=login]", address)
    page.fill("input[name=password]", PHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()


def open_confirmed(page: Page, address: str) -> None:
    """Open a page that protects the account itself: it asks for the password once more."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    page.fill("input[name=password]", PHRASE)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(address)


def test_a_wrong_password_says_not_which_part_was_wrong_and_is_recorded(
    panel_stack: Stack, visitor: Enter
) -> None:
    page = visitor()
    told = []
    for address in ("ops@demo.test", "nobody@demo.test"):
        page.goto(f"{panel_stack.url}/sign/login/")
        page.fill("input[name=login]", address)
        page.fill("input[name=password]", "not the password")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert").first).to_be_visible()
        told.append(page.get_by_role("alert").first.inner_text())
    assert told[0] == told[1]
    with panel_stack.connected():
        denied = AuditEntry.objects.filter(action="sign-in", outcome="denied")
        assert {entry.object_text for entry in denied} >= {"ops@demo.test", "nobody@demo.test"}


def test_an_authenticator_app_and_a_recovery_code(panel_stack: Stack, visitor: Enter) -> None:
    address = new_person(panel_stack, "tina")
    page = visitor()
    sign_in(page, panel_stack.url, address, PHRASE)
    open_confirmed(page, f"{panel_stack.url}/sign/2fa/totp/activate/")
    secret = re.search(r"\b[A-Z2-7]{32}\b", page.content())
    assert secret
    page.fill("input[name=code]", code_now(secret[0]))
    page.get_by_role("button", name="Turn it on").click()
    page.goto(f"{panel_stack.url}/sign/2fa/recovery-codes/")
    codes = page.locator("#recovery_codes li").all_inner_texts()
    assert len(codes) == 10

    page = visitor()
    first_step(page, panel_stack, address)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.goto(f"{panel_stack.url}/accounts/")
    expect(page).to_have_url(re.compile("/sign/"))  # the password alone opens nothing

    for code, inside in ((codes[0], True), (codes[0], False), ("000000", False)):
        page = visitor()
        first_step(page, panel_stack, address)
        page.fill("input[name=code]", code)
        page.get_by_role("button", name="Sign in", exact=True).click()
        if inside:
            expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        else:
            expect(page.locator("body")).to_contain_text("Incorrect code")
            expect(page.get_by_role("heading", name="Second step")).to_be_visible()


def test_a_security_key(panel_stack: Stack, visitor: Enter) -> None:
    address = new_person(panel_stack, "kira")
    page = visitor()
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "usb",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    sign_in(page, panel_stack.url, address, PHRASE)
    open_confirmed(page, f"{panel_stack.url}/sign/2fa/webauthn/add/")
    page.fill("input[name=name]", "Blue key")
    page.get_by_role("button", name="Add the key").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    page.goto(f"{panel_stack.url}/sign/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("Blue key")

    page.context.clear_cookies()
    first_step(page, panel_stack, address)
    page.get_by_role("button", name="Use a security key").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_one_sees_ones_sessions_and_ends_the_others(panel_stack: Stack, visitor: Enter) -> None:
    address = new_person(panel_stack, "sema")
    here, there = visitor(), visitor()
    for page in (there, here):
        sign_in(page, panel_stack.url, address, PHRASE)
    here.goto(f"{panel_stack.url}/sign/sessions/")
    expect(here.locator("tbody tr")).to_have_count(2)
    here.get_by_role("button", name="End the other sessions").click()
    expect(here.locator("tbody tr")).to_have_count(1)
    there.goto(f"{panel_stack.url}/accounts/")
    expect(there).to_have_url(re.compile("/sign/login/"))
