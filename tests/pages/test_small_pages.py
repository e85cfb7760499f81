"""Health, errors, the overview, the search box, one's own page."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from panel.models import Platform, User
from panel.pages import errors
from tests.core.money import ask_withdrawal, new_account
from tests.factories import PASSWORD, make_user
from tests.pages.browsing import page_url, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def test_health_says_what_it_stands_on_and_no_secret(platform: Platform) -> None:
    answer = Client().get(reverse("health"))
    assert answer.status_code in (200, 503)
    assert set(answer.json()) == {"database", "broker", "platforms", "platforms_connected"}
    assert answer.json()["database"] == "ok"


def test_an_unknown_address_says_what_to_do(cast: Cast) -> None:
    answer = signed_in(cast.olga).get("/nothing/here/")
    assert answer.status_code == 404
    text = text_of(answer)
    assert "Nothing was changed" in text
    assert answer["X-Request-Id"] in text


def test_a_part_of_a_page_gets_an_error_in_words(cast: Cast) -> None:
    answer = signed_in(cast.olga).get("/nothing/here/", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/plain")


def test_a_failure_does_not_need_the_frame() -> None:
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "never sent twice" in answer.content.decode()


def test_an_old_form_is_refused_in_words(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga)
    answer = client.post(reverse("me"), {"time_zone": "UTC"})
    assert answer.status_code == 403
    assert "This form is too old" in text_of(answer)


def test_the_overview_shows_each_what_they_may_see(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    for_bob = text_of(signed_in(cast.bob).get(reverse("dashboard")))
    for_olga = text_of(signed_in(cast.olga).get(reverse("dashboard")))
    for_alice = text_of(signed_in(cast.alice).get(reverse("dashboard")))
    assert "Waits for you 1 request" in for_bob
    assert f"Your last requests All {request.reference}" in for_olga
    assert "Outcome unknown" not in for_alice
    assert request.reference not in for_alice


def test_the_overviews_moving_part_comes_alone(platform: Platform, cast: Cast) -> None:
    answer = signed_in(cast.bob).get(reverse("dashboard"), headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "<html" not in page
    assert 'id="now-lists" hx-swap-oob="true"' in page


def test_the_search_box_knows_references(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    olga = signed_in(cast.olga)
    for words in (
        request.reference,
        request.reference.lower(),
        request.reference.replace(" ", "-"),
    ):
        assert olga.get(reverse("search"), {"q": words})["Location"] == page_url(request)
    assert olga.get(reverse("search"), {"q": "suzuki"})["Location"].endswith("?q=suzuki")


def test_ones_own_page_keeps_zone_and_looks(cast: Cast) -> None:
    olga = signed_in(cast.olga)
    olga.post(
        reverse("me"), {"time_zone": "Europe/Berlin", "theme": "dark", "density": "comfortable"}
    )
    kept = User.objects.get(pk=cast.olga.pk)
    assert kept.time_zone == "Europe/Berlin"
    assert kept.preferences["theme"] == "dark"
    wrong = olga.post(reverse("me"), {"time_zone": "Mars/Base", "theme": "dark"})
    assert wrong.status_code == 422


def test_without_any_role_the_overview_is_closed(db: None) -> None:
    assert signed_in(make_user("Dave")).get(reverse("dashboard")).status_code == 403
    assert signed_in(make_user("Dora")).get(reverse("me")).status_code == 200


def test_behind_a_proxy_a_strangers_failures_lock_nobody_else_out(
    db: None, settings: Settings
) -> None:
    settings.BEHIND_PROXY = True
    person, address = make_user("Olga", "back-office"), reverse("account_login")

    def sign_in(login: str, password: str, forwarded: str) -> int:
        form = {"login": login, "password": password}
        return Client(headers={"X-Forwarded-For": forwarded}).post(address, form).status_code

    for number in range(12):
        # What the stranger puts in front of the proxy's word does not count.
        stranger = f"198.51.100.{number}, 203.0.113.7"
        refused = sign_in(f"nobody{number}@broker.test", "wrong", stranger)
    assert refused == 200
    assert sign_in(person.email, PASSWORD, "198.51.100.1, 203.0.113.7") == 200, "still too many"
    assert sign_in(person.email, PASSWORD, "203.0.113.8") == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_nul_is_refused_before_it_gets_anywhere(cast: Cast, method: str) -> None:
    client = signed_in(cast.ada)
    if method == "get":
        answer = client.get(reverse("staff_list"), {"q": "a\0b"})
    else:
        answer = client.post(reverse("reason_list"), {"purpose": "reject", "text": "a\0b"})
    assert answer.status_code == 400
    assert "Nothing was changed" in text_of(answer)
