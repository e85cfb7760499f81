"""The commands that carry files out: a file as a whole, with its digests, by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.access.policy import Asked, Needed, needed
from panel.commands.base import Check, Invalid, Leftover, MT4Command, Preview, Risk, Target
from panel.commands.call import HandedOver
from panel.commands.registry import register
from panel.models import ChangeRequest, Platform, Policy, Status
from panel.models.change import OPEN
from panel.mt4.errors import LeaseLost
from payments import limits
from payments.bulk import deciding, digest, readings, store
from payments.bulk.check import RIGHTS
from payments.bulk.readings import AGAIN
from payments.bulk.single import SINGLE
from payments.bulk.start import NotReady, start
from payments.bulk.sums import flows_of, flows_text, in_words, outside, strictest, sums_of
from payments.bulk.tasks import read_warnings_soon
from payments.bulk.twins import twins_of
from payments.bulk.words import warning_checks, warnings_text
from payments.desk import stages
from payments.facts import NOT_MOVED
from payments.models import BulkFile, BulkItem, Kind, WarningCheck, WarningsShown

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.models import User
    from panel.mt4.read import Reader


@dataclass(frozen=True, kw_only=True)
class FileCommand(MT4Command):
    """Carry out lines of a checked file. The digests say which bytes, and which lines."""

    permission: ClassVar[str] = "payments.bulk"
    approve_permission: ClassVar[str] = "payments.approve_bulk"
    risk: ClassVar[Risk] = Risk.MONEY
    default_needed: ClassVar[Needed] = Needed(1, (), "A second person approves every file.")

    # Whether it is all lines of the file.
    whole: ClassVar[bool]

    file: int
    file_name: str
    sha256: str
    lines_sha256: str
    rows: int
    totals: tuple[dict[str, Any], ...]

    @property
    def moves_money(self) -> bool:
        """Its lines do, each with a hold of its own: the request as a whole has no account."""
        return False

    @property
    def reason_needed(self) -> bool:  # type: ignore[override]  # its lines say
        """As for the single payments of its kinds."""
        return any(SINGLE[Kind(line["kind"])].reason_needed for line in self.totals)

    @classmethod
    def left_open(cls, request: ChangeRequest) -> Leftover | None:
        """Its withdrawals wait to be paid out."""
        return stages.to_pay(request)

    @classmethod
    def lines(cls, file: BulkFile) -> QuerySet[BulkItem]:
        """The lines that are carried out."""
        return BulkItem.objects.filter(file=file)

    @classmethod
    def totals_of(cls, file: BulkFile) -> list[dict[str, Any]]:
        """Their sums by kind and currency."""
        return list(file.totals)

    @classmethod
    def of(cls, file: BulkFile) -> FileCommand:
        """The command for a file as it stands."""
        return cls(
            platform=file.platform.slug,
            file=file.pk,
            file_name=file.name,
            sha256=file.sha256,
            lines_sha256=cls.digests(file)[1],
            rows=cls.lines(file).count(),
            totals=tuple(cls.totals_of(file)),
        )

    def get_file(self) -> BulkFile:
        """The file; raises `Invalid` if there is none."""
        rows = BulkFile.objects.select_related("platform", "request")
        found = rows.filter(pk=self.file, platform__slug=self.platform).first()
        if found is None:
            raise Invalid.of("There is no such file.")
        return found

    @property
    def amount(self) -> Decimal | None:
        """What it moves in and out together, where that is one currency: policies look at all that
        moves, whichever way. People are told in, out and net apart (`moves_text`).
        """
        if len({line["currency"] for line in self.totals}) != 1:
            return None
        return sum((Decimal(line["amount"]) for line in self.totals), Decimal(0))

    @classmethod
    def moves_text(cls, request: ChangeRequest) -> str:
        """In, out and net, by currency."""
        return flows_text(flows_of(request.payload["totals"]))

    @property
    def least_needed(self) -> Needed:
        """The strictest of what policies ask for each currency's sum, and for the largest line of
        each kind as if it were asked for by itself.
        """
        platform = self.get_platform().pk
        rules = [self.default_needed]
        policies = list(Policy.objects.filter(active=True))
        for line in self.totals:
            single, currency = SINGLE[Kind(line["kind"])], line["currency"]
            total = sum(Decimal(t["amount"]) for t in self.totals if t["currency"] == currency)
            for name, amount, at_least in (
                (self.name, Decimal(total), self.default_needed),
                (single.name, Decimal(line["largest"]), single.default_needed),
            ):
                asked = Asked(name, platform, "", currency, amount)
                mine = [policy for policy in policies if policy.command == name]
                rules.append(needed(mine, asked, at_least=at_least))
        return strictest(rules)

    def target(self, reader: Reader | None) -> Target:
        """The file; its group and currency where it has only one."""
        file = self.get_file()
        currencies = {line["currency"] for line in self.totals}
        return Target(
            "bulk file",
            str(file.pk),
            f"{file.name}, {self.rows:,} rows",
            group=file.groups[0] if len(file.groups) == 1 else "",
            currency=currencies.pop() if len(currencies) == 1 else "",
            further_groups=tuple(file.groups),
        )

    @classmethod
    def digests(cls, file: BulkFile) -> tuple[str, str]:
        """The digests over all its lines and over those carried out, as they are stored now."""
        whole = digest.of_file(file)
        return whole, whole

    def check_state(self, file: BulkFile) -> None:
        """Raise `Invalid` unless the file is where this command may be asked for or go on."""
        raise NotImplementedError

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The same bytes, the same lines, and as long as it is being asked for, no twin since."""
        file = self.get_file()
        self.check_state(file)
        if store.sha256_now(file) != self.sha256:
            raise Invalid.of("The stored file is not the one that was checked: upload it again.")
        if self.digests(file) != (file.items_sha256, self.lines_sha256):
            raise Invalid.of("The lines are not those that were checked.")
        if actor is None:
            return
        person = actor.person_or_fail()
        if outside(file, person):
            raise Invalid.of("The file has accounts outside your scopes.")
        for line in self.totals:
            if not person.may(RIGHTS[Kind(line["kind"])]):
                raise Invalid.of(f"You may not ask for a {Kind(line['kind']).label}.")
        self._find_no_twin(file)

    def lock(self) -> None:
        """Files are asked for one after the other: of two with the same line, asked for at the
        same moment, the second finds the first.
        """
        if self.request_reference:
            return
        Platform.objects.select_for_update(no_key=True).get(slug=self.platform)
        self._find_no_twin(self.get_file())

    def _find_no_twin(self, file: BulkFile) -> None:
        twins = twins_of(file, self.lines(file))
        if twins:
            raise Invalid.of(
                f"Since it was checked, the same was asked for elsewhere. {twins[0].message} "
                f"(line {twins[0].line}). Check the file again."
            )

    def hold_limits(
        self, maker: User, target: Target, *, but: ChangeRequest | None, lock: bool
    ) -> None:
        """Every line counts, as if it were asked for by itself."""
        file = self.get_file()
        rows = self.lines(file).order_by("line").values_list("mt4_group", *_MOVED)
        movements = [
            limits.Movement(file.platform_id, *row) for row in rows.iterator(chunk_size=2_000)
        ]
        limits.hold(maker, movements, but=but, lock=lock, field="")

    def get_request(self) -> ChangeRequest | None:
        """The request it was loaded from; None while it is being asked for."""
        if not self.request_reference:
            return None
        return ChangeRequest.objects.get(reference=self.request_reference)

    def reading(self) -> WarningCheck | None:
        """The warnings of its lines that count now."""
        request = self.get_request()
        if request is None and not self.whole:
            # What was read is of other lines than those that are left.
            return None
        return readings.latest(self.get_file(), request)

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """What a decision stands on: the bytes, the warnings of the lines, and what is left out."""
        before: dict[str, Any] = {"file": self.get_file().sha256, "rows": self.rows}
        check, request = self.reading(), self.get_request()
        if check is not None:
            before["warnings"] = {"counts": check.counts, "sha256": check.sha256}
        if request is not None and (left_out := deciding.left_out_of(request)):
            before["left_out"] = sorted(left_out)
        return before

    def watched(self, before: dict[str, Any]) -> dict[str, Any]:
        """The bytes: what the lines meet is looked at again right before each is sent."""
        return {name: before[name] for name in ("file", "rows")}

    def preview(self, reader: Reader | None) -> Preview:
        """The sums, what was made sure of, and what is to be known of the lines."""
        request, check = self.get_request(), self.reading()
        left_out = deciding.left_out_of(request) if request else {}
        figures = {"Warnings": warnings_text(check)}
        if left_out:
            figures["Left out"] = f"{len(left_out):,} of {self.rows:,} lines"
        moved = flows_text(flows_of(self.totals))
        return Preview(
            sentence=f"Carry out {self.rows:,} payments of {self.file_name}: "
            f"{in_words(self.totals)} ({moved}).",
            button=f"Submit {self.rows:,} payments",
            checks=[
                Check("ok", "Each line has a known account, its currency, and no twin in 30 days."),
                Check("ok", f"The file is the one that was checked (SHA-256 {self.sha256[:16]}…)."),
                Check("ok", "Live figures are looked at again right before each line is sent."),
                *warning_checks(check),
            ],
            figures=figures,
        )

    @classmethod
    def read_anew(cls, request: ChangeRequest) -> None:
        """The warnings of its lines: now, or by a worker where there are many."""
        file = BulkFile.objects.select_related("platform").get(pk=request.payload["file"])
        if request.status != Status.PENDING:
            return
        if request.payload["rows"] <= readings.AT_ONCE:
            readings.read(file, readings.lines_of(file, request), request)
            return
        fresh = readings.is_fresh(readings.latest(file, request), request)
        if not fresh and readings.under_way(file) is None:
            read_warnings_soon(request.pk)

    def to_do_first(self, request: ChangeRequest, person: User) -> Sequence[str]:
        """Lines that are decided one by one, on warnings that are fresh."""
        return deciding.to_do(request, person.pk)

    def approving(self, request: ChangeRequest, person: User) -> None:
        """What was shown is kept with the decision; a reading that is thrown away waits for it."""
        BulkFile.objects.select_for_update(no_key=True).get(pk=self.file)
        super().approving(request, person)
        check = self.reading()
        if check is not None:
            WarningsShown.objects.create(request=request, checker=person, check_shown=check)

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Every group and every kind of the file has to be theirs to decide on."""
        file = BulkFile.objects.filter(pk=request.payload["file"]).first()
        if file is None:
            return "The file is gone."
        if file.uploaded_by_id == person.pk:
            return "You uploaded this file, so somebody else has to decide."
        if outside(file, person):
            return "The file has accounts outside your scopes."
        for line in request.payload["totals"]:
            kind = Kind(line["kind"])
            if not person.may(SINGLE[kind].approve_permission):
                return f"The file has a {kind.label}, and your roles do not decide on those."
        return ""

    def execute(self, call: Call) -> None:
        """Hand the file to the workers; the request stays open until its last line is final."""
        call.check()
        now = timezone.now()
        with transaction.atomic():
            mine = ChangeRequest.objects.filter(
                pk=call.request.pk, attempt=call.attempt, lease_until__gt=now
            ).update(lease_until=None, call_until=None)
            if mine != 1:
                raise LeaseLost
            try:
                start(self.get_file(), call.request)
            except NotReady as wrong:
                raise LeaseLost from wrong
        raise HandedOver


_MOVED = ("kind", "currency", "amount")


@register
@dataclass(frozen=True, kw_only=True)
class CarryOutFile(FileCommand):
    """All lines of a file, for the first time."""

    name: ClassVar[str] = "payments.bulk_file"
    label: ClassVar[str] = "Bulk file"
    prefix: ClassVar[str] = "BF"
    whole: ClassVar[bool] = True

    def check_state(self, file: BulkFile) -> None:
        """Ready, or submitted with this very request."""
        asked = bool(self.request_reference)
        own = file.request is not None and file.request.reference == self.request_reference
        if (file.state == BulkFile.State.READY and not asked) or (
            file.state == BulkFile.State.SUBMITTED and own
        ):
            return
        raise Invalid.of(f"The file is {file.get_state_display()}: it cannot be carried out now.")

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """From now on the file waits for its approval and cannot be checked or sent anew."""
        taken = BulkFile.objects.filter(
            pk=request.payload["file"], state=BulkFile.State.READY
        ).update(state=BulkFile.State.SUBMITTED, request=request, run=request)
        if taken != 1:
            raise Invalid.of("Somebody else has just submitted this file.")

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """A request that came to nothing leaves the file ready for another one."""
        if request.status in NOT_MOVED:
            BulkFile.objects.filter(request=request, state=BulkFile.State.SUBMITTED).update(
                state=BulkFile.State.READY
            )


@register
@dataclass(frozen=True, kw_only=True)
class CarryOutRest(FileCommand):
    """The lines of a file that were rejected or stopped, once more."""

    name: ClassVar[str] = "payments.bulk_again"
    label: ClassVar[str] = "Rest of a bulk file"
    prefix: ClassVar[str] = "BA"
    whole: ClassVar[bool] = False

    @classmethod
    def lines(cls, file: BulkFile) -> QuerySet[BulkItem]:
        """Those that are certainly not on MT4."""
        return BulkItem.objects.filter(file=file, state__in=AGAIN)

    @classmethod
    def digests(cls, file: BulkFile) -> tuple[str, str]:
        """The digests over all its lines and over those left."""
        return digest.of_file(file), digest.of_items(cls.lines(file), file.digest_version)

    @classmethod
    def totals_of(cls, file: BulkFile) -> list[dict[str, Any]]:
        """Their sums by kind and currency."""
        return sums_of(cls.lines(file))

    def check_state(self, file: BulkFile) -> None:
        """At its end, with something left, and nobody else asking for the same."""
        if file.state not in (BulkFile.State.FINISHED, BulkFile.State.CANCELLED):
            raise Invalid.of(f"The file is {file.get_state_display()}: wait until it has ended.")
        if not self.rows:
            raise Invalid.of("No line of the file was rejected or stopped.")
        other = open_request(type(self), file, but=self.request_reference)
        if other is not None:
            raise Invalid.of(f"{other.reference} already asks for the rest of this file.")


def open_request(
    command: type[FileCommand], file: BulkFile, *, but: str = ""
) -> ChangeRequest | None:
    """A request of this command for a file that something may still come of; `but` is left out."""
    rows = ChangeRequest.objects.filter(
        command=command.name, object_kind="bulk file", object_key=str(file.pk), status__in=OPEN
    )
    return rows.exclude(reference=but).select_related("maker").first()
