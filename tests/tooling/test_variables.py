"""The environment that `make run` makes for its processes."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from scripts.variables import SOCKET_PATH_LIMIT, Unusable, check_ports, secret_key, surroundings
from tests.harness.waiting import free_port


def test_everything_has_a_default_but_the_data_folder_is_ours(tmp_path: Path) -> None:
    here = surroundings({"DATA_DIR": str(tmp_path)})
    assert (here.bind, here.port, here.sandbox_port) == ("127.0.0.1", 8000, 9100)
    assert here.env["PANEL_URL"] == "http://localhost:8000"
    assert here.env["REDIS_URL"] == f"unix://{here.socket}"
    assert here.env["SANDBOX_URL"] == "http://127.0.0.1:9100"


def test_a_port_changes_the_address(tmp_path: Path) -> None:
    here = surroundings({"DATA_DIR": str(tmp_path), "PORT": "8123"})
    assert here.env["PANEL_URL"] == "http://localhost:8123"


def test_a_database_and_a_broker_from_outside_are_left_alone(tmp_path: Path) -> None:
    given = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgres://panel@db/panel",
        "REDIS_URL": "redis://queue:6379/0",
    }
    here = surroundings(given)
    assert here.socket is None
    assert {name: here.env[name] for name in given} == given


def test_the_secret_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = secret_key(tmp_path)
    first = path.read_text()
    assert secret_key(tmp_path).read_text() == first
    assert len(first) >= 40
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_given_secret_key_is_not_written_down(tmp_path: Path) -> None:
    here = surroundings({"DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 40})
    assert "SECRET_KEY_FILE" not in here.env
    assert not (tmp_path / "secret_key").exists()


def test_a_deep_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["deeper-and-deeper"] * 8)
    here = surroundings({"DATA_DIR": str(deep)})
    assert here.socket is not None
    assert len(os.fsencode(here.socket)) <= SOCKET_PATH_LIMIT
    assert here.socket.parent.stat().st_mode & 0o777 == 0o700
    assert surroundings({"DATA_DIR": str(deep)}).socket == here.socket
    here.socket.parent.rmdir()


@pytest.mark.parametrize("port", ["", "0"])
def test_no_port_is_the_default_and_zero_is_refused(tmp_path: Path, port: str) -> None:
    given = {"DATA_DIR": str(tmp_path), "PORT": port}
    if port:
        with pytest.raises(Unusable, match="PORT=0 is not a port"):
            surroundings(given)
    else:
        assert surroundings(given).port == 8000


@pytest.mark.parametrize(("taken", "other"), [("PORT", "SANDBOX_PORT"), ("SANDBOX_PORT", "PORT")])
def test_a_port_in_use_names_the_variable_that_chooses_it(
    tmp_path: Path, taken: str, other: str
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        given = {"DATA_DIR": str(tmp_path), taken: str(port), other: str(free_port())}
        with pytest.raises(Unusable, match=f"Port {port} .* in use.* choose another with {taken}"):
            check_ports(surroundings(given))
