"""The public Python client of the protocol works with the sandbox, and can read all its answers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
import pytest
from cplugin_webapi_sdk import CPluginWebApiClient
from cplugin_webapi_sdk._generated import api as generated
from cplugin_webapi_sdk._generated.models import MT4TradeTransaction
from cplugin_webapi_sdk.errors import ApiError
from cplugin_webapi_sdk.timeouts import is_outcome_unknown
from cplugin_webapi_sdk.unwrap import unwrap

from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.sandbox.operations import HANDLERS
from tests.harness.sandbox import CLIENT_ID, CLIENT_SECRET, PLATFORM, SandboxProcess
from tests.sandbox import samples_admin, samples_server, samples_trades
from tests.sandbox.api import FIRST_LOGIN, USD, Api, new_key, transaction
from tests.sandbox.samples_admin import Made, Sample


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that has been through the end of a day, so that there are reports of it."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=60, clock="2026-03-03T22:00:00") as sandbox:
        sandbox.advance(3 * 3600, step=3600)
        yield Api(sandbox)


@pytest.fixture
def client(api: Api) -> Iterator[CPluginWebApiClient]:
    with CPluginWebApiClient(
        env="custom",
        api_base_url=api.sandbox.url,
        authority=api.sandbox.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    ) as client:
        yield client


def _modules() -> dict[tuple[str, str], ModuleType]:
    """The client's generated modules by method and path, parameters left nameless."""
    found = {}
    for area in pkgutil.iter_modules(generated.__path__):
        if not area.name.startswith("mt4_"):
            continue
        package = importlib.import_module(f"{generated.__name__}.{area.name}")
        for name in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{name.name}")
            source = inspect.getsource(module)
            path = re.search(r'"/api/v2/MT4/{trade_platform}/([^"?]+)"', source)
            method = re.search(r'"method": "(\w+)"', source)
            assert path is not None
            assert method is not None
            found[method[1].upper(), _nameless(path[1])] = module
    return found


