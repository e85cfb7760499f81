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
MEMORY_SECONDS = 20
"""How long the large file runs: its chunks are of the same size to its end."""
WORKERS = 2
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
            print(f"\n{name}: {given.rows:,} deposits on {given.accounts:,} accounts")
            _measure(stack, given.rows, delay=0.0)
            _measure(stack, given.rows, delay=DELAY)
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


def _measure(stack: Stack, rows: int, *, delay: float) -> None:
    from payments.bulk.engine.threads import CALLS
    from tests.bench import panel, rivals

    logins = _logins(rows)
    url, threads = stack.sandbox.url, WORKERS * CALLS
    if delay:
        stack.sandbox.fault("delay_after", "TradeTransaction", seconds=delay)
    # One after the other never gets faster: a part of the file tells its rate as well.
    few, half = logins[: 200 if delay else 1000], logins[: rows // 2]
    loops, pools = [rivals.sdk_loop(url, few)], [rivals.bare_pool(url, half, threads)]
    ours = panel.carried_out(logins)
    pools.append(rivals.bare_pool(url, half, threads))
    loops.append(rivals.sdk_loop(url, few))
    stack.sandbox.clear_faults()
    loop, pool = max(loops), max(pools)
    print(
        f"  {f'{delay * 1000:g} ms added' if delay else 'no delay':<12}"
        f" panel {ours:5,.0f}/s   bare pool of {threads} {pool:5,.0f}/s   SDK loop {loop:5,.0f}/s"
        f"   panel = {ours / pool:.2f} x pool, {ours / loop:.1f} x loop",
        flush=True,
    )


def _memory(stack: Stack, rows: int) -> None:
    from tests.bench import panel

    done = panel.begun_and_stopped(_logins(rows), MEMORY_SECONDS)
    most = panel.memory(stack) / 2**20
    print(
        f"  {rows:,} rows checked, approved, {done:,} carried out before a stop: "
        f"the largest worker process took {most:.0f} MiB",
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
