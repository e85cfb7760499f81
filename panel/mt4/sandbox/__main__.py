"""`python -m panel.mt4.sandbox`: serve until told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from contextlib import suppress

from aiohttp import web

from panel.mt4.sandbox import boot, housekeeping
from panel.mt4.sandbox.clients import Clients, add_from_options
from panel.mt4.sandbox.control import Control
from panel.mt4.sandbox.engine import Engine
from panel.mt4.sandbox.exchange.timekeeper import Timekeeper
from panel.mt4.sandbox.faults import Faults
from panel.mt4.sandbox.idempotency import Keys
from panel.mt4.sandbox.mishaps import Mishaps
from panel.mt4.sandbox.options import Options, parse
from panel.mt4.sandbox.pages.routes import Pages
from panel.mt4.sandbox.server import Server
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store, StoreBusyError

SWEEP_SECONDS = 2
LONGEST_URL = 1 << 20
LARGEST_BODY = 64 << 20


async def serve(options: Options, store: Store) -> bool:
    """Load, listen, and run until SIGTERM, SIGINT or a manager's restart; true for the latter."""
    begun = time.perf_counter()
    # What is loaded stays: the collector need not walk over it, now or later.
    gc.disable()
    state = boot.load(options, store)
    gc.freeze()
    gc.enable()
    keys = Keys(store, memory=options.key_memory, held_memory=options.held_key_memory)
    timekeeper = Timekeeper(state, store, seed=options.seed)
    faults = Faults(options.seed)
    engine = Engine(store, keys, faults)
    clients = Clients(store)
    add_from_options(clients, state, store, options.clients)
    server = Server(options, state, engine, faults, clients)
    app = web.Application(client_max_size=LARGEST_BODY)
    server.add_routes(app)
    control = Control(state, store, keys, faults, server, clients, timekeeper, options.platform)
    control.add_routes(app)
    mishaps = Mishaps(state, store, keys)
    mishaps.add_routes(app)
    Pages(state, faults, server, control, mishaps, keys, clients, options.platform).add_routes(app)
    runner = web.AppRunner(
        app,
        access_log=None,
        max_line_size=LONGEST_URL,
        shutdown_timeout=1,
    )
    await runner.setup()
    state.performance.sockets = lambda: _connections(runner)
    try:
        await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
        print(
            f"Sandbox MT4 ready on http://{options.host}:{options.port} with "
            f"{len(state.accounts)} accounts and {len(state.trades)} trades "
            f"after {time.perf_counter() - begun:.1f} s",
            flush=True,
        )
        timekeeper.start()
        await _until_stopped(state, store, keys)
    finally:
        await timekeeper.stop()
        await runner.cleanup()
        await engine.stop()
        housekeeping.write_down(state, store)
    return state.starts_again


def _connections(runner: web.AppRunner) -> int:
    return 0 if runner.server is None else len(runner.server.connections)


async def _until_stopped(state: State, store: Store, keys: Keys) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, state.stop.set)
    while not state.stop.is_set():
        keys.sweep()
        await housekeeping.keep_house(state, store)
        with suppress(TimeoutError):
            await asyncio.wait_for(state.stop.wait(), SWEEP_SECONDS)


def main() -> int:
    """Exit code 0 after a stop, 1 when it cannot start, with the reason on standard error."""
    options = parse()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    try:
        store = Store(options.data)
    except StoreBusyError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        starts_again = asyncio.run(serve(options, store))
    except ValueError as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 1
    finally:
        store.close()
    if starts_again:
        # The same process id: whoever watches over this process sees it live on.
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - its own command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
