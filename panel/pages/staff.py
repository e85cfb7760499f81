"""Staff: who there is, what each may do and see; inviting and changing."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel import audit
from panel.access.request import PanelRequest
from panel.commands import inbox
from panel.commands.administration import EVERY_PLATFORM
from panel.commands.base import Command
from panel.commands.registry import COMMANDS
from panel.door.views import PermissionRequired
from panel.models import AuditEntry, Platform, Role, User
from panel.models.staff import SECOND_FACTORS
from panel.pages.commands.staff import ChangeStaff, InviteStaff, scopes_of
from panel.pages.invitation import send_invitation
from panel.pages.sessions import sessions_of
from panel.ui.administration import ReasonForm, role_choices
from panel.ui.columns import Column
from panel.ui.commands import CommandView
from panel.ui.filters import YesNoFilter
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from panel.ui.views import PanelView, TableView

LAST = 10
PEOPLE = User.objects.filter(is_machine=False)


def person_url(person: User) -> str:
    """A person's page."""
    return reverse("staff_detail", args=[person.pk])


def with_factors(people: QuerySet[User]) -> QuerySet[User]:
    """People, each with whether a second factor is set up."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    return people.annotate(has_factor=Exists(factors))


def roles_text(person: User) -> str:
    """Roles by name; from what was prefetched."""
    return ", ".join(role.name for role in person.roles.all()) or "none"


def scopes_words(person: User) -> str:
    """What the person sees; from what was prefetched."""
    return (
        "; ".join(
            f"{scope.platform.name if scope.platform else 'every platform'}: {scope.group_masks}"
            for scope in person.scopes.all()
        )
        or "nothing"
    )


class StaffTable(Table):
    """People."""

    name = "staff"
    label = "Staff"
    default_sort = "name"
    columns: ClassVar[Sequence[Column]] = (
        Column("name", "Name", sort="name"),
        Column("email", "E-mail", sort="email"),
        Column("roles", "Roles", value=roles_text),
        Column("scopes", "Sees", "clip", value=scopes_words),
        Column("has_factor", "Second factor", "yes_no"),
        Column("last_login", "Last sign-in", "time", sort="last_login"),
        Column("is_active", "May sign in", "yes_no", sort="is_active"),
    )
    empty = Empty("Nobody yet", "", "users")

    def link(self, row: Any) -> str:
        """The person's page."""
        return person_url(row)

    def row_class(self, row: Any) -> str:
        """Who may not sign in stands back."""
        return "" if row.is_active else "dim"


class StaffFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrow the list."""

    role = django_filters.ModelChoiceFilter(
        label="Role", field_name="roles", queryset=Role.objects.all()
    )
    active = YesNoFilter(label="May sign in", field_name="is_active")

    class Meta:
        model = User
        fields: ClassVar[list[str]] = []


class StaffListView(TableView):
    """Everybody."""

    permission: ClassVar[str] = "staff.view"
    title = "Staff"
    table_class: ClassVar[type[Table]] = StaffTable
    filterset_class = StaffFilter
    search_words = "Name or e-mail"
    refresh = 0

    def get_queryset(self) -> QuerySet[User]:
        """All people; scheduled jobs are none."""
        return with_factors(PEOPLE.prefetch_related("roles", "scopes__platform"))

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """By name or address."""
        return queryset.filter(Q(name__icontains=words) | Q(email__icontains=words))

    def get_primary(self) -> Link | None:
        """Inviting somebody."""
        if not self.request.actor.may("staff.change"):
            return None
        return Link("Invite…", reverse("staff_invite"), "user-plus")


class StaffDetailView(PanelView):
    """One person."""

    permission: ClassVar[str] = "staff.view"
    template_name = "pages/staff.html"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Staff", reverse("staff_list"))]

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Roles, scopes, sign-in, and what was changed of them."""
        people = with_factors(PEOPLE.prefetch_related("roles", "scopes__platform"))
        person = get_object_or_404(people, pk=self.kwargs["pk"])
        reader = request.actor.person_or_fail()
        about = {"object_kind": "staff", "object_key__in": [str(person.pk), person.email]}
        changes = inbox.visible_requests(reader).filter(**about)
        return self.render(
            title=person.name,
            person=person,
            roles=list(person.roles.all()),
            scopes=scopes_words(person),
            sessions=len(sessions_of(person)),
            never=person.last_login is None,
            requests=[
                (row, COMMANDS[row.command].label)
                for row in changes.select_related("maker").order_by("-created")[:LAST]
            ],
            entries=AuditEntry.objects.filter(**about)[:LAST] if reader.may("audit.view") else [],
        )


