"""`make bench`: a file of deposits through the panel, against sending the same without one.

Everything in one run on this machine, the rivals before and after each file, so that what else
the machine does falls on all of them alike. A rival's figure is the better of its two.
"""

from __future__ import annotations

import argparse
import os
import platform as machine
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import django

if TYPE_CHECKING:
    from tests.harness.stack import Stack

DELAY = 0.02
"""Seconds added to each answer in the second half: nearer to a server over a network."""
MOST_MEMORY = 300
"""MiB that a worker process may hold, whatever the size of the file."""
# At least so many times the pool and the loop, without the delay and with it.
AIMS = {0.0: (0.8, 2.0), DELAY: (0.8, 10.0)}
WORKERS = 2
HEADING = """\
| | panel | bare pool | client, one by one | panel × pool | panel × one by one |
| --- | --- | --- | --- | --- | --- |"""
STORAGES: dict[str, tuple[Literal["sqlite", "postgres"], Literal["valkey", "redis"]]] = {
    "PostgreSQL and Redis": ("postgres", "redis"),
    "SQLite and Valkey, as `make run`": ("sqlite", "valkey"),
}


def main() -> None:
    """Measure and print; AssertionError when a deposit was lost, doubled or not audited."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="deposits in the file")
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--memory-rows", type=int, default=100_000, help="0 leaves it out")
    parser.add_argument("--storage", choices=("postgres", "sqlite"), help="only this one")
    given = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "WARNING"}
    django.setup()
    begun = time.monotonic()
    print(f"{os.cpu_count()} cores, Python {machine.python_version()}, {WORKERS} worker processes")
    for name, (database, broker) in STORAGES.items():
        if given.storage not in (None, database):
            continue
        with _panel(database, broker, given.accounts) as stack:
            print(f"\n{name}: {given.rows:,} deposits on {given.accounts:,} accounts\n")
            print(HEADING)
            for delay in AIMS:
                _measure(stack, given.rows, delay, has_aims=database == "postgres")
            if database == "postgres" and given.memory_rows:
                _memory(stack, given.memory_rows)
            _check_chain()
    print(f"\nMeasured in {time.monotonic() - begun:.0f} s.")


@contextmanager
def _panel(
    database: Literal["sqlite", "postgres"], broker: Literal["valkey", "redis"], accounts: int
) -> Iterator[Stack]:
    from django.test import override_settings

    from tests.harness.postgres import Postgres
    from tests.harness.stack import Stack

    Postgres.options = ()  # every commit goes to the disk, as in a deployment
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(
            Path(folder) / "stack",
            database=database,
            broker=broker,
            workers=WORKERS,
            beat=False,
            web=False,
            sandbox={"accounts": accounts},
            env={"EXECUTION_LEASE": "60", "MT4_CHANGE_DEADLINE": "0", "MT4_DEADLINE_MARGIN": "30"},
        )
        try:
            stack.start()
            with override_settings(DATA_DIR=stack.data), stack.connected():
                yield stack
        finally:
            stack.stop()


def _measure(stack: Stack, rows: int, delay: float, *, has_aims: bool) -> None:
    from payments.bulk.engine.threads import CALLS
    from tests.bench import panel, rivals

    logins = _logins(rows)
    url, calls = stack.sandbox.url, WORKERS * CALLS
    if delay:
        stack.sandbox.fault("delay_after", "TradeTransaction", seconds=delay)
    # One after the other never gets faster: a part of the file tells its rate as well.
    few, half = logins[: 200 if delay else 1000], logins[: rows // 2]
    loops, pools = [rivals.sdk_loop(url, few)], [rivals.bare_pool(url, half, calls)]
    ours = panel.carried_out(logins)
    pools.append(rivals.bare_pool(url, half, calls))
    loops.append(rivals.sdk_loop(url, few))
    stack.sandbox.clear_faults()
    pool, loop = max(pools), max(loops)
    pool_aim, loop_aim = AIMS[delay] if has_aims else (None, None)
    cells = (
        f"{delay * 1000:g} ms added to each answer" if delay else "sandbox as fast as it can",
        f"{ours:,.0f}/s",
        f"{pool:,.0f}/s ({calls} calls at once)",
        f"{loop:,.0f}/s",
        _held(ours / pool, pool_aim),
        _held(ours / loop, loop_aim),
    )
    print(f"| {' | '.join(cells)} |", flush=True)


def _held(ratio: float, aim: float | None) -> str:
    """A ratio, and whether it reaches its aim."""
    if aim is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f} (at least {aim:g}: {'met' if ratio >= aim else 'MISSED'})"


def _memory(stack: Stack, rows: int) -> None:
    from tests.bench import panel

    rate = panel.carried_out(_logins(rows))
    most = panel.memory(stack) / 2**20
    verdict = "met" if most < MOST_MEMORY else "MISSED"
    print(
        f"\n{rows:,} rows checked, approved and carried out at {rate:,.0f}/s: the largest worker "
        f"process took {most:.0f} MiB (under {MOST_MEMORY}: {verdict}).",
        flush=True,
    )


def _logins(rows: int) -> Sequence[int]:
    """Accounts in USD, one after the other."""
    from panel.models import Platform
    from panel.mt4.read import reader

    live = reader(Platform.objects.get(slug="demo").connection)
    currencies = {group.group: group.currency for group in live.groups()}
    found = [
        user.login
        for page in live.accounts()
        for user in page
        if currencies.get(user.group) == "USD"
    ]
    return [found[number % len(found)] for number in range(rows)]


def _check_chain() -> None:
    from tests.bench import panel

    assert panel.chain_holds(), "The audit log does not hold."


if __name__ == "__main__":
    main()
