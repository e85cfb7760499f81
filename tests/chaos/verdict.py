"""What must hold in the end: held against the plan, in the test's own arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from panel.access.actor import Actor
from panel.models import ChangeRequest, Hold, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.read import reader
from payments.attribution import MONEY
from payments.books import books
from payments.models import BulkFile, BulkItem, Difference, Payment
from payments.reconciliation import run as reconciliation
from tests.chaos.conftest import demo
from tests.chaos.crew import Crew
from tests.chaos.wishes import OPENING, POOR_OPENING, POOR_WITHDRAWAL, Fate, Move, Plan, Wish

OPEN = (Status.PENDING, Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)
# A bulk file as a wish, with what each of its lines does.
Files = Sequence[tuple[Wish, list[Move]]]


def still_open() -> list[tuple[object, ...]]:
    """What has not come to its end, for the report."""
    rows = ChangeRequest.objects.filter(status__in=OPEN).order_by("pk")
    return list(
        rows.values_list("reference", "status", "attempt", "outcome_text", "waiting_for")[:20]
    )


def assert_all_is_final(plan: Plan, crew: Crew) -> None:
    """No request, line, payment or hold is left open, and nothing failed that should not have."""
    assert not still_open()
    assert not Payment.objects.filter(status__in=OPEN).exists()
    assert set(BulkItem.objects.values_list("state", flat=True)) <= {"done", "rejected"}
    assert set(BulkFile.objects.values_list("state", flat=True)) == {"finished"}
    assert not Hold.objects.exists()
    by_people = {reference.partition(" ")[2] for reference, _ in crew.settled}
    for wish in plan.wishes:
        if wish.request is None:
            assert wish.fate is Fate.RACE
            continue
        wish.request.refresh_from_db()
        request = wish.request
        what = (request.reference, request.status, request.outcome_text)
        if wish.fate is Fate.REFUSED:
            assert request.status == Status.FAILED, what
        elif wish.fate is Fate.SURE:
            settled = request.reference.partition(" ")[2] in by_people
            assert request.status == (Status.FAILED if settled else Status.DONE), what
    for login in plan.accounts.poor:
        done = [w for w in plan.wishes if _is_of(w, login) and w.request and _done(w.request)]
        assert len(done) == 1, login


def _is_of(wish: Wish, login: int) -> bool:
    return any(move.login == login for move in wish.moves)


def _done(request: ChangeRequest) -> bool:
    return request.status == Status.DONE


def records_in_mt4(logins: set[int]) -> dict[str, list[Move]]:
    """What MT4 has with a reference, by the letters and figures that the legs of one request
    have in common; read as it stands there.
    """
    found: dict[str, list[Move]] = defaultdict(list)
    live, now, window = reader(demo().connection), demo().server_time(), timedelta(days=3)
    for login in logins:
        for trade in live.history(login, now - window, now + window):
            if trade.trade_command in MONEY and trade.comment not in ("opening", "promo"):
                is_credit = trade.trade_command is TradeCommand.Credit
                move = Move(login, is_credit, trade.profit)
                found[trade.comment[3:11]].append(move)
    return found


def expected_records(plan: Plan, files: Files) -> dict[str, list[Move]]:
    """What MT4 must have, by the plan and by what became of each request."""
    expected: dict[str, list[Move]] = {}
    for wish in plan.wishes:
        if wish.request is None or wish.kind == "file":
            continue
        if _done(wish.request) or wish.fate is Fate.REFUSED:
            expected[wish.request.reference[3:]] = sorted(wish.moves)
        elif wish.kind in ("transfer", "exchange") and "debit" in wish.request.progress:
            out = wish.moves[0]
            if "done" in wish.request.progress["debit"]:
                back = Move(out.login, False, -out.amount)
                expected[wish.request.reference[3:]] = sorted([out, back])
    for wish, moves in files:
        items = BulkItem.objects.filter(file__request=wish.request).order_by("line")
        for item, move in zip(items, moves, strict=True):
            if item.state == BulkItem.State.DONE:
                expected[item.reference[3:]] = [move]
    return expected


def assert_each_was_applied_once(plan: Plan, files: Files, crew: Crew) -> None:
    """MT4 has each payment once, with its amount and on its account, and nothing besides."""
    found = records_in_mt4({*plan.accounts.currency})
    expected = expected_records(plan, files)
    assert {name: sorted(moves) for name, moves in found.items()} == expected
    by_people = {reference for reference, _ in crew.settled}
    for wish, moves in files:
        items = BulkItem.objects.filter(file__request=wish.request).order_by("line")
        for item, move in zip(items, moves, strict=True):
            refused = move.login in plan.accounts.refusing or item.reference in by_people
            assert item.state == ("rejected" if refused else "done"), (item.reference, item.text)


def assert_the_books_agree(plan: Plan, files: Files) -> None:
    """Balance and credit are what the plan adds up to; MT4's own check and the panel's agree."""
    sums: dict[tuple[int, bool], Decimal] = defaultdict(lambda: Decimal("0.00"))
    for login in plan.accounts.currency:
        poor = login in plan.accounts.poor
        sums[login, False] = POOR_OPENING - POOR_WITHDRAWAL if poor else OPENING
        sums[login, True] = Decimal("0.00") if poor else OPENING
    for moves in expected_records(plan, files).values():
        for move in moves:
            if move.login not in plan.accounts.poor:
                sums[move.login, move.is_credit] += move.amount
    live = reader(demo().connection)
    for login in plan.accounts.currency:
        account = live.account(login)
        held = (account.balance, account.credit)
        assert held == (sums[login, False], sums[login, True]), login
        found = books(demo(), login, live)
        assert found.agree, (login, found)
        assert found.our_total == found.their_total
    assert live.balance_checks(plan.accounts.currency) == []


def assert_the_reconciliation_finds_nothing(since: datetime) -> None:
    """The panel's own comparison of every account."""
    run = reconciliation.begin(
        demo(), since, timezone.now() + timedelta(seconds=2), actor=Actor.system("test"),
        source="test",
    )  # fmt: skip
    reconciliation.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.found) == ("done", 0), list(Difference.objects.values_list("text"))
    assert run.matched == Payment.objects.filter(status=Status.DONE).count()
