from __future__ import annotations

import re

import pytest

from tests.sandbox.api import Api

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_the_activity_is_the_trace_of_the_caller(api: Api) -> None:
    reply = api.get("ServerTime", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert reply.meta["activityId"] == TRACE


def test_without_a_trace_every_call_gets_its_own_activity(api: Api) -> None:
    first, second = (api.get("ServerTime").meta["activityId"] for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_a_list_that_does_not_page_says_nothing_of_pages(api: Api) -> None:
    assert "paging" not in api.get("CfgRequestSymbol").meta


def test_an_unknown_platform_is_not_found(api: Api) -> None:
    reply = api.get("ServerTime", platform="22222222-2222-4222-8222-222222222222")
    assert (reply.status, reply.code) == (200, "NotFound")


@pytest.mark.parametrize("path", ["ServerTimes", "UserRecordGet", "UserRecordGet/1/2"])
def test_an_unknown_operation_is_not_found(api: Api, path: str) -> None:
    assert api.get(path).code == "NotFound"


def test_a_body_that_is_not_json_is_refused(api: Api, login: int) -> None:
    url = api.raw("GET", f"UserRecordGet/{login}").url.replace("UserRecordGet", "UserRecord")
    answer = api.session.patch(url, data=b"{city", timeout=5)
    assert answer.json()["error"]["code"] == "Validation"


@pytest.mark.parametrize(
    ("method", "path", "seconds"),
    [
        ("POST", "TradeTransaction", "5"),
        ("GET", "ServerTime", "10"),
        ("POST", "UserRecordNew", "15"),
        ("GET", "TradesUserHistory/100001", "30"),
        ("POST", "UsersGroupOp", "60"),
    ],
)
def test_each_kind_of_operation_has_its_deadline(
    api: Api, method: str, path: str, seconds: str
) -> None:
    assert api.call(method, path).headers["x-request-timeout-applied"] == seconds


def test_a_deadline_may_be_asked_for(api: Api) -> None:
    assert (
        api.get("ServerTime", X_Request_Timeout="2.5").headers["x-request-timeout-applied"] == "2.5"
    )
    assert api.get("ServerTime?requestTimeout=7").headers["x-request-timeout-applied"] == "7"


@pytest.mark.parametrize("seconds", ["0.9", "301", "nan", "soon", "-5"])
def test_a_deadline_out_of_range_is_refused(api: Api, seconds: str) -> None:
    assert api.get("ServerTime", X_Request_Timeout=seconds).code == "Validation"
