"""Pages of reconciliation: the differences, one of them, and starting a comparison."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from panel.access.masks import visible
from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.models import ChangeRequest, Platform, Status, User
from panel.ui import search
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.tables import Table
from panel.ui.views import OnPlatform, PanelView, TableView
from payments import owed
from payments.desk.lists import ShownTab
from payments.models import Difference, Reconciliation
from payments.reconciliation.correcting import correction_of
from payments.reconciliation.explain import ExplainDifference
from payments.reconciliation.run import DAILY_SPAN, Busy, begin, give_up_silent
from payments.reconciliation.tables import (
    DifferenceFilter,
    DifferenceTable,
    State,
    UncomparedTable,
    difference_url,
    state_html,
)
from payments.tasks import reconcile_books

# How many of the last comparisons are told.
RUNS = 5
# The longest span that may be asked for: it is all read from MT4.
LONGEST = timedelta(days=93)


def differences_of(person: User) -> QuerySet[Difference]:
    """The differences within a person's scopes."""
    return Difference.objects.filter(visible(person.scope_rows, "mt4_group"))


@dataclass(frozen=True, slots=True)
class Sums:
    """What a comparison says to a person. `whole`: they see every group of the platform.

    `excess` is by how much MT4 has more, by currency; for those who see some groups alone, over
    what did not fit in these.
    """

    whole: bool
    found: int
    excess: list[tuple[str, Decimal]]


def sums_for(person: User, run: Reconciliation) -> Sums:
    """The figures of a comparison that is done, over the accounts that the person sees."""
    if person.sees_every_group(run.platform_id):
        return Sums(True, run.found, [(currency, more) for currency, _, _, more in run.sums])
    rows = differences_of(person).filter(platform=run.platform_id, last_seen__gte=run.finished)
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    number = 0
    for row in rows.exclude(kind=Difference.Kind.OWED).exclude(state=State.GONE):
        by_currency[row.currency] += row.excess
        number += 1
    return Sums(False, number, sorted(by_currency.items()))


def crumbs(platform: Platform | None) -> list[Link]:
    """Below the list of the platform."""
    return [Link("Reconciliation", at(reverse("reconciliation"), platform))]


class ReconciliationView(OnPlatform, TableView):
    """What does not fit, and how the last comparison went."""

    permission: ClassVar[str] = "reconciliation.view"
    title = "Reconciliation"
    template_name = "payments/reconciliation/list.html"
    table_class: ClassVar[type[Table]] = DifferenceTable
    filterset_class = DifferenceFilter
    search_words = "Reference, ticket or login"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, once a comparison whose worker died is given up."""
        if self.platform:
            give_up_silent(self.platform)
        return super().get(request, *args, **kwargs)

    def get_table_class(self) -> type[Table]:
        """An empty list says whether the books were looked at."""
        done = Reconciliation.objects.filter(
            platform=self.platform, state=Reconciliation.State.DONE
        )
        return DifferenceTable if done.exists() else UncomparedTable

    def get_queryset(self) -> QuerySet[Difference]:
        """Open ones, unless another state is asked for."""
        person = self.request.actor.person_or_fail()
        rows = differences_of(person).filter(platform=self.platform)
        if not self.request.GET.getlist("state"):
            rows = rows.filter(state=State.OPEN)
        return rows.select_related("platform")

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """A login exactly, a reference or ticket from its start or its end."""
        return queryset.filter(
            search.by_reference("key", words)
            | search.by_login("login", words)
            | Q(key__icontains=words)
        )

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the last comparisons, and how many differences stand in each state."""
        rows = Reconciliation.objects.filter(platform=self.platform)
        runs = list(rows.select_related("asked_by")[:RUNS])
        done = rows.filter(state=Reconciliation.State.DONE).select_related("asked_by").first()
        return super().get_context(
            runs=runs,
            last=runs[0] if runs else None,
            done=done,
            sums=sums_for(self.request.actor.person_or_fail(), done) if done else None,
            stages=self._tabs(),
            **extra,
        )

    def _tabs(self) -> list[ShownTab]:
        rows = differences_of(self.request.actor.person_or_fail())
        rows = rows.filter(platform=self.platform)
        number = dict(rows.order_by().values_list("state").annotate(Count("pk")))
        asked = self.request.GET.getlist("state") or [State.OPEN]
        here = reverse("reconciliation")
        return [
            ShownTab(
                state.label.capitalize(),
                at(here, self.platform, **({} if state == State.OPEN else {"state": state.value})),
                number.get(state, 0),
                asked == [state],
            )
            for state in State
        ]

    def get_primary(self) -> Link | None:
        """A comparison now."""
        if self.request.actor.may("reconciliation.run"):
            return Link(
                "Reconcile now", at(reverse("reconciliation_run"), self.platform), "git-compare"
            )
        return None


