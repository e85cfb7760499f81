"""One request as an operation sees it: typed access to its path, query and body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from panel.mt4.protocol.enums import WireEnum
from panel.mt4.protocol.flags import WireFlags
from panel.mt4.protocol.operation import Operation
from panel.mt4.protocol.records import ManagerRights
from panel.mt4.protocol.wire import WireError, decode, read_time
from panel.mt4.sandbox.answers import invalid, not_found
from panel.mt4.sandbox.faults import Faults
from panel.mt4.sandbox.options import Options
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.unit import Unit

R = TypeVar("R")
E = TypeVar("E", bound=WireEnum | WireFlags)


@dataclass(slots=True)
class Call:
    """A request on its way through the server. `key` is the scoped idempotency key, `fault` the bad
    luck that struck while it was carried out, `faults` what plug-ins are asked of."""

    operation: Operation
    params: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    deadline: float
    activity: str
    options: Options
    faults: Faults
    unit: Unit
    manager: ManagerRights
    client: str
    address: str = ""
    key: str | None = None
    fault: str | None = None

    @property
    def state(self) -> State:
        """What the manager sees; the whole is `unit.state`."""
        return self.unit.view

    @property
    def login(self) -> int | None:
        """The account that this call is about, as far as the request says; for faults and logs."""
        value: Any = self.params.get("login")
        if value is None and isinstance(self.body, dict):
            value = self.body.get("orderBy") or self.body.get("login")
        try:
            return int(value)
        except (TypeError, ValueError):
            return None

    def now(self) -> datetime:
        """The server's clock."""
        return self.state.clock.now()

    def number(self, name: str) -> int:
        """A positive whole number from the path."""
        text = self.params[name]
        if not text.isdecimal() or int(text) < 1:
            raise invalid(f"{name} must be a positive whole number.")
        return int(text)

    def position(self) -> int:
        """The index in a list that the path names, counted from 0."""
        text = self.params["pos"]
        if not text.isdecimal():
            raise invalid("pos must be a whole number, 0 or more.")
        return int(text)

    def confirmed(self) -> None:
        """The query has to say `confirm=true`; raises Validation."""
        if not self.flag("confirm"):
            raise invalid(f"{self.operation.name} needs confirm=true: it cannot be undone.")

    def named(self, name: str, kind: type[E]) -> E | None:
        """A query parameter that names a member of an enum or flags, None when it is absent."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return cast(E, kind.parse(text))
        except ValueError as error:
            raise invalid(f"{name}: {error}.") from None

    def numbers(self, name: str) -> list[int]:
        """The numbers of a repeated query parameter, at least one."""
        texts = self.query.get(name, ())
        if not texts or not all(text.isdecimal() for text in texts):
            raise invalid(f"{name} must be given, as whole numbers.")
        return [int(text) for text in texts]

    def text(self, name: str) -> str | None:
        """A query parameter, None when it is absent or empty."""
        return next(iter(self.query.get(name, ())), None) or None

    def flag(self, name: str) -> bool:
        """A query parameter that says true or false; false when it is absent."""
        text = (self.text(name) or "false").lower()
        if text not in ("true", "false"):
            raise invalid(f"{name} must be true or false.")
        return text == "true"

    def time(self, name: str) -> datetime | None:
        """A query parameter with a moment of the server's clock, None when it is absent."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return read_time(text)
        except WireError as error:
            raise invalid(f"{name}: {error}") from None

    def record(self, kind: type[R]) -> R:
        """The body as a record or plain type; raises Validation naming the field that is wrong."""
        try:
            found: R = decode(kind, self.body)
        except WireError as error:
            raise invalid(f"{error}.") from None
        except ArithmeticError:
            raise invalid("The body has a number that is far too large.") from None
        return found

    def account(self) -> Account:
        """The account of the path; raises NotFound."""
        login = self.number("login")
        account = self.unit.account(login)
        if account is None:
            raise not_found(f"There is no account {login}.")
        return account
