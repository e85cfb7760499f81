"""The pages: who sees what, what is masked, what a form says, and what stays without MT4."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.mirror import mirror_now
from accounts.models import Account
from panel.commands import executor
from panel.models import AuditEntry, ChangeRequest, Platform, User
from panel.mt4.protocol.flags import EnableFlags
from tests.core.conftest import Cast
from tests.core.money import new_account
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def logins(html: str) -> list[int]:
    return [int(login) for login in re.findall(r'data-href="/accounts/demo/(\d+)/"', html)]


@pytest.fixture
def mirrored(platform: Platform) -> Platform:
    mirror_now(platform)
    return platform


def away(platform: Platform) -> None:
    Platform.objects.filter(pk=platform.pk).update(
        api_base="http://127.0.0.1:9", authority="http://127.0.0.1:9", state="away"
    )


def test_the_list_shows_only_what_lies_within_the_scopes(mirrored: Platform, cast: Cast) -> None:
    everybody = signed_in(cast.olga)
    narrow = signed_in(make_user("Nora", "back-office", groups="real-std-*,!real-std-jpy"))
    assert len(logins(page(everybody, "account_list"))) == 50
    groups = set(
        Account.objects.filter(login__in=logins(page(narrow, "account_list"))).values_list(
            "group", flat=True
        )
    )
    assert groups
    assert groups <= {"real-std-usd", "real-std-eur", "real-std-gbp"}


def test_an_account_outside_the_scopes_is_not_found_and_the_attempt_is_kept(
    mirrored: Platform,
) -> None:
    login = new_account(mirrored)
    narrow = signed_in(make_user("Nora", "back-office", groups="real-ecn-*"))
    for name in ("account", "account_changes", "account_change_leverage"):
        assert narrow.get(reverse(name, args=("demo", login))).status_code == 404
    kept = AuditEntry.objects.filter(outcome="denied", code="scope", object_key=str(login))
    assert kept.count() == 3


def test_the_list_takes_few_queries_however_long_it_is(
    mirrored: Platform, cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = signed_in(cast.olga)
    page(client, "account_list")
    with django_assert_max_num_queries(26):
        page(client, "account_list")


def test_search_finds_by_the_beginning_of_a_login_and_parts_of_name_and_e_mail(
    mirrored: Platform, cast: Cast
) -> None:
    login = new_account(mirrored, "0", name="Zoë Müller", email="Zed@Find.Me")
    mirror_now(mirrored)
    client = signed_in(cast.olga)
    for words in (str(login), "ZOË", "müller", "find.me"):
        assert login in logins(page(client, "account_list", q=words)), words
    beginning = logins(page(client, "account_list", q="10000"))
    assert beginning
    assert all(str(found).startswith("10000") for found in beginning)
    assert logins(page(client, "account_list", q="nobody at all")) == []


def test_e_mails_are_neither_shown_nor_searched_without_the_right(
    mirrored: Platform, cast: Cast
) -> None:
    login = new_account(mirrored, "0", name="Secret Person", email="hidden@corner.test")
    mirror_now(mirrored)
    dealer = signed_in(cast.alice)
    columns = {"accounts": {"columns": ["login", "email", "phone"]}}
    User.objects.filter(pk=cast.alice.pk).update(preferences={"tables": columns})

    assert logins(page(dealer, "account_list", q="corner.test")) == []
    html = page(dealer, "account_list", q="secret person")
    assert "hidden@corner.test" not in html
    assert "h•••@c•••" in html
    assert "hidden@corner.test" not in page(dealer, "account", "demo", login)
    assert "hidden@corner.test" in page(signed_in(cast.carol), "account", "demo", login)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"group": "real-std-eur"}, lambda row: row.group == "real-std-eur"),
        ({"access": "disabled"}, lambda row: not row.enabled),
        ({"margin": "risk"}, lambda row: row.margin_state in ("MarginCall", "StopOut")),
        ({"balance_min": "1000", "balance_max": "5000"}, lambda row: 1000 <= row.balance <= 5000),
        ({"currency": ["JPY", "GBP"]}, lambda row: row.currency in ("JPY", "GBP")),
    ],
)
def test_filters_narrow_the_list(
    mirrored: Platform, cast: Cast, query: dict[str, Any], fits: Callable[[Account], bool]
) -> None:
    expected = [row.login for row in Account.objects.order_by("login") if fits(row)]
    found = logins(page(signed_in(cast.olga), "account_list", **query))
    assert found == expected[:50]


@pytest.mark.parametrize("sort", ["-balance", "level", "-level", "name_key", "-last_seen", "free"])
def test_pages_of_any_sort_show_every_account_once(
    mirrored: Platform, cast: Cast, sort: str
) -> None:
    client = signed_in(cast.olga)
    url, seen = f"{reverse('account_list')}?sort={sort}", []
    while url:
        html = client.get(url).content.decode()
        seen += logins(html)
        following = re.search(r'href="([^"]+)" rel="next"', html)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == Account.objects.count()


def test_before_the_first_reading_the_list_says_so(platform: Platform, cast: Cast) -> None:
    assert "Not read yet" in page(signed_in(cast.olga), "account_list")


def test_without_mt4_the_pages_go_on_from_the_mirror_and_say_so(
    mirrored: Platform, cast: Cast
) -> None:
    login = new_account(mirrored, "12.34")
    mirror_now(mirrored)
    away(mirrored)
    client = signed_in(cast.olga)
    assert str(login) in page(client, "account_list", q=str(login))
    html = page(client, "account", "demo", login)
    assert "12.34" in html
    assert "does not answer" in html
    assert re.search(r"<button[^>]* disabled[^>]*>.*?Deposit", html, re.S)
    for name in ("account_change_profile", "account_change_access"):
        response = client.get(reverse(name, args=("demo", login)))
        assert response.status_code == 503
        assert "Nothing was changed" in response.content.decode()


def test_the_figures_of_an_account_are_fetched_alone(mirrored: Platform, cast: Cast) -> None:
    login = new_account(mirrored, "55.00")
    response = signed_in(cast.olga).get(
        reverse("account", args=("demo", login)),
        headers={"HX-Request": "true", "HX-Target": "account-live"},
    )
    html = response.content.decode()
    assert "55.00" in html
    assert "<html" not in html


def form_key(html: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', html)
    assert found
    return found[1]


FORMS: list[tuple[str, dict[str, str], str]] = [
    ("account_change_leverage", {"leverage": "200"}, "from 1:100 to 1:200"),
    ("account_change_group", {"group": "real-ecn-usd"}, "from real-std-usd to real-ecn-usd"),
    ("account_change_access", {"enabled": "on", "read_only": "on"}, "trading read-only"),
    ("account_password", {"which": "investor"}, "new investor password"),
]


@pytest.mark.parametrize(("name", "values", "sentence"), FORMS)
def test_a_form_previews_and_sends_once(
    mirrored: Platform,
    cast: Cast,
    name: str,
    values: dict[str, str],
    sentence: str,
) -> None:
    login = new_account(mirrored, enable_flags=EnableFlags.Enabled)
    client, url = signed_in(cast.olga), reverse(name, args=("demo", login))
    data = {**values, "key": form_key(client.get(url).content.decode()), "reason": "asked for"}
    preview = client.post(url, {**data, "step": "preview"})
    assert sentence in preview.content.decode()
    assert not ChangeRequest.objects.exists()

    for _ in range(2):
        assert client.post(url, {**data, "step": "send"}).status_code == 302
    request = ChangeRequest.objects.get()
    assert (request.login, request.reason) == (login, "asked for")


def test_the_profile_form_sends_only_what_differs(mirrored: Platform, cast: Cast) -> None:
    login = new_account(mirrored, name="Old Name", city="Gdynia")
    client = signed_in(cast.olga)
    url = reverse("account_change_profile", args=("demo", login))
    html = client.get(url).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', html)
    assert seen
    data = {"key": form_key(html), "seen": seen[1], "name": "New Name", "city": "Gdynia"}
    assert client.post(url, {**data, "step": "send"}).status_code == 302
    assert ChangeRequest.objects.get().payload["changes"] == {"name": "New Name"}

    executor.run(ChangeRequest.objects.get().pk)
    late = client.post(url, {**data, "key": "another", "name": "Third", "step": "preview"})
    assert "Somebody changed this profile" in late.content.decode()


def test_opening_an_account_from_the_form_shows_errors_beside_the_fields(
    mirrored: Platform, cast: Cast
) -> None:
    client, url = signed_in(cast.olga), reverse("account_create", args=("demo",))
    key = form_key(client.get(url).content.decode())
    wrong = client.post(
        url,
        {"key": key, "group": "", "leverage": "0", "name": "Ж", "email": "x", "step": "preview"},
    )
    html = wrong.content.decode()
    assert wrong.status_code == 422
    for field in ("group", "leverage", "name", "email"):
        assert f'id="id_{field}_error"' in html
    right = {
        "key": key,
        "group": "real-std-usd",
        "leverage": "100",
        "name": "Jo Ann",
        "step": "send",
    }
    assert client.post(url, right).status_code == 302
    assert ChangeRequest.objects.get().command == "accounts.create"


def test_the_changes_tab_lists_the_requests_of_the_account(mirrored: Platform, cast: Cast) -> None:
    login = new_account(mirrored)
    client = signed_in(cast.olga)
    url = reverse("account_change_leverage", args=("demo", login))
    client.post(url, {"key": "one", "leverage": "50", "step": "send"})
    reference = ChangeRequest.objects.get().reference
    assert reference in page(client, "account_changes", "demo", login)
    assert reference in page(client, "account", "demo", login)
