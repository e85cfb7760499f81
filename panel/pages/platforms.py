"""Platforms: state, address, testing the connection; adding and changing takes two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html

from panel import audit
from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.lib import vault
from panel.models import Platform
from panel.mt4.errors import MT4Error, Unavailable
from panel.mt4.protocol.records import ManagerRights
from panel.mt4.read import Reader
from panel.pages.commands.platforms import (
    AcceptServer,
    AddPlatform,
    ChangePlatform,
    identity_at,
)
from panel.pages.tasks import watch_client
from panel.ui.administration import ReasonForm
from panel.ui.columns import Column
from panel.ui.commands import CommandView
from panel.ui.figures import MINUS, UNKNOWN
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from panel.ui.views import PanelView, TableView

SEALED = "sealed:"
NEEDED_RIGHTS = {
    "manager": "manage accounts",
    "money": "balance operations",
    "trades": "trade operations",
    "see_trades": "see trades",
    "user_details": "see names and contact details",
    "reports": "reports",
    "admin": "read the server's settings",
}


def platform_url(platform: Platform) -> str:
    """A platform's page."""
    return reverse("platform_detail", args=[platform.slug])


def offset_text(seconds: int) -> str:
    """`+02:00`."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{MINUS if seconds < 0 else '+'}{hours:02d}:{minutes:02d}"


def server_html(row: Any) -> str:
    """What its server says of itself; beside it, in amber, that another one answers."""
    if not row.other_server:
        return row.identity or row.server_name or UNKNOWN
    return format_html(
        '{} <span class="tag tag-amber" title="{}">another one answers</span>',
        row.identity,
        row.other_server,
    )


class PlatformTable(Table):
    """Every platform."""

    name = "platforms"
    label = "Platforms"
    default_sort = "name"
    columns: ClassVar[Sequence[Column]] = (
        Column("name", "Name", sort="name"),
        Column("kind", "Kind", value=lambda row: "SANDBOX" if row.is_sandbox else "live"),
        Column("state", "State", value=lambda row: row.get_state_display()),
        Column("latency_ms", "Answer in ms", "count"),
        Column("identity", "Server", "html", value=server_html),
        Column("state_at", "Looked at", "time"),
        Column("enabled", "In use", "yes_no"),
        Column("api_base", "Address", "clip"),
    )
    empty = Empty(
        "No trade server yet",
        "Add the address and the client of a JSON WebAPI, and its accounts appear here.",
        "server",
    )

    def link(self, row: Any) -> str:
        """The platform's page."""
        return platform_url(row)


class PlatformListView(TableView):
    """All platforms, those out of use too."""

    permission: ClassVar[str] = "platforms.view"
    title = "Platforms"
    table_class: ClassVar[type[Table]] = PlatformTable
    refresh = 10

    def get_queryset(self) -> QuerySet[Platform]:
        """All of them, never with the secret."""
        return Platform.objects.defer("client_secret_sealed")

    def get_primary(self) -> Link | None:
        """A new one."""
        if not self.request.actor.may("platforms.change"):
            return None
        return Link("Add a platform…", reverse("platform_add"), "plus")


@dataclass(frozen=True, slots=True)
class ManagerCheck:
    """A manager account and the rights it lacks, in words."""

    login: int
    name: str
    groups: str
    missing: list[str]


@dataclass(frozen=True, slots=True)
class Tested:
    """What testing a connection found."""

    server_time: datetime | None = None
    managers: Sequence[ManagerCheck] = ()
    trouble: str = ""


def missing_rights(rights: ManagerRights) -> list[str]:
    """What the panel needs and this manager may not do."""
    known = {field.name for field in fields(rights)}
    return [
        words
        for name, words in NEEDED_RIGHTS.items()
        if name in known and not getattr(rights, name)
    ]


def try_connection(platform: Platform) -> Tested:
    """Sign in, read the time and the managers' rights; says what goes wrong, never raises."""
    reader = Reader(watch_client(platform))
    try:
        server_time = reader.server_time()
        managers = [
            ManagerCheck(rights.login, rights.name, rights.groups, missing_rights(rights))
            for rights in reader.manager_rights()
        ]
    except MT4Error as error:
        return Tested(trouble=error.explain())
    return Tested(server_time, managers)


