"""The control page over HTTP: what it shows, what its forms do, and whom it lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, USD, Api

PAGES = (
    "/", "/accounts", f"/accounts/{FIRST_LOGIN}", "/prices", "/groups",
    "/groups?group=real-std-jpy", "/faults", "/calls", "/journal", "/managers",
    "/managers?login=11", "/outbox",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=120, clock="2026-03-04T12:00:00") as sandbox:
        yield Api(sandbox)


def _get(api: Api, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{api.sandbox.url}{path}", headers=headers, timeout=10)


def _words(api: Api, path: str) -> str:
    """The text of a page, without its markup."""
    answer = _get(api, path)
    assert answer.status_code == 200, answer.text
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def _send(api: Api, path: str, form: Any = None, **headers: str) -> requests.Response:
    url = api.sandbox.url
    return requests.post(f"{url}{path}", data=form, headers=headers or {"Origin": url}, timeout=60)


def _said(answer: requests.Response) -> str:
    """The sentence that a page shows after a form."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'<p class="said[^>]*>(.*?)</p>', answer.text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_one_without_anything_inline(api: Api, path: str) -> None:
    answer = _get(api, path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", answer.text)
    assert answer.text.count("<h1>") == 1
    for name in re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text):
        assert _get(api, name).status_code == 200


@pytest.mark.parametrize("host", ["sandbox.example.com", "127.0.0.1.example.com", "10.0.0.1", ""])
def test_only_names_of_this_machine_open_the_pages_and_the_strings(api: Api, host: str) -> None:
    for path in ("/", "/accounts", "/control/state", "/static/control.js"):
        assert _get(api, path, Host=host).status_code in (400, 403)
    assert _get(api, "/", Host=f"localhost:{api.sandbox.port}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Accept": "*/*"},
    ],
)
def test_a_form_of_another_site_changes_nothing(api: Api, headers: dict[str, str]) -> None:
    rule = {"fault": "busy", "operation": "*"}
    assert _send(api, "/faults", rule, **headers).status_code == 403
    assert api.sandbox.faults() == []


def test_another_site_cannot_pull_the_strings_either_while_scripts_can(api: Api) -> None:
    url, rule = f"{api.sandbox.url}/control/faults", {"fault": "busy", "operation": "MailSend"}
    foreign = {"Origin": "https://evil.example.com"}
    assert requests.post(url, json=rule, headers=foreign, timeout=5).status_code == 403
    assert requests.delete(url, headers=foreign, timeout=5).status_code == 403
    assert requests.post(url, json=rule, timeout=5).status_code == 201


def test_an_account_shows_the_figures_of_the_server(api: Api) -> None:
    login = next(t for t in api.get("TradesRequest").data if t["tradeCommand"] == "Buy")["login"]
    level, user = api.get(f"MarginLevelRequest/{login}").data, api.user(login)
    words = _words(api, f"/accounts/{login}").replace("−", "-")
    for label, value in (
        ("Balance", user["balance"]),
        ("Credit", user["credit"]),
        ("Equity", level["equity"]),
        ("Margin", level["margin"]),
        ("Free margin", level["free"]),
        ("Level %", level["level"]),
    ):
        assert f"{label} {value:,.2f}" in words
    for trade in api.get(f"TradesGetByLogin/{login}/{user['group']}").data:
        assert f" {trade['order']} {trade['tradeCommand']} {trade['symbol']} " in words
    assert _get(api, "/accounts/999999").status_code == 404


