from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import FIRST_LOGIN, USD, Api

LIMITS = {
    "name": 127, "externalId": 31, "status": 15, "country": 31, "city": 31, "state": 31,
    "zipCode": 15, "address": 95, "leadSource": 31, "phone": 31, "email": 47, "comment": 63,
}  # fmt: skip
NEW = {"group": USD, "name": "Ann Example", "leverage": 100, "enableFlags": 3}


def test_login_zero_takes_the_next_number(api: Api) -> None:
    first = api.new_account()
    assert api.new_account() == first + 1


def test_a_wanted_login_is_given_once(api: Api) -> None:
    assert api.post("UserRecordNew", {**NEW, "login": 777}).data["login"] == 777
    assert api.post("UserRecordNew", {**NEW, "login": 777}).code == "InvalidData"


def test_a_new_account_has_no_money_whatever_was_sent(api: Api) -> None:
    login = api.new_account(balance=500, credit=50)
    user = api.user(login)
    assert (user["balance"], user["credit"]) == (0, 0)


def test_leverage_zero_takes_the_groups(api: Api) -> None:
    assert api.user(api.new_account(leverage=0))["leverage"] == 200


def test_a_refused_account_takes_no_number(api: Api) -> None:
    before = api.new_account()
    api.post("UserRecordNew", {**NEW, "group": "nowhere"})
    assert api.new_account() == before + 1


@pytest.mark.parametrize("group", ["nowhere", USD.upper(), ""])
def test_an_unknown_group_is_invalid_data(api: Api, login: int, group: str) -> None:
    assert api.post("UserRecordNew", {**NEW, "group": group}).code == "InvalidData"
    assert api.patch(f"UserRecord/{login}", {"group": group}).code == "InvalidData"


@pytest.mark.parametrize(("field", "limit"), LIMITS.items())
def test_a_text_fits_its_field_or_is_refused(api: Api, login: int, field: str, limit: int) -> None:
    assert api.patch(f"UserRecord/{login}", {field: "x" * limit}).data[field] == "x" * limit
    reply = api.patch(f"UserRecord/{login}", {field: "x" * (limit + 1)})
    assert reply.code == "InvalidData"
    assert str(limit) in reply.message


def test_a_text_outside_the_code_page_is_refused(api: Api, login: int) -> None:
    assert api.patch(f"UserRecord/{login}", {"name": "Zoë"}).data["name"] == "Zoë"
    assert api.patch(f"UserRecord/{login}", {"name": "山田"}).code == "InvalidData"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"leverage": -1}, "InvalidData"),
        ({"leverage": 2**31}, "InvalidData"),
        ({"mqid": 2**63}, "InvalidData"),
        ({"balance": 1e300}, "Validation"),
        ({"name": 5}, "Validation"),
        ({"leverage": "100"}, "Validation"),
        ({"leverage": 1.5}, "Validation"),
    ],
)
def test_a_wrong_value_is_refused_and_named(
    api: Api, login: int, fields: dict[str, Any], code: str
) -> None:
    reply = api.patch(f"UserRecord/{login}", fields)
    assert reply.code == code
    assert api.user(login)["leverage"] == 100


def test_a_patch_changes_what_it_names_and_ignores_what_it_does_not_know(
    api: Api, login: int
) -> None:
    before = api.user(login)
    patch = {"city": "Rome", "color": "red", "login": 5, "registrationDate": "2001-01-01T00:00:00Z"}
    assert api.patch(f"UserRecord/{login}", patch).data == {**before, "city": "Rome"}
    assert api.user(login) == {**before, "city": "Rome"}


def test_a_patch_with_null_empties_a_field(api: Api, login: int) -> None:
    api.patch(f"UserRecord/{login}", {"city": "Rome"})
    assert api.patch(f"UserRecord/{login}", {"city": None}).data["city"] == ""


