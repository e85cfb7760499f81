from __future__ import annotations

import pytest

from tests.sandbox.api import Api


@pytest.mark.parametrize("password", ["abc12", "ABCdef123456789", "Abcd1!"])
def test_a_good_password_is_set_and_checked(api: Api, login: int, password: str) -> None:
    assert api.post(f"UserPasswordSet/{login}", password).data is True
    assert api.post(f"UserPasswordCheck/{login}", password).data is True
    assert api.post(f"UserPasswordCheck/{login}", password + "x").code == "BadAccountInfo"


@pytest.mark.parametrize(
    "password", ["ab12", "ABCdef1234567890", "abcdef", "12345678", "abc 123", "pässw0rd", ""]
)
def test_a_poor_password_is_invalid_data(api: Api, login: int, password: str) -> None:
    assert api.post(f"UserPasswordSet/{login}", password).code == "InvalidData"


def test_no_password_opens_a_new_account(api: Api, login: int) -> None:
    assert api.post(f"UserPasswordCheck/{login}", "").code == "BadAccountInfo"


def test_the_investor_password_must_differ_from_the_main_one(api: Api, login: int) -> None:
    investor = f"UserPasswordSet/{login}?changeInvestor=true"
    api.post(f"UserPasswordSet/{login}", "mainWord1")
    assert api.post(investor, "mainWord1").code == "InvalidData"
    assert api.post(investor, "lookOnly2").data is True
    assert api.post(f"UserPasswordSet/{login}", "lookOnly2").code == "InvalidData"
    for password in ("mainWord1", "lookOnly2"):
        assert api.post(f"UserPasswordCheck/{login}", password).data is True


def test_a_disabled_account_opens_to_no_password(api: Api) -> None:
    login = api.new_account(enableFlags=2)
    api.post(f"UserPasswordSet/{login}", "mainWord1")
    assert api.post(f"UserPasswordCheck/{login}", "mainWord1").code == "AccountDisabled"


def test_an_unknown_account_has_no_password(api: Api) -> None:
    assert api.post("UserPasswordSet/5", "mainWord1").code == "BadAccountInfo"
    assert api.post("UserPasswordCheck/5", "mainWord1").code == "BadAccountInfo"


def test_a_password_must_be_a_text(api: Api, login: int) -> None:
    assert api.post(f"UserPasswordSet/{login}", {"password": "mainWord1"}).code == "Validation"
    assert api.post(f"UserPasswordSet/{login}").code == "Validation"


def test_a_password_never_comes_back(api: Api, login: int) -> None:
    api.post(f"UserPasswordSet/{login}", "mainWord1")
    assert "mainWord1" not in str(api.user(login))
