from __future__ import annotations

import pytest

from tests.sandbox.api import Api


def test_accounts_come_by_login_in_pages_that_miss_nothing(api: Api) -> None:
    pages = list(api.pages("UsersRequest", 7))
    assert {len(page) for page in pages[:-1]} == {7}
    logins = [user["login"] for page in pages for user in page]
    assert logins == sorted(user["login"] for user in api.get("UsersSnapshot").data)


def test_trades_come_by_ticket(api: Api) -> None:
    tickets = [trade["order"] for page in api.pages("TradesRequest", 11) for trade in page]
    assert tickets == sorted(set(tickets))
    assert len(tickets) == api.sandbox.state()["openTrades"]


def test_without_a_limit_everything_comes_in_one_page(api: Api) -> None:
    reply = api.get("UsersRequest")
    assert len(reply.data) == api.sandbox.state()["accounts"]
    assert reply.meta["paging"] == {"nextCursor": None, "hasMore": False}


def test_a_page_that_holds_the_rest_exactly_is_the_last(api: Api) -> None:
    count = api.sandbox.state()["groups"]
    reply = api.get(f"GroupsRequest?limit={count}")
    assert reply.meta["paging"]["hasMore"] is False
    assert len(reply.data) == count


def test_an_account_made_meanwhile_comes_on_a_later_page(api: Api) -> None:
    pages = api.pages("UsersRequest", 50)
    seen = [user["login"] for user in next(pages)]
    login = api.new_account()
    seen += [user["login"] for page in pages for user in page]
    assert login in seen
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("query", ["limit=0", "limit=5001", "limit=ten", "limit=5&cursor=%21%21"])
def test_a_limit_or_cursor_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    assert api.get(f"UsersRequest?{query}").code == "Validation"


def test_trades_may_be_asked_for_by_group(api: Api) -> None:
    users = {user["login"]: user["group"] for user in api.get("UsersRequest").data}
    everything = api.get("TradesRequest").data
    for group in {users[trade["login"]] for trade in everything}:
        found = [trade["order"] for trade in api.get(f"TradesRequest?group={group}").data]
        wanted = [trade["order"] for trade in everything if users[trade["login"]] == group]
        assert found == wanted
