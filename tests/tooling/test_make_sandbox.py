"""`make sandbox` hands its settings to the sandbox."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ("ACCOUNTS=100000", "--accounts 100000"),
        ("SEED=7", "--seed 7"),
        ("CLOCK=2026-03-02T12:00:00", "--clock 2026-03-02T12:00:00"),
        ("MARKET=still", "--market still"),
        ("SANDBOX_PORT=9200", "--port 9200"),
    ],
)
def test_a_setting_becomes_an_option_and_is_absent_otherwise(given: str, option: str) -> None:
    def command(*settings: str) -> str:
        # Nothing runs: make only says what it would do.
        done = subprocess.run(
            ["make", "--dry-run", "sandbox", *settings],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return " ".join(done.stdout.replace("\\\n", " ").split())

    assert option in command(given)
    assert option not in command()