def test_what_people_typed_is_shown_as_text(api: Api) -> None:
    login = api.new_account(name="<script>alert(1)</script>", comment='"><img src=x>')
    for path in (f"/accounts/{login}", "/accounts?q=alert", "/accounts?q=<b>", "/journal?q=<b>"):
        page = _get(api, path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>" not in page.partition("<main")[2]


def test_all_accounts_are_reached_page_by_page(api: Api) -> None:
    seen: list[int] = []
    path: str | None = "/accounts"
    while path:
        page = _get(api, path).text
        seen += map(int, re.findall(r'href="/accounts/(\d+)"', page))
        following = re.search(r'href="(/accounts\?[^"]*)">Next page', page)
        path = unescape(following[1]) if following else None
    assert seen == [user["login"] for user in api.get("UsersRequest").data]
    assert len(seen) > 100


def test_accounts_are_found_by_login_name_group_and_open_orders(api: Api) -> None:
    login = api.new_account(name="Zoë Unusual", group=USD)
    for words in (str(login), "unusual", f"zoë {USD}"):
        assert f'href="/accounts/{login}"' in _get(api, f"/accounts?q={words}").text
    assert "No account is like that." in _words(api, "/accounts?q=unusual&open=1")


def test_a_long_history_is_leafed_through(api: Api, login: int) -> None:
    for number in range(45):
        api.money(login, 1, f"DP {number:02}")
    newest, older = (_words(api, f"/accounts/{login}{query}") for query in ("", "?newer=40"))
    assert "DP 44" in newest
    assert "DP 04" not in newest
    assert "1 to 40 of 45" in newest
    assert "DP 04" in older
    assert "DP 05" not in older


def test_a_fault_is_switched_on_strikes_and_is_switched_off(api: Api, login: int) -> None:
    form = {"fault": "mt4_error", "operation": "UserRecord", "code": "TradeDisable", "count": ""}
    said = _said(_send(api, "/faults", form | {"probability": "1", "seconds": "", "login": ""}))
    assert said == "mt4_error is switched on for UserRecord."
    assert "1 fault switched on" in _words(api, "/")
    assert api.patch(f"UserRecord/{login}", {"city": "Rome"}).code == "TradeDisable"
    assert "UserRecord sandbox" in _words(api, "/calls")
    assert "TradeDisable mt4_error" in _words(api, "/calls")
    (rule,) = api.sandbox.faults()
    assert _said(_send(api, f"/faults/{rule['id']}/off")) == "The fault is switched off."
    assert api.patch(f"UserRecord/{login}", {"city": "Rome"}).code == "Ok"


def test_a_fault_that_is_spent_is_not_counted_any_more(api: Api) -> None:
    _send(api, "/faults", {"fault": "busy", "operation": "ServerTime", "count": "1"})
    assert api.get("ServerTime").code == "Busy"
    assert "spent" in _words(api, "/faults")
    assert "switched on" not in _words(api, "/calls")
    assert _said(_send(api, "/faults/off")) == "All faults are switched off."
    assert api.sandbox.faults() == []


def test_a_fault_that_makes_no_sense_is_refused_in_words(api: Api) -> None:
    said = _said(_send(api, "/faults", {"fault": "mt4_error", "operation": "*"}))
    assert said == "No fault was switched on: code and mt4_error need each other."
    assert api.sandbox.faults() == []


def test_a_price_is_moved_or_refused(api: Api) -> None:
    form = {"symbol": "GBPUSD", "bid": "1.3", "ask": "1.3002"}
    assert _said(_send(api, "/prices", form)) == "GBPUSD moved to 1.30000 / 1.30020."
    assert api.get("TickInfoLast/GBPUSD").data["bid"] == 1.3
    assert "1.30000" in _words(api, "/prices")
    for wrong in ({"bid": "x"}, {"bid": "NaN"}, {"ask": "1.2"}, {"symbol": "NOTHING"}):
        assert _said(_send(api, "/prices", form | wrong)).startswith("The price was not moved")
    assert api.get("TickInfoLast/GBPUSD").data["bid"] == 1.3


def test_a_standing_clock_is_moved_on(api: Api) -> None:
    before = api.get("ServerTime").data
    assert before[:19].replace("T", " ") in _words(api, "/")
    assert _said(_send(api, "/clock", {"advance": "90"})) == "The clock moved on by 90 minutes."
    assert api.get("ServerTime").data > before
    assert "was not moved" in _said(_send(api, "/clock", {"advance": "-5"}))


def test_a_clock_that_runs_is_not_moved(lonely: Api) -> None:
    assert "Move the clock" not in _words(lonely, "/prices")
    assert "only a standing clock" in _said(_send(lonely, "/clock", {"advance": "5"}))


def test_a_manager_and_a_client_are_made_and_removed(api: Api) -> None:
    manager = {"login": "77", "name": "Auditor", "groups": "real-*", "rights": ["logs", "online"]}
    assert _said(_send(api, "/managers", manager)) == "Manager 77 is saved."
    client = {"id": "new app/1", "secret": "hush", "manager": "77"}
    assert _said(_send(api, "/clients", client)) == "new app/1 acts as manager 77."
    desk = Api(api.sandbox, "new app/1", "hush")
    assert desk.get("OnlineGet").code == "Ok"
    assert desk.get("CfgRequestHoliday").code == "NotEnoughRights"
    assert "hush" not in _get(api, "/managers").text
    assert "removed" in _said(_send(api, "/clients/new%20app%2F1/off"))
    assert desk.raw("GET", "ServerTime").status_code == 401
    assert "was not saved" in _said(_send(api, "/clients", client | {"manager": "1234"}))
    assert "was not saved" in _said(_send(api, "/managers", manager | {"login": "100001"}))


def test_the_outbox_shows_what_left_nowhere(api: Api) -> None:
    api.post("MailSend", {"subject": "Maintenance", "body": "Tonight", "logins": [FIRST_LOGIN]})
    api.post("NewsSend", {"topic": "Rates stay", "body": "As they were"})
    words = _words(api, "/outbox")
    for text in ("Maintenance Tonight", "Rates stay", "As they were", str(FIRST_LOGIN)):
        assert text in words


def test_a_link_cannot_put_words_into_the_pages_mouth(api: Api) -> None:
    assert "You won" not in _get(api, "/?said=You%20won").text


def test_the_live_part_alone_can_be_fetched_and_never_a_password(api: Api, login: int) -> None:
    api.post(f"UserPasswordSet/{login}", "Secret123x")
    part = _get(api, "/calls?part=live").text
    assert "UserPasswordSet" in part
    assert "<html" not in part
    for path in ("/calls", "/journal", f"/accounts/{login}"):
        assert "Secret123x" not in _get(api, path).text


def test_groups_are_switched_and_their_switches_shown(api: Api) -> None:
    form = {
        "group": "real-vip-eur",
        "commission": "0.0025",
        "commissionKind": "Percent",
        "commissionFor": "side",
        "pendingsLookAtHedging": "yes",
    }
    assert _said(_send(api, "/groups", form)) == "real-vip-eur is set, for orders from now on."
    words = _words(api, "/groups")
    assert "real-vip-eur EUR 0.0025 percent a lot one side, booked for both allowed" in words
    page = _get(api, "/groups?group=real-vip-eur").text
    assert '<option value="side" selected>' in page, "what is not touched stays"
    assert '<option value="yes" selected>' in page
    said = _said(_send(api, "/groups", form | {"commission": "much"}))
    assert said == "Nothing was changed: commission is a number."
    said = _said(_send(api, "/groups", form | {"group": "nobody"}))
    assert said == "Nothing was changed: there is no group 'nobody'."
