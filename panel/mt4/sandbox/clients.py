"""Who may sign in, and as which manager each client acts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import ManagerRights, User
from panel.mt4.sandbox.options import CLIENT_ID, CLIENT_SECRET
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.seed.groups import MANAGERS
from panel.mt4.sandbox.seed.people import ALL_RIGHTS, MANAGER_LOGIN
from panel.mt4.sandbox.settings import put_managers
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store
from panel.mt4.sandbox.unit import Unit

KIND = "clients"


def _digest(secret: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Client:
    """An application: its id, a digest of its secret, and the manager it acts as."""

    id: str
    salt: str
    digest: str
    manager: int

    @classmethod
    def of(cls, client_id: str, secret: str, manager: int) -> Client:
        salt = secrets.token_hex(8)
        return cls(client_id, salt, _digest(secret, salt), manager)

    def has(self, secret: str) -> bool:
        return hmac.compare_digest(_digest(secret, self.salt), self.digest)


class Clients:
    """The clients of this server, kept in its store; `sandbox` is always among them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = {row[0]: Client(*row) for row in store.settings(KIND)}
        if CLIENT_ID not in self._known:
            self.put(Client.of(CLIENT_ID, CLIENT_SECRET, MANAGER_LOGIN))

    def __iter__(self) -> Iterator[Client]:
        return iter(self._known.values())

    def get(self, client_id: str) -> Client | None:
        return self._known.get(client_id)

    def put(self, client: Client) -> None:
        """A new client, or a known one with another secret or manager."""
        self._known[client.id] = client
        self._save()

    def drop(self, client_id: str) -> None:
        """Forget a client; its tokens hold no longer. `sandbox` comes back at the next start."""
        if self._known.pop(client_id, None) is not None:
            self._save()

    def _save(self) -> None:
        rows = [
            (client.id, client.salt, client.digest, client.manager)
            for client in self._known.values()
        ]
        with self._store.transaction():
            self._store.put_settings(KIND, rows)


def put_manager(state: State, store: Store, manager: ManagerRights, now: datetime) -> None:
    """Write a manager; one who has no account gets one in the managers' group, as MT4 asks."""
    unit = Unit(state)
    if manager.login not in state.accounts:
        user = User(
            login=manager.login,
            group=MANAGERS,
            name=manager.name,
            registration_date=now,
            last_date=now,
            leverage=100,
            enable_flags=EnableFlags.Enabled | EnableFlags.ChangePassword,
        )
        unit.put_account(Account(user))
    managers = state.managers | {manager.login: manager}
    put_managers(unit, list(managers.values()))
    unit.commit(store, None)


def with_rights(login: int, name: str, groups: str, flags: Iterable[str]) -> ManagerRights:
    """A manager with these rights and no others."""
    given: dict[str, Any] = dict.fromkeys(flags, True)
    return ManagerRights(
        login=login, name=name, groups=groups, mail_box=name, info_depth=36_500, **given
    )


def add_from_options(
    clients: Clients, state: State, store: Store, given: Iterable[tuple[str, str, int]]
) -> None:
    """Clients of the command line; a manager that is not there yet may do everything."""
    for client_id, secret, login in given:
        if login not in state.managers:
            manager = with_rights(login, f"Manager {login}", "*", ALL_RIGHTS)
            put_manager(state, store, manager, state.clock.now())
        clients.put(Client.of(client_id, secret, login))
