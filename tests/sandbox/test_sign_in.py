from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.harness.sandbox import CLIENT_ID, CLIENT_SECRET, PLATFORM
from tests.sandbox.api import Api

GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def _token(api: Api, form: dict[str, str], **rest: Any) -> requests.Response:
    return requests.post(f"{api.sandbox.url}/connect/token", data=form, timeout=5, **rest)


def test_discovery_names_a_token_endpoint_on_the_same_address(api: Api) -> None:
    url = f"{api.sandbox.url}/.well-known/openid-configuration"
    assert requests.get(url, timeout=5).json()["token_endpoint"].startswith(api.sandbox.url)


def test_a_token_lives_an_hour(api: Api) -> None:
    answer = _token(api, {**GRANT, "scope": "webapi"}).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)


def test_credentials_may_come_as_basic_authorization(api: Api) -> None:
    form = {"grant_type": "client_credentials"}
    assert _token(api, form, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({**GRANT, "client_secret": "wrong"}, 401, "invalid_client"),
        ({**GRANT, "client_id": "somebody"}, 401, "invalid_client"),
        ({**GRANT, "client_secret": "falsch-ß"}, 401, "invalid_client"),
        ({**GRANT, "grant_type": "password"}, 400, "unsupported_grant_type"),
        ({**GRANT, "scope": "webapi admin"}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(
    api: Api, form: dict[str, str], status: int, error: str
) -> None:
    answer = _token(api, form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("header", ["", "Bearer made-up", "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA=="])
def test_without_a_token_nothing_runs(api: Api, login: int, header: str) -> None:
    url = f"{api.sandbox.url}/api/v2/MT4/{PLATFORM}/UserRecord/{login}"
    headers = {"Authorization": header}
    answer = requests.patch(url, json={"city": "Rome"}, headers=headers, timeout=5)
    assert answer.status_code == 401
    assert api.user(login)["city"] == ""


def test_the_platforms_are_a_plain_list(api: Api) -> None:
    (platform,) = api.session.get(f"{api.sandbox.url}/api/TradePlatforms", timeout=5).json()
    assert (platform["id"], platform["type"], platform["login"]) == (PLATFORM, "MT4", 11)


def test_a_restart_asks_everybody_to_sign_in_again(lonely: Api) -> None:
    lonely.sandbox.restart()
    assert lonely.raw("GET", "ServerTime").status_code == 401
    lonely.sign_in()
    assert lonely.get("ServerTime").code == "Ok"