class PlatformDetailView(PanelView):
    """One platform."""

    permission: ClassVar[str] = "platforms.view"
    template_name = "pages/platform.html"

    def get_platform(self) -> Platform:
        """The platform of the address."""
        return get_object_or_404(Platform, slug=self.kwargs["slug"])

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Platforms", reverse("platform_list"))]

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """How it is reached and how it was last seen."""
        return self.show(self.get_platform())

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Test the connection; that it was tested is an entry."""
        server = self.get_platform()
        tested = try_connection(server)
        audit.record(
            request.actor,
            "platform tested",
            source="web",
            obj=("platform", server.slug, server.name),
            platform=server,
            outcome="failed" if tested.trouble else "ok",
            detail=tested.trouble,
        )
        return self.show(server, tested)

    def show(self, server: Platform, tested: Tested | None = None) -> HttpResponse:
        """The page, with what a test found."""
        return self.render(
            title=server.name,
            server=server,
            tested=tested,
            offset=offset_text(server.clock_offset),
        )


def sealed_secret(text: str) -> str:
    """A secret as it travels: sealed where it was typed; what was sealed already stays."""
    if not text:
        return ""
    if text.startswith(SEALED):
        sealed = text.removeprefix(SEALED)
        try:
            vault.open_text(sealed)
        except InvalidToken as error:
            raise forms.ValidationError("Type the secret again.") from error
        return sealed
    return vault.seal_text(text)


class PlatformForm(ReasonForm):
    """How a platform is reached."""

    title = forms.CharField(label="Name", max_length=80)
    api_base = forms.URLField(
        label="API address",
        max_length=200,
        assume_scheme="https",
        help_text="Where the JSON WebAPI answers, without /api.",
    )
    authority = forms.URLField(
        label="Sign-in address",
        max_length=200,
        assume_scheme="https",
        help_text="Where tokens are given out; often the same address.",
    )
    client_id = forms.CharField(label="Client id", max_length=200)
    client_secret = forms.CharField(
        label="Client secret",
        max_length=2000,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept sealed, and never shown again.",
    )
    platform_id = forms.UUIDField(
        label="Platform id", help_text="The UUID under which the WebAPI lists this MT4 server."
    )
    is_sandbox = forms.BooleanField(
        label="A sandbox", required=False, help_text="Marked on every page by a striped line."
    )
    enabled = forms.BooleanField(label="In use", required=False, initial=True)
    field_order = ("slug", "title")

    def clean_client_secret(self) -> str:
        """Sealed from here on."""
        return sealed_secret(self.cleaned_data["client_secret"])


class NewPlatformForm(PlatformForm):
    """A platform that is not there yet."""

    slug = forms.SlugField(
        label="Short name", max_length=40, help_text="Stands in addresses, and stays."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client_secret"].required = True


class PlatformFormView(CommandView):
    """What both forms have in common: the secret leaves the browser once and never comes back."""

    permission: ClassVar[str] = "platforms.change"

    def kept(self, form: forms.Form) -> list[tuple[str, str]]:
        """What was typed, the secret sealed: so that nobody reads it in the preview's source."""
        sealed = form.cleaned_data.get("client_secret", "")
        return [
            (name, SEALED + sealed if name == "client_secret" and sealed else value)
            for name, value in super().kept(form)
        ]

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Platforms", reverse("platform_list"))]

    def payload(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The fields of both commands."""
        return {
            "slug": self.kwargs.get("slug") or cleaned["slug"],
            "title": cleaned["title"].strip(),
            "platform_id": str(cleaned["platform_id"]),
            "authority": cleaned["authority"].strip().rstrip("/"),
            "api_base": cleaned["api_base"].strip().rstrip("/"),
            "client_id": cleaned["client_id"].strip(),
            "client_secret_sealed": cleaned["client_secret"],
            "is_sandbox": cleaned["is_sandbox"],
            "enabled": cleaned["enabled"],
        }


class PlatformAddView(PlatformFormView):
    """Connect another MT4 server."""

    title = "Add a platform"
    form_class = NewPlatformForm

    def get_initial(self) -> dict[str, Any]:
        """In use from the start."""
        return {"enabled": True}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The new platform."""
        return AddPlatform(**self.payload(cleaned))


class PlatformChangeView(PlatformFormView):
    """Change how a platform is reached."""

    form_class = PlatformForm

    def get_platform(self) -> Platform:
        """The platform of the address."""
        return get_object_or_404(Platform, slug=self.kwargs["slug"])

    def get_title(self) -> str:
        """Which one."""
        return f"Change {self.get_platform().name}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the platform."""
        platform = self.get_platform()
        return [
            Link("Platforms", reverse("platform_list")),
            Link(platform.name, platform_url(platform)),
        ]

    def make_form(self, **kwargs: Any) -> forms.Form:
        """An empty secret leaves the present one."""
        form = super().make_form(**kwargs)
        form.fields["client_secret"].help_text = "Empty: the present one stays. Never shown again."
        return form

    def get_initial(self) -> dict[str, Any]:
        """As it is, without the secret."""
        platform = self.get_platform()
        names = ("api_base", "authority", "client_id", "platform_id", "is_sandbox", "enabled")
        return {"title": platform.name, **{name: getattr(platform, name) for name in names}}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The change."""
        return ChangePlatform(**self.payload(cleaned))


class AcceptForm(ReasonForm):
    """The renamed server; why it is the same one is for the reason."""

    identity = forms.CharField(
        label="The server that answers now",
        max_length=300,
        widget=forms.TextInput(attrs={"readonly": True}),
        help_text="What it says of itself, asked when this page was opened.",
    )


class AcceptServerView(CommandView):
    """Accept that a platform's server has another name now; a second administrator confirms."""

    permission: ClassVar[str] = "platforms.change"
    form_class = AcceptForm

    def get_platform(self) -> Platform:
        """The platform of the address."""
        return get_object_or_404(Platform, slug=self.kwargs["slug"])

    def get_title(self) -> str:
        """Of which platform."""
        return f"Accept the renamed server of {self.get_platform().name}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the platform."""
        platform = self.get_platform()
        return [
            Link("Platforms", reverse("platform_list")),
            Link(platform.name, platform_url(platform)),
        ]

    def get_initial(self) -> dict[str, Any]:
        """What answers now."""
        try:
            return {"identity": identity_at(self.get_platform().address)}
        except Unavailable:
            # Its secret does not open: the check of the command says so.
            return {"identity": ""}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """Of the server that the page named."""
        return AcceptServer(slug=self.kwargs["slug"], identity=cleaned["identity"])
