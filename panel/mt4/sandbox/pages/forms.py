"""What the forms of the control page do, and the sentences that say so afterwards."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from panel.mt4.sandbox.clients import Clients
from panel.mt4.sandbox.control import Control
from panel.mt4.sandbox.faults import BadRuleError, Faults
from panel.mt4.sandbox.market import BadPriceError
from panel.mt4.sandbox.mishaps import Mishaps

Form = Mapping[str, Sequence[str]]
Action = Callable[[Form], Awaitable[str]]

MINUTE, HOUR = 60, 3600
SAYINGS_KEPT = 50


class RefusedError(Exception):
    """What a form asked for cannot be done; the sentence is for a person."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What became of a form."""

    words: str
    is_good: bool


class Sayings:
    """The last sentences, each under a name that no other site can guess or make up."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Saying] = OrderedDict()

    def add(self, words: str, *, is_good: bool) -> str:
        name = secrets.token_urlsafe(9)
        self._known[name] = Saying(words, is_good)
        if len(self._known) > SAYINGS_KEPT:
            self._known.popitem(last=False)
        return name

    def get(self, name: str) -> Saying | None:
        return self._known.get(name)


def _one(form: Form, name: str) -> str:
    """A field's value, empty when it is not there."""
    return next(iter(form.get(name, ())), "").strip()


def _number(form: Form, name: str) -> Decimal:
    try:
        return Decimal(_one(form, name))
    except InvalidOperation:
        raise RefusedError(f"Nothing was changed: {name} is a number.") from None


class Forms:
    """Each does one thing and says what it did; raises RefusedError."""

    def __init__(self, control: Control, mishaps: Mishaps, rules: Faults, clients: Clients) -> None:
        self._control = control
        self._mishaps = mishaps
        self._faults = rules
        self._clients = clients

    def actions(self) -> Iterator[tuple[str, str, Action]]:
        """Where each form goes, which page comes back, and what is done in between."""
        yield "/prices", "/prices", self.move_price
        yield "/clock", "/prices", self.move_clock
        yield "/groups", "/groups", self.switch_group
        yield "/faults", "/faults", self.add_fault
        yield "/faults/off", "/faults", self.clear_faults
        yield r"/faults/{id:\d{1,9}}/off", "/faults", self.drop_fault
        yield "/clock/jump", "/mishaps", self.jump
        yield "/keys/forget", "/mishaps", self.forget_keys
        yield "/backups", "/mishaps", self.back_up
        yield "/restore", "/mishaps", self.restore
        yield "/clients", "/managers", self.put_client
        yield "/clients/{id}/off", "/managers", self.drop_client
        yield "/managers", "/managers", self.put_manager

    async def move_price(self, form: Form) -> str:
        symbol = _one(form, "symbol")
        try:
            bid, ask = (Decimal(_one(form, name)) for name in ("bid", "ask"))
            if not (bid.is_finite() and ask.is_finite()):
                raise BadPriceError("The prices must be numbers.")
            quote = self._control.move_price(symbol, bid, ask)
        except InvalidOperation:
            raise RefusedError("The price was not moved: bid and ask are numbers.") from None
        except BadPriceError as error:
            raise RefusedError(f"The price was not moved. {error}") from None
        return f"{symbol} moved to {quote.bid} / {quote.ask}."

    async def move_clock(self, form: Form) -> str:
        if not _one(form, "advance").isdecimal():
            raise RefusedError("The clock was not moved: give whole minutes.")
        minutes = int(_one(form, "advance"))
        try:
            await self._control.advance(minutes * MINUTE, MINUTE)
        except ValueError as error:
            raise RefusedError(f"The clock was not moved: {error}.") from None
        return f"The clock moved on by {minutes:,} minutes."

    async def jump(self, form: Form) -> str:
        try:
            hours = int(_one(form, "hours"))
            self._mishaps.jump(hours * HOUR)
        except ValueError as error:
            raise RefusedError(f"The clock did not jump: {error}.") from None
        return f"The clock jumped by {hours:,} hours."

    async def forget_keys(self, form: Form) -> str:
        return f"{self._mishaps.forget_keys():,} keys are forgotten."

    async def back_up(self, form: Form) -> str:
        return f"The backup {await self._mishaps.back_up()} is written."

    async def restore(self, form: Form) -> str:
        try:
            self._mishaps.restore(_one(form, "name"))
        except ValueError as error:
            raise RefusedError(f"Nothing was restored: {error}.") from None
        return f"The server starts again with {_one(form, 'name')}."

    async def switch_group(self, form: Form) -> str:
        group = _one(form, "group")
        given = {
            "group": group,
            "commissionFor": _one(form, "commissionFor"),
            "pendingsLookAtHedging": _one(form, "pendingsLookAtHedging") == "yes",
        }
        if _one(form, "commission"):
            given |= {"commissionKind": _one(form, "commissionKind")}
            given |= {"commission": _number(form, "commission")}
        try:
            self._control.put_switches(given)
        except ValueError as error:
            raise RefusedError(f"Nothing was changed: {error}.") from None
        return f"{group} is set, for orders from now on."

    async def add_fault(self, form: Form) -> str:
        given = {name: _one(form, name) for name in form if _one(form, name)}
        try:
            rule = self._faults.add(given)
        except BadRuleError as error:
            raise RefusedError(f"No fault was switched on: {error}.") from None
        where = "every operation" if rule.operation == "*" else rule.operation
        return f"{rule.fault} is switched on for {where}."

    async def clear_faults(self, form: Form) -> str:
        self._faults.clear()
        return "All faults are switched off."

    async def drop_fault(self, form: Form) -> str:
        self._faults.drop(int(_one(form, "id")))
        return "The fault is switched off."

    async def put_client(self, form: Form) -> str:
        given = {name: _one(form, name) for name in ("id", "secret", "manager")}
        try:
            self._control.put_client(given)
        except ValueError as error:
            raise RefusedError(f"The client was not saved: {error}.") from None
        return f"{given['id']} acts as manager {given['manager']}."

    async def drop_client(self, form: Form) -> str:
        self._clients.drop(_one(form, "id"))
        return f"The client {_one(form, 'id')} is removed."

    async def put_manager(self, form: Form) -> str:
        given = {name: _one(form, name) for name in ("login", "name", "groups")}
        try:
            self._control.put_manager({**given, "rights": form.get("rights", ())})
        except ValueError as error:
            raise RefusedError(f"The manager was not saved: {error}.") from None
        return f"Manager {given['login']} is saved."