class SpanForm(forms.Form):
    """Which days to compare."""

    first = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Days in UTC, both included.",
    )

    def clean(self) -> dict[str, Any]:
        """In order, in the past, and not endless."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last:
            if last < first:
                self.add_error("last", "The last day lies before the first.")
            elif last - first > LONGEST:
                self.add_error("last", f"At most {LONGEST.days} days at a time.")
            elif first > timezone.now().astimezone(UTC).date():
                self.add_error("first", "This day has not begun yet.")
        return cleaned


class RunView(OnPlatform):
    """Start a comparison."""

    permission: ClassVar[str] = "reconciliation.run"
    title = "Reconcile now"
    template_name = "payments/reconciliation/run.html"

    def get_crumbs(self) -> list[Link]:
        """Below the list."""
        return crumbs(self.platform)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The last week, unless told otherwise."""
        today = timezone.now().astimezone(UTC).date()
        return self.render(form=SpanForm(initial={"first": today - DAILY_SPAN, "last": today}))

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write it down and hand it to a worker."""
        form = SpanForm(request.POST)
        platform = self.platform
        if platform is None or not form.is_valid():
            return self.render(form=form, status=422)
        try:
            run = self._begin(platform, form.cleaned_data)
        except Busy as busy:
            form.add_error(None, str(busy))
            return self.render(form=form, status=422)
        transaction.on_commit(lambda: reconcile_books.delay(run.pk), robust=True)
        messages.info(request, "The books are being compared.")
        return HttpResponseRedirect(at(reverse("reconciliation"), platform))

    def _begin(self, platform: Platform, days: dict[str, Any]) -> Reconciliation:
        return begin(
            platform,
            datetime.combine(days["first"], time.min, UTC),
            datetime.combine(days["last"] + timedelta(days=1), time.min, UTC),
            actor=self.request.actor,
            source="web",
        )


class DifferenceView(PanelView):
    """Both sides of one difference."""

    permission: ClassVar[str] = "reconciliation.view"
    template_name = "payments/reconciliation/difference.html"

    def get_crumbs(self) -> list[Link]:
        """Below the list."""
        return crumbs(self.stands_on)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page."""
        rows = differences_of(request.actor.person_or_fail()).select_related(
            "platform", "payment__request__maker", "explanation__maker"
        )
        row = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.stands_on = row.platform
        waiting = ChangeRequest.objects.filter(
            command=ExplainDifference.name, object_key=str(row.pk), status=Status.PENDING
        )
        is_owed = row.kind == Difference.Kind.OWED
        return self.render(
            title=f"{row.key} on {row.login}",
            row=row,
            is_owed=is_owed,
            state=state_html(row),
            correction=correction_of(row, request.actor),
            waiting=waiting.select_related("maker").first(),
            correcting=owed.under_way(row.payment) if is_owed and row.payment else None,
        )


class ExplainForm(forms.Form):
    """What a person found out."""

    finding = forms.CharField(
        label="What happened, and how you know",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text="Who booked it and why, what was checked. It stays in the audit log.",
    )
    correction = forms.CharField(
        label="Put right by",
        max_length=20,
        required=False,
        help_text="The reference of the payment that corrects it, if one was needed.",
    )


class ExplainView(CommandView):
    """Propose an explanation; a second person confirms it."""

    permission: ClassVar[str] = "reconciliation.explain"
    title = "Explain a difference"
    form_class = ExplainForm

    @cached_property
    def row(self) -> Difference:
        """The difference, if this person may see it."""
        rows = differences_of(self.request.actor.person_or_fail()).select_related("platform")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_page_platform(self) -> Platform:
        """The difference's."""
        return self.row.platform

    def get_crumbs(self) -> list[Link]:
        """Below the difference."""
        row = self.row
        return [*crumbs(row.platform), Link(f"{row.key} on {row.login}", difference_url(row))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The explanation."""
        return ExplainDifference(
            difference=self.row.pk,
            finding=cleaned["finding"],
            correction=cleaned["correction"].strip(),
        )
