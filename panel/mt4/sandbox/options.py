"""What a sandbox can be told on its command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

CLIENT_ID = "sandbox"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - known to everybody, as the money is play money
PLATFORM = "11111111-1111-4111-8111-111111111111"
USUAL_SEED = 1


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one sandbox process; seconds where a time is meant.

    `switches`: what single groups do, as `switches.put` takes it. `live`: whether prices move by
    themselves. `platform`: the id under which the bridge lists the server. `server_name`: what a
    new server calls itself, empty for the usual. `clock`: where the server's clock stands, None for
    the real one.
    """

    host: str = "127.0.0.1"
    port: int = 9100
    data: Path = Path("var/sandbox")
    accounts: int = 2000
    seed: int = USUAL_SEED
    platform: str = PLATFORM
    server_name: str = ""
    key_memory: float = 60.0
    held_key_memory: float = 3600.0
    strict_balance: bool = True
    live: bool = True
    clock: datetime | None = None
    clients: tuple[tuple[str, str, int], ...] = ()
    switches: tuple[dict[str, Any], ...] = ()


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise argparse.ArgumentTypeError("must be a time of the server's clock, without a zone")
    return moment.replace(microsecond=0)


def _uuid(text: str) -> str:
    return str(UUID(text))


def _client(text: str) -> tuple[str, str, int]:
    name, _, rest = text.partition(":")
    secret, _, login = rest.rpartition(":")
    if not (name and secret and login.isdecimal() and int(login)):
        raise argparse.ArgumentTypeError("must be ID:SECRET:LOGIN")
    return name, secret, int(login)


def _commission_for(text: str) -> dict[str, Any]:
    group, _, chosen = text.partition(":")
    return {"group": group, "commissionFor": chosen.replace("-", " ")}


def _looks_at_hedging(group: str) -> dict[str, Any]:
    return {"group": group, "pendingsLookAtHedging": True}


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Options from a command line; leaves the process with a usage message when they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m panel.mt4.sandbox", description="An MT4 server in a box (JSON WebAPI v2)."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument(
        "--data", type=Path, default=Path("var/sandbox"), help="folder of its state"
    )
    parser.add_argument(
        "--accounts", type=int, default=2000, help="accounts made at the first start"
    )
    parser.add_argument(
        "--seed", type=int, default=USUAL_SEED, help="makes the first start repeatable"
    )
    parser.add_argument(
        "--platform", type=_uuid, default=PLATFORM, help="the UUID under which it is listed"
    )
    parser.add_argument(
        "--server-name", default="", help="what it calls itself, from the first start on"
    )
    parser.add_argument(
        "--key-memory", type=_positive, default=60.0, help="seconds a key answered in time is kept"
    )
    parser.add_argument(
        "--held-key-memory",
        type=_positive,
        default=3600.0,
        help="seconds a key is kept whose outcome was unknown",
    )
    parser.add_argument("--balance-check", choices=("strict", "lenient"), default="strict")
    parser.add_argument(
        "--market",
        choices=("live", "still"),
        default="live",
        help="still: prices move by hand alone, and the market never closes",
    )
    parser.add_argument(
        "--clock",
        type=_moment,
        metavar="YYYY-MM-DDTHH:MM:SS",
        help="let the server's clock stand there; POST /control/clock moves it",
    )
    parser.add_argument(
        "--client",
        type=_client,
        action="append",
        default=[],
        metavar="ID:SECRET:LOGIN",
        help="a further client, and the manager it acts as (made with every right if new)",
    )
    parser.add_argument(
        "--commission-for",
        type=_commission_for,
        action="append",
        default=[],
        metavar="GROUP:side|round-trip|by-kind",
        help="what a group's commission is set for; by kind: percentages for a side, the rest for "
        "the round trip",
    )
    parser.add_argument(
        "--pendings-look-at-hedging",
        type=_looks_at_hedging,
        action="append",
        default=[],
        metavar="GROUP",
        help="a group that deletes a pending order which would open a forbidden hedge",
    )
    given = parser.parse_args(arguments)
    if given.accounts < 0:
        parser.error("--accounts must not be negative")
    return Options(
        host=given.host,
        port=given.port,
        data=given.data,
        accounts=given.accounts,
        seed=given.seed,
        platform=given.platform,
        server_name=given.server_name,
        key_memory=given.key_memory,
        held_key_memory=given.held_key_memory,
        strict_balance=given.balance_check == "strict",
        live=given.market == "live",
        clock=given.clock,
        clients=tuple(given.client),
        switches=(*given.commission_for, *given.pendings_look_at_hedging),
    )
