"""What a file is measured against: the same deposits sent without a panel."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import requests
from cplugin_webapi_sdk import CPluginWebApiClient
from cplugin_webapi_sdk._generated.api.mt4_v_2_trades import (
    post_api_v_2_mt4_trade_platform_trade_transaction as trade_transaction,
)
from cplugin_webapi_sdk._generated.models import MT4TradeTransaction
from cplugin_webapi_sdk.unwrap import unwrap
from requests.adapters import HTTPAdapter

from tests.harness.sandbox import CLIENT_ID, CLIENT_SECRET, PLATFORM


def deposit(login: int, number: int) -> dict[str, object]:
    """A deposit of 1.01, as it travels."""
    return {
        "tradeTransactionType": "BrBalance",
        "tradeCommand": "Balance",
        "orderBy": login,
        "price": 1.01,
        "comment": f"bench {number}",
    }


def sdk_loop(url: str, logins: Sequence[int]) -> float:
    """Deposits a second by the public client, one after the other."""
    with CPluginWebApiClient(
        env="custom",
        api_base_url=url,
        authority=url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    ) as client:
        begun = time.perf_counter()
        for number, login in enumerate(logins):
            reply = client.mt4.raw(
                trade_transaction,
                trade_platform=UUID(PLATFORM),
                body=MT4TradeTransaction.from_dict(deposit(login, number)),
                idempotency_key=str(uuid.uuid4()),
            )
            assert unwrap(reply)["price"] == 1.01
        return len(logins) / (time.perf_counter() - begun)


def bare_pool(url: str, logins: Sequence[int], threads: int) -> float:
    """Deposits a second by `requests` over pooled connections, writing nothing down."""
    credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    form = {"grant_type": "client_credentials", **credentials}
    token = requests.post(f"{url}/connect/token", data=form, timeout=30).json()["access_token"]
    address = f"{url}/api/v2/MT4/{PLATFORM}/TradeTransaction"
    with requests.Session() as session, ThreadPoolExecutor(threads) as pool:
        session.headers["Authorization"] = f"Bearer {token}"
        session.mount("http://", HTTPAdapter(pool_maxsize=threads))

        def send(number: int) -> None:
            reply = session.post(
                address,
                json=deposit(logins[number], number),
                headers={"Idempotency-Key": str(uuid.uuid4())},
                timeout=60,
            )
            assert reply.json()["error"] is None

        begun = time.perf_counter()
        for _ in pool.map(send, range(len(logins))):
            pass
        return len(logins) / (time.perf_counter() - begun)
