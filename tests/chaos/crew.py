"""The staff of a busy day: several people who ask, decide and settle, each in a thread."""

from __future__ import annotations

import queue
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from django.db import connections

from panel.commands.base import Command, Invalid
from panel.commands.decide import reject
from panel.commands.errors import Stale
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.models import ChangeRequest, Status, User
from panel.mt4.errors import MT4Error
from panel.mt4.read import reader
from payments.adjustments import Chargeback
from payments.desk.returns import ReturnWithdrawal
from payments.evidence import money_records
from payments.models import Kind, Payment, Stage, Withdrawal
from tests.chaos.wishes import CENT, Fate, Move, Wish
from tests.core.money import approve_as
from tests.factories import actor, make_user

Got = TypeVar("Got")
# How often somebody tries again what MT4 could not be asked about, or what has just changed.
PATIENCE = 20
BECAUSE = "The client cancelled it."


def patiently(do: Callable[[], Got]) -> Got:
    """What a person does when the page says that MT4 is away, or that figures have changed."""
    for _ in range(PATIENCE):
        try:
            return do()
        except (MT4Error, Stale):
            time.sleep(0.1)
    return do()


@dataclass
class Crew:
    """Makers and checkers, the two who settle, and what they have done."""

    chance: random.Random
    threads: int
    makers: list[User] = field(default_factory=list)
    checkers: list[User] = field(default_factory=list)
    # How those who settle find out whether MT4 has a payment; by its reference, if not said.
    finds: Callable[[Payment], bool] | None = None
    # What people had to settle: the reference of the leg in doubt, and whether MT4 had it.
    settled: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.makers = [make_user(f"Olga{number}", "back-office") for number in range(4)]
        self.checkers = [make_user(f"Bob{number}", "compliance") for number in range(3)]
        self.maya = make_user("Maya", "manager")
        self.bella = make_user("Bella", "compliance")
        self._undone: set[int] = set()
        self._lock = threading.Lock()

    # --- Asking ---------------------------------------------------------------------------

    def begin(self, wishes: Iterable[Wish]) -> list[Future[None]]:
        """Have all of them asked for and decided on."""
        waiting: queue.SimpleQueue[Wish] = queue.SimpleQueue()
        for wish in wishes:
            waiting.put(wish)
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="crew")
        at_work = [pool.submit(self._work, waiting) for _ in range(self.threads)]
        pool.shutdown(wait=False)
        return at_work

    def _work(self, waiting: queue.SimpleQueue[Wish]) -> None:
        try:
            while True:
                try:
                    wish = waiting.get_nowait()
                except queue.Empty:
                    return
                if wish.command is None and not self._find_origin(wish):
                    waiting.put(wish)
                    time.sleep(0.5)
                    continue
                self.ask(wish)
        finally:
            connections.close_all()

    def ask(self, wish: Wish) -> None:
        """Make the request, once however often it is sent, and have it decided on."""
        if wish.command is None:
            raise ValueError(f"Nothing to ask for: {wish}")
        command, key = wish.command, str(uuid.uuid4())
        maker = self.chance.choice([one for one in self.makers if not command.may_ask(one)])
        try:
            wish.request = patiently(lambda: self.submit(command, maker, key))
        except Invalid:
            if wish.fate is not Fate.RACE:
                raise
            return
        self.decide(wish.request, may_be_refused=wish.fate is Fate.RACE)

    def submit(self, command: Command, maker: User, key: str) -> ChangeRequest:
        """A request, with a reason."""
        return submit(command, actor=actor(maker), source="test", reason=BECAUSE, key=key)

    def decide(self, request: ChangeRequest, *, may_be_refused: bool = False) -> None:
        """As many approvals as it needs; a rejection where it would not go through any more."""
        for checker in self.chance.sample(self.checkers, len(self.checkers)):
            request = ChangeRequest.objects.get(pk=request.pk)
            if request.status != Status.PENDING:
                return
            try:
                patiently(lambda: self._approve(request, checker))  # noqa: B023  called at once
            except Invalid as too_much:
                if not may_be_refused:
                    raise
                reject(request, actor=actor(checker), source="test", reason=str(too_much))

    def _approve(self, request: ChangeRequest, checker: User) -> ChangeRequest:
        return approve_as(checker, request)

    def _find_origin(self, wish: Wish) -> bool:
        """Something done that can be undone: each at most once."""
        with self._lock:
            if wish.kind == "chargeback":
                return self._charge_back(wish)
            return self._send_back(wish)

    def _charge_back(self, wish: Wish) -> bool:
        done = Payment.objects.filter(kind=Kind.DEPOSIT, status=Status.DONE, amount__gte=1)
        deposit = done.exclude(pk__in=self._undone).order_by("?").first()
        if deposit is None:
            return False
        self._undone.add(deposit.pk)
        amount = max((deposit.amount / 2).quantize(CENT), CENT)
        wish.command = Chargeback(
            platform="demo", login=deposit.login, amount=amount, deposit=deposit.reference
        )
        wish.moves = (Move(deposit.login, False, -amount),)
        return True

    def _send_back(self, wish: Wish) -> bool:
        owed = Withdrawal.objects.filter(stage=Stage.TO_PAY).exclude(payment__in=self._undone)
        row = owed.select_related("payment", "platform").order_by("?").first()
        if row is None:
            return False
        self._undone.add(row.payment_id)
        wish.command = ReturnWithdrawal.of(row, BECAUSE)
        wish.moves = (Move(row.payment.login, False, row.payment.amount),)
        return True

    # --- Settling -------------------------------------------------------------------------

    def settle_what_waits(self) -> None:
        """Two people who had no hand in it look at MT4 and say what they see."""
        for request in ChangeRequest.objects.filter(status=Status.UNKNOWN, needs_person=True):
            doubtful = request.payments.get(status=Status.UNKNOWN)
            happened = patiently(partial(self.finds or _is_there, doubtful))
            self.settled.append((doubtful.reference, happened))
            finding = f"Looked at the account's history on MT4: it is {_there(happened)}."
            command = SettleUnknown(reference=request.reference, happened=happened, finding=finding)
            proposal = self.submit(command, self.maya, str(uuid.uuid4()))
            self._approve(proposal, self.bella)


def _is_there(payment: Payment) -> bool:
    live = reader(payment.platform.connection)
    records = money_records(live.history(payment.login))
    return any(one.comment.startswith(payment.reference) for one in records)


def _there(happened: bool) -> str:
    return "there" if happened else "not there"
