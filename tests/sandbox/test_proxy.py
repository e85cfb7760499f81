"""The proxy of the chaos tests: it does what its rules say, and otherwise nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from tests.harness.proxy import Proxy
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api, new_key, transaction


class Behind(Api):
    """A client that knows the proxy's address alone."""

    def __init__(self, sandbox: SandboxProcess, proxy: Proxy) -> None:
        self.direct = Api(sandbox)
        self.proxy = proxy
        super().__init__(SimpleNamespace(url=proxy.url))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), accounts=3) as sandbox:
        proxy = Proxy(sandbox.url).start()
        yield Behind(sandbox, proxy)
        proxy.stop()


@pytest.fixture
def behind(whole: Behind) -> Iterator[Behind]:
    yield whole
    whole.proxy.clear()


@pytest.fixture
def login(behind: Behind) -> int:
    return behind.direct.new_account()


def test_sign_in_leads_back_to_the_proxy_and_everything_passes(behind: Behind, login: int) -> None:
    said = requests.get(f"{behind.proxy.url}/.well-known/openid-configuration", timeout=5).json()
    assert said["token_endpoint"].startswith(behind.proxy.url)
    key = new_key()
    assert behind.money(login, 10, "DP 7Q2K9F31 words", key=key).data["comment"]
    assert behind.user(login)["balance"] == 10
    (sent,) = behind.proxy.sendings(login=login)
    assert (sent.key, sent.reference, sent.amount) == (key, "DP 7Q2K9F31", Decimal(10))
    assert (sent.status, sent.fault) == (200, "")


@pytest.mark.parametrize(
    ("fault", "booked"),
    [
        ("drop_request", 0),
        ("bad_gateway", 0),
        ("drop_answer", 1),
        ("half_answer", 1),
        ("bad_gateway_after", 1),
    ],
)
def test_what_is_lost_on_the_way(behind: Behind, login: int, fault: str, booked: int) -> None:
    behind.proxy.rule(fault, login=login, count=1)
    try:
        answer = behind.raw("POST", "TradeTransaction", transaction(login, 10, "DP lost"))
        assert answer.status_code == 502
        assert fault.startswith("bad_gateway")
    except requests.RequestException:
        assert not fault.startswith("bad_gateway")
    assert len(behind.direct.records(login, "DP lost")) == booked
    assert behind.proxy.sendings(login=login)[-1].fault == fault
    assert behind.money(login, 10, "DP fine").code == "Ok"


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [("answer_comment", "comment", "GW7/DP mine"), ("answer_amount", "price", 11)],
)
def test_an_answer_may_say_what_the_books_do_not(
    behind: Behind, login: int, fault: str, field: str, value: object
) -> None:
    behind.proxy.rule(fault, login=login)
    assert behind.money(login, 10, "DP mine").data[field] == value
    assert [each["profit"] for each in behind.direct.records(login, "DP mine")] == [10]


def test_delays_and_the_nth_call(behind: Behind, login: int) -> None:
    behind.proxy.rule("delay_answer", login=login, skip=1, count=1, seconds=0.5)
    took = []
    for _ in range(3):
        begun = time.monotonic()
        behind.money(login, 1)
        took.append(time.monotonic() - begun > 0.45)
    assert took == [False, True, False]
    behind.direct.sandbox.fault("delay", "TradeTransaction", login=login, seconds=0.4, count=1)
    behind.proxy.rule("twice_as_late", login=login, count=1)
    begun = time.monotonic()
    behind.money(login, 1)
    assert time.monotonic() - begun > 0.75


def test_reads_of_one_account_are_struck_too(behind: Behind, login: int) -> None:
    behind.proxy.rule("bad_gateway", "TradesUserHistory", login=login)
    assert behind.raw("GET", f"TradesUserHistory/{login}").status_code == 502
    other = behind.direct.new_account()
    assert behind.raw("GET", f"TradesUserHistory/{other}").status_code == 200


def test_another_server_may_come_to_stand_at_the_address(behind: Behind, tmp_path: Path) -> None:
    before = behind.proxy.upstream
    with SandboxProcess(tmp_path, accounts=2, seed=9) as other:
        behind.proxy.point_to(other.url)
        behind.sign_in()
        assert behind.get("ManagerCommon").data["name"] == "Sandbox-Demo-9"
    behind.proxy.point_to(before)
    behind.sign_in()
    assert behind.get("ManagerCommon").data["name"] == "Sandbox-Demo"
