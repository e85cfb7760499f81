"""The frame around every page: the sidebar, the trade server in use, the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from panel.access.request import PanelRequest
from panel.commands import restoration
from panel.commands.inbox import visible_requests, waiting_count
from panel.commands.notices import unread_count
from panel.models import Status, User
from panel.ui.books import open_differences
from panel.ui.platform import at, in_use, platforms_of, shown
from panel.ui.preferences import DENSITIES, THEMES


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the sidebar: shown to those with one of the rights."""

    label: str
    url_name: str
    icon: str
    rights: tuple[str, ...]
    count: Callable[[User], int] | None = None
    count_words: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of one task."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as where the panel is only shown."""

    email: str
    role: str


@dataclass(slots=True)
class ShownEntry:
    """An entry as the sidebar draws it."""

    label: str
    url: str
    icon: str
    current: bool = False
    count: int = 0
    count_words: str = ""
    alarm: bool = False


@dataclass(slots=True)
class ShownGroup:
    """A group as the sidebar draws it."""

    label: str
    entries: list[ShownEntry] = field(default_factory=list)


def _needs_person(person: User) -> int:
    """Unknown outcomes that this person may see."""
    return visible_requests(person).filter(status=Status.UNKNOWN).count()


def _differences(person: User) -> int:
    """What does not fit in the books that this person may see, or is owed."""
    return open_differences(person).count()


NAVIGATION = (
    Group("", (Entry("Overview", "dashboard", "layout-dashboard", ("home.view",)),)),
    Group(
        "Accounts",
        (Entry("Accounts", "account_list", "users", ("accounts.view",)),),
    ),
    Group(
        "Trading",
        (
            Entry("Positions", "position_list", "chart-candle", ("trading.view",)),
            Entry("Pending orders", "order_list", "hourglass", ("trading.view",)),
        ),
    ),
    Group(
        "Payments",
        (
            Entry("Payments", "payment_list", "cash-banknote", ("payments.view",)),
            Entry("Withdrawals", "withdrawal_list", "arrow-bar-to-up", ("payments.view",)),
            Entry("Payout batches", "payout_batch_list", "stack-2", ("payments.view",)),
            Entry("Bulk files", "bulk_list", "file-spreadsheet", ("payments.view",)),
            Entry(
                "Reconciliation",
                "reconciliation",
                "git-compare",
                ("reconciliation.view",),
                count=_differences,
                count_words="do not fit",
            ),
        ),
    ),
    Group(
        "Approvals",
        (
            Entry(
                "Inbox",
                "approval_list",
                "inbox",
                ("home.view",),
                count=waiting_count,
                count_words="wait for you",
            ),
            Entry("Requests", "request_list", "list-details", ("home.view",)),
            Entry(
                "Unknown outcomes",
                "unknown_list",
                "zoom-question",
                ("unknown.view",),
                count=_needs_person,
                count_words="with unknown outcome",
                alarm=True,
            ),
        ),
    ),
    Group("Audit", (Entry("Audit log", "audit_list", "list-search", ("audit.view",)),)),
    Group(
        "Administration",
        (
            Entry("Staff", "staff_list", "users-group", ("staff.view",)),
            Entry("Roles", "role_list", "user-shield", ("staff.view",)),
            Entry("Reasons", "reason_list", "message", ("reasons.change",)),
            Entry("Policies", "policy_list", "scale", ("policies.view",)),
            Entry("Scheduled jobs", "job_list", "robot", ("jobs.view",)),
            Entry("Limits", "limit_list", "gauge", ("limits.view",)),
            Entry("Platforms", "platform_list", "server", ("platforms.view",)),
        ),
    ),
)


def sidebar(request: PanelRequest, person: User) -> list[ShownGroup]:
    """The pages this person may open, by task; the deepest one that fits is the current one."""
    groups: list[ShownGroup] = []
    # The tabs of an account lie under the addresses of what they show.
    place = request.resolver_match
    of_account = bool(place and place.url_name and place.url_name.startswith("account_"))
    of_account = of_account and place is not None and "login" in place.kwargs
    best: ShownEntry | None = None
    for group in NAVIGATION:
        shown = ShownGroup(group.label)
        for entry in group.entries:
            if not any(person.may(right) for right in entry.rights):
                continue
            url = reverse(entry.url_name)
            number = entry.count(person) if entry.count else 0
            row = ShownEntry(
                entry.label,
                url,
                entry.icon,
                count=number,
                count_words=f"{number} {entry.count_words}",
                alarm=entry.alarm,
            )
            fits = request.path == url or (url != "/" and request.path.startswith(url))
            fits = entry.url_name == "account_list" if of_account else fits
            if fits and (best is None or len(url) > len(best.url)):
                best = row
            shown.entries.append(row)
        if shown.entries:
            groups.append(shown)
    if best is not None:
        best.current = True
    return groups


def demo_people() -> list[DemoPerson]:
    """The demo staff, for the box on the sign-in page."""
    people = User.objects.filter(email__endswith="@demo.test", is_active=True).order_by("pk")
    return [
        DemoPerson(person.email, ", ".join(role.name for role in person.roles.all()))
        for person in people.prefetch_related("roles")
    ]


def frame(request: PanelRequest) -> dict[str, Any]:
    """Context processor: what `base.html` draws around every page."""
    person = getattr(request, "user", None)
    if not isinstance(person, User):
        # Looked up only where the sign-in page shows them.
        return {"theme": "", "demo": SimpleLazyObject(demo_people) if settings.DEMO else ()}
    if person.lacks_factor:
        # Nothing is open to them but setting one up: no page to go to, nothing that polls.
        return {"locked": True, "theme": person.preferences.get("theme", "auto")}
    seen = platforms_of(person)
    about, current = shown(request, seen), in_use(request, seen)
    words = (person.name or person.email).replace("@", " ").split()
    return {
        "nav": sidebar(request, person),
        "platform": about,
        # The page is about another platform than the one in use: it says so.
        "elsewhere": current if about != current else None,
        "platforms": seen,
        "platform_url": at(reverse("ui-platform"), about),
        "search_url": reverse("search"),
        "unread": unread_count(person),
        # Looked up only where the frame is drawn: parts of a page that are polled have none.
        "restored": SimpleLazyObject(restoration.present),
        "home_url": reverse("dashboard"),
        "initials": "".join(word[0] for word in words[:2]).upper(),
        "roles": ", ".join(role.name for role in person.held),
        "theme": person.preferences.get("theme", "auto"),
        "density": person.preferences.get("density", "compact"),
        "theme_choices": THEMES,
        "density_choices": DENSITIES,
    }
