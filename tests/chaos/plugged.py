"""Payments over accounts on which a plug-in changes what is booked: made, waited for, counted."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from panel.commands.base import Command
from panel.commands.errors import Stale
from panel.commands.submit import submit
from panel.models import ChangeRequest, Status
from panel.mt4.sandbox.hooks import CHANGES
from tests.chaos.conftest import demo, person
from tests.chaos.truth import Booked, booked
from tests.core.money import approve_as, new_account
from tests.factories import actor
from tests.harness.stack import Stack

WORDS = "march"
# What is left of the mark where the answer was dropped: enough, perhaps enough, or too little.
FOUND = ("plugin_suffix", "plugin_upper")
PERHAPS = ("plugin_prefix", "plugin_head_gone", "plugin_lower")


@dataclass
class Case:
    """One payment, what the plug-in does to it, and whether its answer comes."""

    kind: str
    plugin: str
    is_dropped: bool
    login: int
    reference: str = ""
    request: ChangeRequest | None = None

    @property
    def name(self) -> str:
        """For the report of a failure."""
        answer = "answer dropped" if self.is_dropped else "answered in time"
        return f"{self.kind}, {self.plugin}, {answer}"


def cases(stack: Stack, kind: str, balance: str = "5000.00") -> Iterator[Case]:
    """Every plug-in, answered in time and with the answer dropped, each on its own account.

    The plug-in is at work from now on; the answer is dropped once.
    """
    for plugin, is_dropped in product(CHANGES, (False, True)):
        login = new_account(demo(), balance)
        stack.sandbox.fault(plugin, "TradeTransaction", login=login)
        if is_dropped:
            stack.proxy.rule("drop_answer", login=login, count=1)
        yield Case(kind, plugin, is_dropped, login)


def asked(command: Command, *checkers: str) -> ChangeRequest:
    """A request by the back office, approved as often as it needs."""
    request = submit(
        command,
        actor=actor(person("ops")),
        source="test",
        reason="the client asked",
        key=str(uuid.uuid4()),
    )
    return approved(request, *checkers)


def approved(request: ChangeRequest, *checkers: str) -> ChangeRequest:
    """The request with the approvals that it needs, however often figures change meanwhile."""
    for checker in checkers or ("compliance", "compliance2", "manager"):
        while (fresh := ChangeRequest.objects.get(pk=request.pk)).status == Status.PENDING:
            with contextlib.suppress(Stale):
                approve_as(person(checker), fresh)
                break
    return ChangeRequest.objects.get(pk=request.pk)


def settled_or_with_a_person(requests: Sequence[ChangeRequest]) -> Callable[[], bool]:
    """Whether none of them goes on by itself."""

    def look() -> bool:
        rows = ChangeRequest.objects.filter(pk__in=[request.pk for request in requests])
        final = rows.filter(status__in=(Status.DONE, Status.FAILED)).count()
        return final + rows.filter(status=Status.UNKNOWN, needs_person=True).count() == len(
            requests
        )

    return look


def count(stack: Stack, made: Sequence[Case]) -> dict[str, tuple[int, int]]:
    """How often each case was sent and booked: by the proxy's log and the sandbox's records."""
    logins = {case.login for case in made}
    truth: dict[str, list[Booked]] = booked(stack, logins)
    return {
        case.name: (
            len(stack.proxy.sendings(login=case.login, reference=case.reference)),
            len(truth.get(case.reference, [])),
        )
        for case in made
    }
