"""Tables of requests, and the filters that narrow them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse

from panel.commands.ages import late
from panel.commands.registry import COMMANDS
from panel.models import ChangeRequest, Platform, Status
from panel.ui import search
from panel.ui.ages import age_html
from panel.ui.claiming import by_claim, claim_filter, claim_text
from panel.ui.columns import Column
from panel.ui.filters import DayRangeFilter, LoginFilter
from panel.ui.story import amount_of, label_of
from panel.ui.tables import Empty, Table


def request_url(row: ChangeRequest) -> str:
    """The page of a request."""
    return reverse("request_detail", args=[row.reference])


def review_url(row: ChangeRequest) -> str:
    """The page on which a request is decided: its own kind's, where there is one."""
    command = COMMANDS.get(row.command)
    if command is None or command.review_url is None:
        return request_url(row)
    return reverse(command.review_url, args=[row.reference])


def command_choices() -> list[tuple[str, str]]:
    """Every kind of change, by its words."""
    return sorted(
        ((name, command.label) for name, command in COMMANDS.items()), key=lambda pair: pair[1]
    )


def maker_words(row: ChangeRequest) -> str:
    """The maker's name; that they are gone, where somebody has to know it to decide."""
    gone = row.is_open and not row.maker.is_active and not row.maker.is_machine
    return f"{row.maker.name} (deactivated)" if gone else row.maker.name


_COLUMNS = (
    Column("reference", "Reference", "copy"),
    Column("label", "Change", value=label_of),
    Column(
        "amount",
        "Amount",
        "money",
        value=amount_of,
        sort="amount",
        currency="currency",
        strong=True,
    ),
    Column("object_text", "About", "clip"),
    Column("mt4_group", "Group", shown=False),
    Column("maker", "Asked by", value=maker_words, sort="maker__name"),
    Column("reason", "Why", "clip", shown=False),
    Column("created", "Asked", "time", sort="created"),
)


class RequestTable(Table):
    """Requests in any state."""

    name = "requests"
    label = "Requests"
    default_sort = "-created"
    columns: ClassVar[Sequence[Column]] = (
        *_COLUMNS,
        Column(
            "status",
            "State",
            "state",
            value=lambda row: "on-hold" if row.on_hold else row.status,
            sort="status",
        ),
        Column("finished", "Finished", "time", sort="finished", shown=False),
    )
    empty = Empty(
        "No requests yet",
        "Everything that changes something becomes a request: deposits, withdrawals, changes of "
        "accounts, staff, policies. Yours and those you may see are listed here.",
        "files",
    )

    def link(self, row: Any) -> str:
        """The request's page."""
        return request_url(row)


_AGE = Column("age", "Age", "html", value=lambda row: age_html(row.created, row.due), sort="due")
_CLAIM = Column("claim", "In hand", value=claim_text)


class WaitingTable(RequestTable):
    """What waits for this person, the oldest first."""

    name = "waiting"
    label = "Waiting for you"
    default_sort = "created"
    columns: ClassVar[Sequence[Column]] = (
        *_COLUMNS,
        _AGE,
        _CLAIM,
        Column("expires", "Expires", "time", sort="expires"),
    )
    empty = Empty(
        "Nothing waits for you",
        "Requests that your roles may decide on appear here by themselves, the oldest first.",
        "circle-check",
    )

    def link(self, row: Any) -> str:
        """Where it is decided."""
        return review_url(row)


def _waits_for(row: ChangeRequest) -> str:
    if row.on_hold:
        return f"on hold: {row.on_hold}"
    return " or ".join(row.approver_roles) or "others"


class OthersTable(RequestTable):
    """What waits for others."""

    name = "waiting-others"
    label = "Waiting for others"
    default_sort = "created"
    columns: ClassVar[Sequence[Column]] = (
        *_COLUMNS,
        _AGE,
        _CLAIM,
        Column("roles", "Waits for", value=lambda row: _waits_for(row)),
    )
    empty = Empty("Nothing waits for others", "", "hourglass")


class RequestFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrow requests by what they are and where they stand."""

    status = django_filters.ChoiceFilter(label="State", choices=Status.choices)
    command = django_filters.ChoiceFilter(label="Change", choices=command_choices)
    platform = django_filters.ModelChoiceFilter(label="Platform", queryset=Platform.objects.all())
    login = LoginFilter(label="Login")
    maker = django_filters.CharFilter(label="Asked by", method="by_maker")
    created = DayRangeFilter(label="Asked")

    class Meta:
        model = ChangeRequest
        fields: ClassVar[list[str]] = []

    def by_maker(
        self, rows: QuerySet[ChangeRequest], name: str, value: str
    ) -> QuerySet[ChangeRequest]:
        """By name or address; `me` is the reader."""
        if value == "me":
            return rows.filter(maker=self.request.actor.user)
        return rows.filter(Q(maker__name__icontains=value) | Q(maker__email__icontains=value))


class WaitingFilter(RequestFilter):
    """What waits, also by whose hands it is in and by its age."""

    claim = claim_filter()
    age = django_filters.ChoiceFilter(
        label="Age", method="by_age", empty_label="any", choices=[("late", "over target")]
    )

    by_claim = by_claim

    def by_age(
        self, rows: QuerySet[ChangeRequest], name: str, value: str
    ) -> QuerySet[ChangeRequest]:
        """Longer than the target of their kind."""
        return rows.filter(late())


def search_requests(rows: QuerySet[ChangeRequest], words: str) -> QuerySet[ChangeRequest]:
    """By reference, login, or what they are about."""
    return rows.filter(
        search.by_reference("reference", words)
        | search.by_login("login", words)
        | Q(object_text__icontains=words)
    )