def test_an_update_replaces_the_whole_record_and_even_takes_money(api: Api, login: int) -> None:
    api.patch(f"UserRecord/{login}", {"city": "Rome", "comment": "kept?"})
    update = {"group": USD, "name": "Bob", "leverage": 50, "balance": 12.34, "credit": 5}
    user = api.post(f"UserRecordUpdate/{login}", update).data
    assert (user["name"], user["city"], user["comment"], user["enableFlags"]) == ("Bob", "", "", 0)
    assert (user["balance"], user["credit"]) == (12.34, 5)
    assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 12.34
    assert api.get(f"AdmBalanceCheck?logins={login}&logins={FIRST_LOGIN}").data == [
        {"login": login, "diff": 12.34}
    ]


def test_an_unknown_account_is_not_found(api: Api) -> None:
    for path in ("UserRecordGet/5", "UserRecordRequest/5", "AdmBalanceCheck/5"):
        assert api.get(path).code == "NotFound"
    assert api.patch("UserRecord/5", {"city": "Rome"}).code == "NotFound"
    assert api.post("UserRecordUpdate/5", NEW).code == "NotFound"


@pytest.mark.parametrize("login", ["0", "-1", "abc"])
def test_a_login_that_is_no_number_is_refused(api: Api, login: str) -> None:
    assert api.get(f"UserRecordRequest/{login}").code == "Validation"


def test_several_accounts_come_at_once_without_those_that_are_not_there(api: Api) -> None:
    reply = api.get(f"UserRecordsRequest?logins={FIRST_LOGIN}&logins=5&logins=11")
    assert [user["login"] for user in reply.data] == [FIRST_LOGIN, 11]
    assert api.get("UserRecordsRequest").code == "Validation"


@pytest.mark.parametrize(
    ("mask", "wanted"),
    [
        ("*", lambda group: True),
        (USD, lambda group: group == USD),
        (
            "real-*-usd,retail-eu",
            lambda g: (g.startswith("real-") and "usd" in g) or g == "retail-eu",
        ),
        ("*,!real-*", lambda group: not group.startswith("real-")),
        ("REAL-*", lambda group: False),
    ],
)
def test_accounts_come_by_masks_of_groups(api: Api, mask: str, wanted: Any) -> None:
    found = api.get(f"AdmUsersRequestSafe/{mask}").data
    users = api.get("UsersRequest").data
    assert found == [user for user in users if wanted(user["group"])]


def test_many_accounts_change_at_once(api: Api) -> None:
    logins = [api.new_account() for _ in range(3)]
    operations = (
        ({"command": "Leverage", "leverage": 33}, "leverage", 33),
        ({"command": "setgroup", "newGroup": "retail-eu"}, "group", "retail-eu"),
        ({"command": 2}, "enableFlags", 2),
        ({"command": "Enable"}, "enableFlags", 3),
    )
    for body, field, value in operations:
        assert api.post("UsersGroupOp", {**body, "logins": logins}).data is True
        assert [api.user(login)[field] for login in logins] == [value] * 3


def test_many_accounts_change_all_or_none(api: Api, login: int) -> None:
    body = {"command": "Leverage", "leverage": 33, "logins": [login, 5]}
    assert api.post("UsersGroupOp", body).code == "BadAccountInfo"
    assert api.user(login)["leverage"] == 100


def test_a_deleted_account_takes_its_history_along(api: Api, login: int) -> None:
    api.money(login, 10)
    api.post("UsersGroupOp", {"command": "Delete", "logins": [login]})
    assert api.get(f"UserRecordRequest/{login}").code == "NotFound"
    assert api.get(f"TradesUserHistory/{login}").data == []


def test_an_account_with_open_orders_is_not_deleted(api: Api) -> None:
    login = api.get("TradesRequest?limit=1").data[0]["login"]
    body = {"command": "Delete", "logins": [login]}
    assert api.post("UsersGroupOp", body).code == "InvalidData"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"command": "Explode", "logins": [FIRST_LOGIN]}, "Validation"),
        ({"logins": [FIRST_LOGIN]}, "Validation"),
        ({"command": "Enable", "logins": []}, "Validation"),
        ({"command": "SetGroup", "newGroup": "nowhere", "logins": [FIRST_LOGIN]}, "InvalidData"),
    ],
)
def test_a_wrong_group_operation_is_refused(api: Api, body: dict[str, Any], code: str) -> None:
    assert api.post("UsersGroupOp", body).code == code
