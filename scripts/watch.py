"""Say when the panel is ready, then end as soon as a process it stands on has ended.

Runs as one of the runner's processes: its end brings the others down.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests
from celery import Celery
from kombu.exceptions import OperationalError

from scripts.services import broker_answers, port_answers

SECONDS_TO_READY = 90
DEMO_STAFF = (
    "admin@  admin2@  ops@  ops2@  dealer@",
    "compliance@  compliance2@  manager@  auditor@",
)


def main() -> int:
    """Exit code 1 and a line that says which process failed to start, or ended."""
    address = os.environ["PANEL_URL"]
    host = urlsplit(address).hostname or "localhost"
    limit = time.monotonic() + SECONDS_TO_READY
    health, broker = os.environ["RUN_HEALTH"], os.environ["REDIS_URL"]
    while not (web_answers(health, host) and worker_answers(broker)):
        if time.monotonic() > limit:
            print(f"Not ready after {SECONDS_TO_READY} s: see the lines above.")
            return 1
        time.sleep(0.2)
    announce(address, os.environ["SANDBOX_URL"])
    print(f"The {first_silent(_ground())} stopped; see its log in {os.environ['DATA_DIR']}/log.")
    return 1


def first_silent(ground: Mapping[str, Callable[[], bool]]) -> str:
    """Wait until one of the services has not answered three times in a row; its name."""
    missed = dict.fromkeys(ground, 0)
    while True:
        time.sleep(1)
        for name, answers in ground.items():
            missed[name] = 0 if answers() else missed[name] + 1
            if missed[name] == 3:
                return name


def _ground() -> dict[str, Callable[[], bool]]:
    sandbox = urlsplit(os.environ["SANDBOX_URL"])
    host, port = sandbox.hostname or "", sandbox.port or 0
    found: dict[str, Callable[[], bool]] = {"sandbox": lambda: port_answers(host, port)}
    if os.environ["RUN_OWN_BROKER"] == "yes":
        found["broker"] = lambda: broker_answers(os.environ["REDIS_URL"])
    return found


def web_answers(url: str, host: str) -> bool:
    """Whether the web server serves pages; a redirect to https will do."""
    try:
        answer = requests.get(url, headers={"Host": host}, timeout=5, allow_redirects=False)
    except requests.RequestException:
        return False
    return answer.status_code in {200, 301}


def worker_answers(redis_url: str) -> bool:
    """Whether a Celery worker answers a ping."""
    broker = redis_url.replace("unix://", "redis+socket://")
    with Celery(broker=broker, set_as_current=False) as app:
        try:
            return bool(app.control.ping(timeout=1, limit=1))
        except OperationalError:
            return False


def announce(address: str, sandbox: str) -> None:
    """Print the address and the demo sign-ins."""
    print(f"\nThe panel is ready: {address}\n")
    print("Sign in as any of these at demo.test, password panel-demo:")
    for line in DEMO_STAFF:
        print(f"  {line}")
    print(f"MT4 sandbox: {sandbox}   Stop with Ctrl-C.\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
