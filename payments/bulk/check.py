"""Checking a file: every line against the accounts, the past and the limits, before anything
is sent.

A check is claimed under a lease, which each portion renews; whoever finds it lost stops, and a
file whose checker died is taken up anew from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.lib.money import show
from panel.models import User
from panel.mt4.errors import MT4Error
from panel.ui.owners import portions
from payments.bulk import digest, store
from payments.bulk.findings import Findings, TooManyFaults
from payments.bulk.funds import Funds
from payments.bulk.known import Accounts, Known
from payments.bulk.read import read
from payments.bulk.rows import Entry, Fault, Glimpse, fault
from payments.bulk.twins import Twins
from payments.limits import Movement, check_many
from payments.models import BulkFile, BulkItem, Kind
from payments.stops import stopped

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=120)
PORTION = 2_000
CHECKER = Actor.system("bulk check")
RIGHTS = {
    Kind.DEPOSIT: "payments.deposit",
    Kind.WITHDRAWAL: "payments.withdraw",
    Kind.CREDIT_IN: "payments.credit",
    Kind.CREDIT_OUT: "payments.credit",
    Kind.CORRECTION_IN: "payments.correct",
    Kind.CORRECTION_OUT: "payments.correct",
}
"""What a person needs to ask for a line of a kind."""

STOPPED = "Withdrawals from this account are stopped."


class LostToAnother(Exception):
    """Another worker checks the file now."""


def check(file_id: int) -> None:
    """Check a file, if it waits for that; its state says what came of it."""
    file = _claim(file_id)
    if file is None:
        return
    try:
        _Check(file).run()
    except LostToAnother:
        log.warning("bulk check taken over", file=file_id)


def _claim(file_id: int) -> BulkFile | None:
    now = timezone.now()
    claimed = BulkFile.objects.filter(
        Q(checking_until__isnull=True) | Q(checking_until__lt=now),
        pk=file_id,
        state=BulkFile.State.CHECKING,
    ).update(check_attempt=F("check_attempt") + 1, checking_until=now + LEASE, checked=0)
    if claimed != 1:
        return None
    return BulkFile.objects.select_related("platform", "uploaded_by").get(pk=file_id)


class _Check:
    def __init__(self, file: BulkFile) -> None:
        self.file = file
        self.person: User = file.uploaded_by
        self.findings = Findings(file)
        self.accounts = Accounts(file.platform)
        self.twins = Twins(file)
        self.funds = Funds(file.platform)
        self.movements: list[Movement] = []
        self.lines: list[int] = []
        self.sees = cache(lambda group: self.person.sees(file.platform_id, group))

    def run(self) -> None:
        self._still_mine()
        self.findings.begin()
        try:
            self._look_at_all()
        except TooManyFaults:
            self.findings.add_last("There are more errors: the rest of the file was not checked.")
        except OSError:
            self.findings.add_last("The stored file is gone: upload it again.")
        except MT4Error as error:
            self.findings.add_last(
                f"{error.explain()} The file was not checked to its end: check it again."
            )
        self._finish()

    def _look_at_all(self) -> None:
        if store.sha256_now(self.file) != self.file.sha256:
            self.findings.add_last("The stored bytes are not those that were uploaded.")
            return
        pasted = self.file.source == BulkFile.Source.PASTE
        with store.opened(self.file) as source:
            for portion in portions(read(source, pasted=pasted), PORTION):
                self._look_at(portion)
                self._still_mine()
        # What is not needed any more makes room for what comes.
        self.twins = Twins(self.file)
        self.findings.add_faults(self.funds.short(self._still_mine))
        self._still_mine()
        self.findings.add_faults(
            fault(
                self.lines[breach.index],
                "amount",
                show(breach.asked, breach.currency, named=False),
                breach.text,
            )
            for breach in check_many(self.person, self.movements)
        )

    def _look_at(self, portion: Sequence[Entry | Fault | Glimpse]) -> None:
        """One portion of lines: what reading found, then what the panel knows about the rest."""
        entries = [one for one in portion if isinstance(one, Entry)]
        faults = [one for one in portion if isinstance(one, Fault)]
        glimpses = [one for one in portion if isinstance(one, Glimpse)]
        logins = {one.login for one in entries} | {one.login for one in glimpses}
        known = self.accounts.of(logins)
        held_back = stopped(
            self.file.platform, (one.login for one in entries if one.kind is Kind.WITHDRAWAL)
        )
        good: list[tuple[Entry, Known]] = []
        for entry in entries:
            wrong = list(self._problems(entry, known.get(entry.login)))
            if entry.kind is Kind.WITHDRAWAL and entry.login in held_back:
                wrong.append(fault(entry.line, "login", str(entry.login), STOPPED))
            faults += wrong
            if not wrong:
                good.append((entry, known[entry.login]))
        for glimpse in glimpses:
            faults += self._of_account(glimpse, known.get(glimpse.login))
        faults += self.twins.before([entry for entry, _ in good])
        self.findings.rows += len({one.line for one in portion})
        if faults:
            self.findings.add_faults(sorted(faults, key=lambda one: one.line))
        self.findings.add_entries(good)
        for entry, account in good:
            self.funds.note(entry)
            self.lines.append(entry.line)
            self.movements.append(
                Movement(
                    self.file.platform_id,
                    account.group,
                    entry.kind,
                    entry.currency,
                    entry.amount,
                )
            )

    def _of_account(self, entry: Entry | Glimpse, account: Known | None) -> Iterator[Fault]:
        """Of accounts outside a person's scopes not even the existence is told."""
        if account is None or not self.sees(account.group):
            yield fault(
                entry.line,
                "login",
                str(entry.login),
                f"There is no account {entry.login} on this platform, or it is not in your scope.",
            )
        elif entry.currency and account.currency != entry.currency:
            yield fault(
                entry.line,
                "currency",
                entry.currency,
                f"The account {entry.login} is in {account.currency}.",
            )

    def _problems(self, entry: Entry, account: Known | None) -> Iterator[Fault]:
        yield from self._of_account(entry, account)
        if not self.person.may(RIGHTS[entry.kind]):
            yield fault(
                entry.line, "kind", entry.kind, f"You may not ask for a {entry.kind.label}."
            )
        if entry.kind is Kind.CREDIT_IN and (problem := self._expiry_problem()):
            yield fault(entry.line, "kind", entry.kind, problem)
        twin = self.twins.within(entry)
        if twin:
            yield twin

    def _expiry_problem(self) -> str:
        day = self.file.credit_expires
        if day is None:
            return "Credit in needs its last day: give it when you upload the file."
        if day < self.file.platform.server_time().date():
            return "The credit's last day is over on the server's clock."
        return ""

    def _still_mine(self) -> None:
        """Renew the lease and say how far it is; raises `LostToAnother`."""
        rows = BulkFile.objects.filter(
            pk=self.file.pk,
            state=BulkFile.State.CHECKING,
            check_attempt=self.file.check_attempt,
        )
        checked = self.findings.rows
        if rows.update(checking_until=timezone.now() + LEASE, checked=checked) != 1:
            raise LostToAnother

    def _finish(self) -> None:
        found = self.findings
        state = BulkFile.State.HAS_ERRORS if found.faults else BulkFile.State.READY
        if found.faults:
            BulkItem.objects.filter(file=self.file).delete()
        told = f"{found.rows:,} rows; " + (
            f"{found.faults:,} errors." if found.faults else "no error."
        )
        with transaction.atomic():
            written = BulkFile.objects.filter(
                pk=self.file.pk,
                state=BulkFile.State.CHECKING,
                check_attempt=self.file.check_attempt,
            ).update(
                state=state,
                checking_until=None,
                checked=found.rows,
                rows=found.rows,
                errors=found.faults,
                totals=found.totals,
                groups=sorted(found.groups),
                items_sha256="" if found.faults else digest.of_file(self.file),
            )
            if written != 1:
                raise LostToAnother
            audit.record(
                CHECKER,
                "bulk file checked",
                source="worker",
                obj=("bulk file", self.file.pk, self.file.name),
                platform=self.file.platform,
                outcome="failed" if found.faults else "ok",
                detail=told,
            )
