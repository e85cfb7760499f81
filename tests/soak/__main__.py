"""`python -m tests.soak --minutes 60`: live through it, print the verdict, fail if it is bad."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Exit code 0 when nothing was booked twice, nothing lost, and nothing left to itself."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    given = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

    import django

    django.setup()

    from tests.soak.run import run

    folder = Path(tempfile.mkdtemp(prefix="panel-soak-"))
    print(f"Seed {given.seed}, {given.minutes:g} minutes on {given.database}, logs in {folder}.")
    try:
        verdict = run(folder, given.database, given.minutes, given.seed, say=_say)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(verdict)
    print("Nothing doubled, nothing lost." if verdict.is_good else "NOT GOOD.")
    return 0 if verdict.is_good else 1


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