class InviteAgainView(PermissionRequired):
    """Send the link to set a password once more, to somebody who never signed in."""

    permission: ClassVar[str] = "staff.change"
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it and write that down."""
        rows = User.objects.filter(is_active=True, last_login__isnull=True)
        person = get_object_or_404(rows, pk=self.kwargs["pk"])
        send_invitation(person)
        audit.record(
            request.actor,
            "invitation sent again",
            source="web",
            obj=("staff", person.pk, f"{person.name} <{person.email}>"),
        )
        messages.success(request, f"The link is on its way to {person.email}.")
        return HttpResponseRedirect(person_url(person))


class GrantsForm(ReasonForm):
    """What is said about a person; a field of MT4 groups for every platform."""

    full_name = forms.CharField(label="Name", max_length=100)
    roles = forms.MultipleChoiceField(
        label="Roles", choices=role_choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
        initial="UTC",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[f"scope_{EVERY_PLATFORM}"] = forms.CharField(
            label="MT4 groups, on every platform",
            required=False,
            help_text="Comma-separated; * stands for any letters, ! takes groups out: "
            "real*,!real-vip. Empty: nothing.",
        )
        for platform in Platform.objects.all():
            self.fields[f"scope_{platform.slug}"] = forms.CharField(
                label=f"MT4 groups on {platform.name}, besides", required=False
            )
        first = ("email", "full_name", "active", "roles")
        self.order_fields([*first, *[n for n in self.fields if n.startswith("scope_")]])

    def scopes(self) -> dict[str, str]:
        """By the platform's slug."""
        return {
            name.removeprefix("scope_"): value.strip()
            for name, value in self.cleaned_data.items()
            if name.startswith("scope_") and value.strip()
        }


class InviteForm(GrantsForm):
    """Somebody new."""

    email = forms.EmailField(
        label="E-mail", help_text="The link to set a password goes there, and nowhere else."
    )


class ChangeForm(GrantsForm):
    """Somebody who is there."""

    active = forms.BooleanField(
        label="May sign in",
        required=False,
        help_text="Without it the person is signed out everywhere at once.",
    )


class GrantsView(CommandView):
    """What both forms need: the scopes, which are fields by platform."""

    permission: ClassVar[str] = "staff.change"

    def make_form(self, **kwargs: Any) -> forms.Form:
        """Kept at hand for its scopes."""
        self.form = super().make_form(**kwargs)
        return self.form

    def grants(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The fields that both commands share."""
        form = self.form
        if not isinstance(form, GrantsForm):
            raise TypeError("The form has no scopes.")
        return {
            "full_name": cleaned["full_name"].strip(),
            "roles": tuple(sorted(cleaned["roles"])),
            "scopes": form.scopes(),
            "time_zone": cleaned["time_zone"],
        }


class InviteView(GrantsView):
    """Invite a person; a second administrator confirms it."""

    title = "Invite a person"
    form_class = InviteForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Staff", reverse("staff_list"))]

    def get_initial(self) -> dict[str, Any]:
        """Every group of every platform, which is what most people see."""
        return {
            f"scope_{EVERY_PLATFORM}": "*",
            "time_zone": self.request.actor.person_or_fail().time_zone,
        }

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The invitation."""
        return InviteStaff(email=cleaned["email"].strip().lower(), **self.grants(cleaned))


class ChangeView(GrantsView):
    """Change a person; a second administrator confirms it."""

    form_class = ChangeForm

    def get_person(self) -> User:
        """The person of the address."""
        return get_object_or_404(PEOPLE, pk=self.kwargs["pk"])

    def get_title(self) -> str:
        """Whose."""
        return f"Change {self.get_person().name}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the person."""
        person = self.get_person()
        return [Link("Staff", reverse("staff_list")), Link(person.name, person_url(person))]

    def get_initial(self) -> dict[str, Any]:
        """The person as they are."""
        person = self.get_person()
        return {
            "full_name": person.name,
            "active": person.is_active,
            "roles": list(person.roles.values_list("slug", flat=True)),
            "time_zone": person.time_zone,
            **{f"scope_{slug}": groups for slug, groups in scopes_of(person).items()},
        }

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The change."""
        return ChangeStaff(
            person=self.get_person().pk, active=cleaned["active"], **self.grants(cleaned)
        )
