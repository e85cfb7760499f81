"""The overview: money of the last days, what waits, what is unknown, who is near margin call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.apps import apps
from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands import inbox
from panel.commands.ages import late
from panel.lib.references import PATTERN, as_reference
from panel.models import ChangeRequest, Platform, Status, User
from panel.ui import books
from panel.ui.platform import FIELD, platforms_of
from panel.ui.story import label_of
from panel.ui.views import OnPlatform, PanelView

SHOWN = 6


def listed(rows: QuerySet[ChangeRequest]) -> list[tuple[ChangeRequest, str]]:
    """The first few, each with what kind of change it is."""
    return [(row, label_of(row)) for row in rows.select_related("maker")[:SHOWN]]


@dataclass(frozen=True, slots=True)
class Risk:
    """Accounts at margin call or stop-out: the worst few, and how many there are."""

    accounts: list[Any]
    number: int


class DashboardView(OnPlatform):
    """What this person may see of today, each part with the way to its page."""

    permission: ClassVar[str] = "home.view"
    title = "Overview"
    template_name = "pages/dashboard.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; its moving part alone for a poll."""
        template = "pages/dashboard.html#now" if request.htmx else ""
        person = request.actor.person_or_fail()
        platform = self.platform
        waiting = inbox.waiting_for(person)
        context: dict[str, Any] = {
            "waiting": listed(waiting.order_by("created")),
            "waiting_number": waiting.count(),
            "late_number": waiting.filter(late()).count(),
            "mine": listed(ChangeRequest.objects.filter(maker=person).order_by("-created")),
            "servers": platforms_of(person),
            "risk": None,
        }
        if person.may("unknown.view"):
            unknown = inbox.visible_requests(person).filter(status=Status.UNKNOWN)
            context["unknown"] = listed(unknown.order_by("unknown_since"))
            context["unknown_number"] = unknown.count()
        if person.may("reconciliation.view"):
            context["owed"] = list(books.owed(person)[:SHOWN])
            context["differences"] = books.open_differences(person).count()
        if platform is not None and person.may("accounts.view"):
            context["risk"] = self.risk(person, platform)
        if platform is not None and person.may("payments.view"):
            context |= self.chart(person, platform)
        return self.render(template=template, **context)

    def accounts(self, person: User, platform: Platform) -> QuerySet[Any]:
        """The mirror's accounts within this person's scopes."""
        rows = apps.get_model("accounts", "Account").objects
        seen: QuerySet[Any] = rows.visible_to(person).present().filter(platform=platform)
        return seen

    def risk(self, person: User, platform: Platform) -> Risk:
        """The accounts with the lowest level first."""
        rows = self.accounts(person, platform).filter(margin_state__in=("MarginCall", "StopOut"))
        return Risk(list(rows.select_related("platform").order_by("level")[:SHOWN]), rows.count())

    def chart(self, person: User, platform: Platform) -> dict[str, Any]:
        """The chart's address in the currency asked for, else in the one most accounts have."""
        by_currency = self.accounts(person, platform).exclude(currency="").order_by()
        counted = by_currency.values("currency").annotate(number=Count("pk")).order_by("-number")
        currencies = [row["currency"] for row in counted]
        asked = self.request.GET.get("currency", "")
        currency = asked if asked in currencies else next(iter(currencies), "")
        query = QueryDict(mutable=True)
        query.update({"platform": platform.slug, "currency": currency})
        return {
            "chart_url": f"{reverse('payments_net_deposits')}?{query.urlencode()}",
            "currencies": currencies,
            "currency": currency,
        }


class SearchView(PanelView):
    """The box at the top: a reference leads to its request, anything else to the accounts."""

    permission: ClassVar[str] = "home.view"
    template_name = "pages/dashboard.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go there."""
        words = " ".join(request.GET.get("q", "").split())
        reference = as_reference(words)
        person = request.actor.person_or_fail()
        if PATTERN.match(reference):
            known = inbox.visible_requests(person).filter(reference=reference)
            if known.exists():
                return HttpResponseRedirect(reverse("request_detail", args=[reference]))
        target = "account_list" if person.may("accounts.view") else "request_list"
        query = QueryDict(mutable=True)
        query["q"] = words
        if FIELD in request.GET and target == "account_list":
            query[FIELD] = request.GET[FIELD]
        return HttpResponseRedirect(f"{reverse(target)}?{query.urlencode()}")