def _nameless(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def _keys(value: Any) -> Any:
    """The names of a JSON value's fields, all the way down."""
    if isinstance(value, dict):
        return {name: _keys(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_keys(each) for each in value]
    return None


USER = {"group": USD, "name": "Ann Example", "leverage": 100, "enableFlags": 3}
SAMPLES: dict[str, Sample | Made] = {
    **samples_admin.SAMPLES,
    **samples_server.SAMPLES,
    **samples_trades.SAMPLES,
    "AdmBalanceCheck/{login}": (f"AdmBalanceCheck/{FIRST_LOGIN}", None),
    "AdmUsersRequestSafe/{group}": ("AdmUsersRequestSafe/*", None),
    "CfgRequestCommon": ("CfgRequestCommon", None),
    "CfgRequestSymbol": ("CfgRequestSymbol", None),
    "CfgRequestSymbol/{symbol}": ("CfgRequestSymbol/EURUSD", None),
    "EnsureGroupNameExist/{group}": (f"EnsureGroupNameExist/{USD}", None),
    "GroupRecordGet/{group}": (f"GroupRecordGet/{USD}", None),
    "GroupSecGroupsGet/{group}": (f"GroupSecGroupsGet/{USD}", None),
    "GroupSecMarginsGet/{group}": (f"GroupSecMarginsGet/{USD}", None),
    "GroupsGet": ("GroupsGet", None),
    "GroupsRequest": ("GroupsRequest?limit=3", None),
    "ManagerCommon": ("ManagerCommon", None),
    "MarginLevelGet/{login}": ("MarginLevelGet/{trader}", None),
    "MarginLevelRequest/{login}": ("MarginLevelRequest/{trader}", None),
    "MarginsGet": ("MarginsGet", None),
    "ReportsRequest": (
        f"ReportsRequest?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&logins={FIRST_LOGIN}",
        None,
    ),
    "ServerTime": ("ServerTime", None),
    "SymbolInfoGet": ("SymbolInfoGet?symbol=EURUSD", None),
    "SymbolsGroupsGet": ("SymbolsGroupsGet", None),
    "TickInfoLast": ("TickInfoLast", None),
    "TickInfoLast/{symbol}": ("TickInfoLast/EURUSD", None),
    "TradeRecordGet/{order}": ("TradeRecordGet/1", None),
    "TradeRecordRequest/{order}": ("TradeRecordRequest/1", None),
    "TradeRecordsRequest": ("TradeRecordsRequest?orders=1", None),
    "TradeTransaction": ("TradeTransaction", transaction(FIRST_LOGIN, 5, "DP contract")),
    "TradesGet": ("TradesGet?limit=3", None),
    "TradesGet/{ticket}": ("TradesGet/{ticket}", None),
    "TradesGetByLogin/{login}/{group}": ("TradesGetByLogin/{trader}/{group}", None),
    "TradesRequest": ("TradesRequest?limit=3", None),
    "TradesSnapshot": ("TradesSnapshot?limit=3", None),
    "TradesUserHistory/{login}": (f"TradesUserHistory/{FIRST_LOGIN}", None),
    "UserPasswordCheck/{login}": (f"UserPasswordCheck/{FIRST_LOGIN}", "abcDEF123"),
    "UserPasswordSet/{login}": (f"UserPasswordSet/{FIRST_LOGIN}", "abcDEF123"),
    "UserRecord/{login}": (f"UserRecord/{FIRST_LOGIN}", {"city": "Rome"}),
    "UserRecordGet/{login}": (f"UserRecordGet/{FIRST_LOGIN}", None),
    "UserRecordNew": ("UserRecordNew", USER),
    "UserRecordRequest/{login}": (f"UserRecordRequest/{FIRST_LOGIN}", None),
    "UserRecordUpdate/{login}": ("UserRecordUpdate/{new}", USER),
    "UserRecordsRequest": (f"UserRecordsRequest?logins={FIRST_LOGIN}", None),
    "UsersGroupOp": ("UsersGroupOp", {"command": "Enable", "logins": [FIRST_LOGIN]}),
    "UsersRequest": ("UsersRequest?limit=3", None),
    "UsersSnapshot": ("UsersSnapshot?limit=3", None),
}


ANY_JSON = {"ExternalCommandJSON"}
"""Answers that the client's models have no fields for: a plug-in decides what they are."""
REFUSED = {"SrvLiveUpdateStart": ("SrvLiveUpdateStart?confirm=true", "Error")}
"""What a server without that feature would refuse, and with which code."""


def test_all_160_operations_are_offered_and_each_has_its_sample() -> None:
    assert len(OPERATIONS) == 160
    assert set(OPERATIONS) == set(HANDLERS) == set(SAMPLES) | set(REFUSED)


def test_the_client_knows_the_same_160_operations(
    modules: dict[tuple[str, str], ModuleType],
) -> None:
    ours = {(each.method, _nameless(each.path)) for each in OPERATIONS.values()}
    assert ours == set(modules)


@pytest.mark.parametrize("path", REFUSED)
def test_the_client_reads_what_is_refused(
    api: Api, modules: dict[tuple[str, str], ModuleType], path: str
) -> None:
    target, code = REFUSED[path]
    document = api.raw(OPERATIONS[path].method, target).json()
    parsed = _parsed(modules, path, document).to_dict()
    assert parsed["error"] == document["error"]
    assert (parsed["error"]["code"], parsed["error"]["managerCode"]) == ("MT4Error", code)


@pytest.mark.parametrize("path", SAMPLES)
def test_the_client_reads_every_field_of_every_answer(
    api: Api, modules: dict[tuple[str, str], ModuleType], path: str
) -> None:
    operation = OPERATIONS[path]
    if path.startswith("UserPasswordCheck"):
        api.post(f"UserPasswordSet/{FIRST_LOGIN}", "abcDEF123")
    sample = SAMPLES[path]
    target, body = sample(api) if callable(sample) else sample
    trade = next(t for t in api.get("TradesGet").data if t["tradeCommand"] in ("Buy", "Sell"))
    names = {"trader": trade["login"], "ticket": trade["order"], "new": api.new_account()}
    group = api.user(trade["login"])["group"]
    answer = api.raw(operation.method, target.format(**names, group=group), body)
    document = answer.json()
    assert document["error"] is None, document
    assert document["data"] not in (None, [], {}, "")
    # The client's models have no way to say that an error is null.
    del document["error"]
    parsed = _parsed(modules, path, document).to_dict()
    if path in ANY_JSON:
        assert parsed.keys() == document.keys()
    else:
        assert _keys(parsed) == _keys(document)
    if path == "SrvRestart":
        api.sign_in_again()


def _parsed(modules: dict[tuple[str, str], ModuleType], path: str, document: dict[str, Any]) -> Any:
    module = modules[OPERATIONS[path].method, _nameless(path)]
    return module._parse_response(client=None, response=httpx.Response(200, json=document))


@pytest.fixture(scope="module")
def modules() -> dict[tuple[str, str], ModuleType]:
    return _modules()


def test_the_client_signs_in_and_finds_the_platform(client: CPluginWebApiClient) -> None:
    assert [platform["id"] for platform in client.list_trade_platforms()] == [PLATFORM]
    assert client.mt4.get_manager_common(PLATFORM)["name"]
    assert client.mt4.group_exists(PLATFORM, USD) is True


def test_the_client_reads_and_patches_an_account(client: CPluginWebApiClient, login: int) -> None:
    patched = client.mt4.patch_user_record(PLATFORM, login, {"city": "Porto"})
    assert patched["city"] == "Porto"
    assert client.mt4.get_user_record(PLATFORM, login) == patched


def test_the_client_pages_through_all_accounts(api: Api, client: CPluginWebApiClient) -> None:
    pages = client.paged(lambda at: client.mt4.users_request(PLATFORM, cursor=at, limit=9))
    logins = [user["login"] for page in pages for user in page]
    assert logins == [user["login"] for user in api.get("UsersRequest").data]


def test_the_client_deposits_once_with_a_repeated_key(
    api: Api, client: CPluginWebApiClient, login: int
) -> None:
    module = _modules()["POST", "TradeTransaction"]
    body = MT4TradeTransaction.from_dict(transaction(login, 25, "DP client"))
    key = new_key()
    for _ in range(2):
        reply = client.mt4.raw(
            module, trade_platform=UUID(PLATFORM), body=body, idempotency_key=key
        )
        assert unwrap(reply)["price"] == 25
    assert len(api.records(login, "DP client")) == 1


def test_the_client_understands_a_refusal_and_an_unknown_outcome(
    api: Api, client: CPluginWebApiClient, login: int
) -> None:
    with pytest.raises(ApiError) as refused:
        client.mt4.patch_user_record(PLATFORM, login, {"group": "nowhere"})
    assert (refused.value.code, refused.value.manager_code) == ("MT4Error", "InvalidData")
    api.sandbox.fault("outcome_unknown_applied", "UserRecord", count=1)
    with pytest.raises(ApiError) as unknown:
        client.mt4.patch_user_record(PLATFORM, login, {"city": "Rome"})
    assert is_outcome_unknown(unknown.value)
