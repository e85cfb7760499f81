"""The reviewer's page: everything that a decision on a withdrawal needs, on one screen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands import decide
from panel.commands.base import Check
from panel.commands.claims import ClaimCommand, ClaimDecision, claim_of
from panel.commands.notices import seen
from panel.lib.digest import sha256
from panel.models import Approval, ChangeRequest, Claim, Purpose, Status
from panel.ui import reasons, story
from panel.ui.claiming import ClaimBox, box_of
from panel.ui.figures import money_text
from panel.ui.links import Link
from panel.ui.look import Look, live_look
from panel.ui.platform import at
from panel.ui.shown import decided, seal
from payments.beneficiaries import details, rules
from payments.desk import names, separation
from payments.desk.claiming import ClaimPayout, task_of
from payments.desk.deeds import DeedsMixin
from payments.desk.history import decisions
from payments.desk.lists import tab_url
from payments.desk.money import money_of
from payments.desk.pictured import tables_of
from payments.desk.queries import TABS, next_after, withdrawals_of
from payments.desk.stages import HOLDABLE, OWED
from payments.desk.trading import Trading, trading_of
from payments.models import Attachment, Kind, Note, Payment, Stage, Withdrawal
from payments.payouts import guard

NO_CHANGE = 204
PAUSE, AWAY_PAUSE = 2, 10
"""Seconds between two polls of an open page."""
CLOSED = frozenset({Stage.REJECTED, Stage.FAILED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.RETURNED})


def version(row: Withdrawal, change: ChangeRequest) -> str:
    """A short digest of everything on the page that changes by itself."""
    parts = [
        story.version(change),
        row.stage,
        row.returned_by.status if row.returned_by else "",
        row.notes.count(),
        row.payment.attachments.count(),
        _holder(row),
    ]
    return sha256(parts)[:16]


def _holder(row: Withdrawal) -> int | None:
    task = task_of(row)
    claim = claim_of(row.payment.reference, task) if task else None
    return claim.person_id if claim else None


def _kept(change: ChangeRequest) -> bool:
    return any(one.shown for one in change.approvals.all())


class ReviewView(DeedsMixin):
    """One withdrawal. The page polls itself until nothing more can happen."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/review.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """No trouble yet."""
        super().setup(request, *args, **kwargs)
        self.trouble: list[str] = []
        self.stale = False
        self.note_typed = ""
        self.reopened = ""

    def get_object(self) -> Withdrawal:
        """The withdrawal, if this person may see it; for others it does not exist."""
        person = self.request.actor.person_or_fail()
        rows = withdrawals_of(person).select_related(
            "platform", "paid_by", "returned_by__request", "payment__request__maker"
        )
        rows = rows.select_related("payment__request__platform", "payment__request__superseded_by")
        rows = rows.prefetch_related(
            Prefetch("payment__request__approvals", Approval.objects.select_related("checker")),
            "payment__request__authors",
            "payment__request__further_groups",
            Prefetch("notes", Note.objects.select_related("author")),
            Prefetch("payment__attachments", Attachment.objects.select_related("added_by")),
        )
        row = get_object_or_404(rows, payment__reference=self.kwargs["reference"])
        self.stands_on = row.platform
        return row

    def get_crumbs(self) -> Sequence[Link]:
        """Below the desk."""
        return (Link("Withdrawals", at(reverse("withdrawal_list"), self.stands_on)),)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; for a poll only what changed, or nothing."""
        row = self.get_object()
        if request.htmx:
            if request.GET.get("version") == version(row, row.payment.request):
                return HttpResponse(status=NO_CHANGE)
            return self.show(row, template="payments/review.html#live")
        seen(request.actor.person_or_fail(), row.payment.request)
        return self.show(row)

    def show(self, row: Withdrawal, *, template: str = "", status: int = 200) -> HttpResponse:
        """The page or its moving part; never kept by a browser."""
        response = self.render(template=template, status=status, **self.about(row))
        add_never_cache_headers(response)
        return response

    def about(self, row: Withdrawal) -> dict[str, Any]:
        """Everything that the page shows."""
        actor, payment = self.request.actor, row.payment
        person, change = actor.person_or_fail(), payment.request
        open_to_decide = change.status == Status.PENDING
        look = self.in_order(live_look(change)) if open_to_decide else None
        if look and not actor.may(contact.RIGHT):
            look.conceal()
        money = money_of(row)
        trading, traded = Trading(), list[Check]()
        if row.stage not in CLOSED:
            trading, traded = trading_of(row, payment.currency)
        # Whoever pays it out has to see it too, not only who decides.
        owner: list[Check] = []
        if look is None:
            owner += names.check(row.beneficiary, payment.account_name)
            owner += rules.checks(row.kept_id, row.paid_to, payment.method)
        why_not = decide.why_not(change, person)
        away = bool(look and look.away)
        checks = [*(look.checks if look else owner), *money.checks, *traded]
        tables = tables_of(change, money, trading)
        now = look
        if now is None and row.stage not in CLOSED and _kept(change):
            now = self.in_order(live_look(change))
        return {
            "row": row,
            "box": self.box(row),
            "seen": seal(change, person, look, checks=checks, tables=tables) if look else "",
            "as_decided": decided(change, now, person),
            "now_checks": [] if row.stage in CLOSED else checks,
            "note": self.note_typed,
            "reopened": self.reopened,
            "typed": self.request.POST,
            "payment": payment,
            "paid_to": details.facts(row.paid_to, clear=actor.may(contact.RIGHT)),
            "pay_to": details.shown(row.destination, clear=actor.may(contact.RIGHT)),
            "batch_line": guard.open_line(row),
            "change": change,
            "title": f"Withdrawal {payment.reference}",
            "amount": money_text(payment.amount, payment.currency),
            "address": reverse("withdrawal", args=[payment.reference]),
            # With MT4 away the page asks for itself again, so that the button comes back.
            "version": "" if away else version(row, change),
            "pause": AWAY_PAUSE if away else PAUSE,
            "final": row.stage in CLOSED,
            "look": look,
            "stale": self.stale,
            "trouble": self.trouble,
            "why_not": why_not if open_to_decide else "",
            "checks": checks,
            "warnings": [check for check in checks if check.level == "warn"],
            "rejection": story.rejection_of(change),
            "superseded_by": story.superseded_by(change),
            "money": money,
            "trading": trading,
            "decisions": decisions(row, person),
            "notes": row.notes.all(),
            "attachments": row.payment.attachments.all(),
            "steps": self.steps(row),
            "back_to": at(
                tab_url(next(tab for tab in TABS if row.stage in tab.stages)), row.platform
            ),
            "next": next_after(person, row),
            "account_url": reverse("account", args=[row.platform.slug, payment.login]),
            "may_approve": bool(look and look.may_approve and not why_not),
            "stops": look.stops if look else [],
            "key": str(uuid.uuid4()),
            **self.deeds(row, look, why_not),
        }

    def box(self, row: Withdrawal) -> ClaimBox | None:
        """Who has it in hand, where there is anything to do."""
        task = task_of(row)
        if task is None or not self.request.actor.may(ClaimDecision.permission):
            return None
        command: ClaimCommand = ClaimDecision.of(row.payment.request)
        if task is Claim.Task.PAY:
            command = ClaimPayout(reference=row.payment.reference)
        return box_of(command, self.request.actor.person_or_fail())

    def in_order(self, look: Look) -> Look:
        """The figures in the order in which an account is read."""
        place = {label: number for number, label in enumerate(FIGURES)}
        look.lines.sort(key=lambda line: place.get(line.label, len(place)))
        return look

    def deeds(self, row: Withdrawal, look: Look | None, why_not: str) -> dict[str, Any]:
        """Which steps this person can take now, and the reasons each dialog offers."""
        actor, stage = self.request.actor, row.stage
        holds, pays = actor.may("payments.hold"), actor.may("payments.payout")
        why_not_pay = self.why_not_pay(row) if pays and stage in PAYOUT else ""
        pays = pays and not why_not_pay
        can = {
            "decide": look is not None and not why_not,
            "hold": holds and stage in HOLDABLE and row.payment.request.status in OPEN,
            "release": holds and stage == Stage.ON_HOLD,
            "pay": pays and stage in OWED,
            "fail": pays and stage == Stage.PAID,
            "send_back": pays and stage in OWED,
            "note": actor.may("payments.note"),
            "download": actor.may("payments.attachments"),
        }
        offers = {"decide": Purpose.REJECT, "hold": Purpose.HOLD, "fail": Purpose.PAYOUT_FAILED}
        texts = reasons.offered_for([use for name, use in offers.items() if can[name]])
        offered = {name: texts.get(use) for name, use in offers.items()}
        return {"why_not_pay": why_not_pay, "can": can, "offered": offered}

    def why_not_pay(self, row: Withdrawal) -> str:
        """Why this person takes no step of the payout; empty if they may."""
        person = self.request.actor.person_or_fail()
        return separation.why_not_pay([row], person.pk).get(row.pk, "")

    def steps(self, row: Withdrawal) -> list[story.Step]:
        """Its own story, then that of each return that was asked for."""
        steps = story.timeline(row.payment.request)
        if row.stage in NOT_DEBITED:
            # Nothing to return yet.
            return steps
        returns = Payment.objects.filter(origin=row.payment, kind=Kind.WITHDRAWAL_RETURN)
        for back in returns.select_related("request").order_by("created"):
            steps += [
                story.Step(f"{back}: {step.title}", step.state, step.who, step.at, step.detail)
                for step in story.timeline(back.request)
            ]
        if row.stage in WAITS:
            steps.append(story.Step(WAITS[Stage(row.stage)], "waiting"))
        return steps


PAYOUT = (*OWED, Stage.PAID)
NOT_DEBITED = (Stage.WAITING, Stage.ON_HOLD, Stage.DEBITING)
OPEN = (Status.PENDING, Status.APPROVED)
FIGURES = (
    *("Balance", "Credit", "Equity", "Margin", "Free margin"),
    *("Margin level", "Level without credit", "Can be withdrawn"),
)
WAITS = {
    Stage.TO_PAY: "Waits to be paid out",
    Stage.BOUNCED: "Waits for another payout, or its return",
}
