"""Platforms: which MT4 servers there are and how they are reached. Secrets travel sealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Q

from panel.commands.administration import AdministrationCommand, Problems, differences
from panel.commands.base import Change, Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.models import ChangeRequest, Platform, Status
from panel.models.change import IN_FLIGHT
from panel.mt4.client import Connection, impatient
from panel.mt4.errors import MT4Error, Unavailable
from panel.mt4.read import reader as reader_of

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

LABELS = {
    "title": "Name",
    "platform_id": "Platform id",
    "authority": "Sign-in address",
    "api_base": "API address",
    "client_id": "Client id",
    "client_secret": "Client secret",
    "is_sandbox": "Sandbox",
    "enabled": "In use",
}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_url = URLValidator(["http", "https"])


def _words(platform: Platform | PlatformFields) -> dict[str, str]:
    title = platform.name if isinstance(platform, Platform) else platform.title
    return {
        "title": title,
        "platform_id": str(platform.platform_id),
        "authority": platform.authority,
        "api_base": platform.api_base,
        "client_id": platform.client_id,
        "is_sandbox": "yes" if platform.is_sandbox else "no",
        "enabled": "yes" if platform.enabled else "no",
    }


def _is_plain_http(address: str) -> bool:
    return address.startswith("http://") and not re.match(
        r"http://(localhost|127\.0\.0\.1)(:|/|$)", address
    )


def refuse_while_open(platform: Platform, what: str, field: str = "") -> None:
    """Raise `Invalid` while anything is approved, under way or in doubt on a platform's server."""
    open_ones = ChangeRequest.objects.filter(
        platform=platform, status__in=(Status.APPROVED, *IN_FLIGHT)
    )
    if first := open_ones.order_by("created").first():
        count = open_ones.count()
        many = "1 operation is" if count == 1 else f"{count} operations are"
        raise Invalid.of(
            f"{many} open on this server, such as {first.reference}: {what} until their outcomes "
            "are known.",
            field,
        )


def refuse_duplicate(platform: Platform | None, field: str = "") -> None:
    """Raise `Invalid` if another platform is the same server."""
    if platform is not None:
        raise Invalid.of(f"This server is the platform {platform.name} already.", field)


def identity_at(connection: Connection) -> str:
    """What the server there says of itself, asked now; empty if it does not answer."""
    try:
        return reader_of(impatient(connection)).identity()
    except MT4Error:
        return ""


@dataclass(frozen=True, kw_only=True)
class PlatformFields(AdministrationCommand):
    """What both commands write. `client_secret_sealed` is sealed before it comes here."""

    permission: ClassVar[str] = "platforms.change"

    slug: str
    title: str
    platform_id: str
    authority: str
    api_base: str
    client_id: str
    client_secret_sealed: str
    is_sandbox: bool = False
    enabled: bool = True

    def target(self, reader: Reader | None) -> Target:
        """The platform."""
        return Target("platform", self.slug, self.title)

    def check_fields(self) -> Problems:
        """Everything that can be told without asking anybody."""
        problems = Problems()
        if not self.title.strip() or len(self.title) > 80:
            problems.add("title", "Give a name of at most 80 characters.")
        try:
            UUID(self.platform_id)
        except ValueError:
            problems.add("platform_id", "The id as the WebAPI lists it, in the form of a UUID.")
        for name in ("authority", "api_base"):
            try:
                _url(getattr(self, name))
            except ValidationError:
                problems.add(name, "An address that begins with https://")
            if len(getattr(self, name)) > 200:
                problems.add(name, "At most 200 characters.")
        if not self.client_id.strip() or len(self.client_id) > 200:
            problems.add("client_id", "Give the client id, at most 200 characters.")
        return problems

    def probe(self, platform: Platform | None) -> str:
        """What the server at these addresses says of itself, asked now; empty if it does not
        answer. `platform` is the row that is changed, None for a new one."""
        asked = Platform(slug=self.slug)
        if platform is not None:
            asked.client_secret_sealed = platform.client_secret_sealed
        self.fill(asked)
        return identity_at(asked.address)

    def duplicate(self, identity: str) -> Platform | None:
        """Another platform that is the same server: by its id there, or by what it says."""
        others = Platform.objects.exclude(slug=self.slug)
        same = Q(platform_id=UUID(self.platform_id))
        if identity:
            same |= Q(identity=identity)
        return others.filter(same).first()

    def warnings(self) -> list[Check]:
        """What a second administrator should notice."""
        checks = []
        if _is_plain_http(self.authority) or _is_plain_http(self.api_base):
            checks.append(
                Check("warn", "Without https the secret and every payment travel in clear.")
            )
        if self.is_sandbox:
            checks.append(Check("ok", "Marked as a sandbox on every page."))
        return checks

    def fill(self, platform: Platform) -> None:
        """Write the fields onto a row; not saved."""
        platform.name = self.title.strip()
        platform.platform_id = UUID(self.platform_id)
        platform.authority = self.authority.strip().rstrip("/")
        platform.api_base = self.api_base.strip().rstrip("/")
        platform.client_id = self.client_id.strip()
        platform.is_sandbox = self.is_sandbox
        platform.enabled = self.enabled
        if self.client_secret_sealed:
            platform.client_secret_sealed = self.client_secret_sealed


@register
@dataclass(frozen=True, kw_only=True)
class AddPlatform(PlatformFields):
    """Connect another MT4 server."""

    name: ClassVar[str] = "platforms.add"
    label: ClassVar[str] = "New platform"
    prefix: ClassVar[str] = "PA"
    form_url: ClassVar[str | None] = "platform_add"

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Good fields, a free short name, and a secret."""
        problems = self.check_fields()
        if not _SLUG.match(self.slug) or len(self.slug) > 40:
            problems.add("slug", "Small letters, digits and dashes, at most 40.")
        elif Platform.objects.filter(slug=self.slug).exists():
            problems.add("slug", "Another platform has this short name.")
        if not self.client_secret_sealed:
            problems.add("client_secret", "Give the client secret.")
        problems.raise_if_any()
        refuse_duplicate(self.duplicate(self.probe(None)), "platform_id")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether the short name is taken."""
        return {"exists": Platform.objects.filter(slug=self.slug).exists()}

    def preview(self, reader: Reader | None) -> Preview:
        """What is added; the secret only as given."""
        after = {**_words(self), "client_secret": "given, kept sealed"}
        return Preview(
            sentence=f"Connect the platform {self.title} at {self.api_base}.",
            button=f"Add {self.title}",
            changes=differences(LABELS, {}, after),
            checks=self.warnings(),
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the row; the next look at the platforms fills in its state."""
        platform = Platform(slug=self.slug)
        self.fill(platform)
        platform.save(force_insert=True)
        return {"platform": platform.slug}


@register
@dataclass(frozen=True, kw_only=True)
class ChangePlatform(PlatformFields):
    """Change how a platform is reached. An empty secret leaves the present one."""

    name: ClassVar[str] = "platforms.change"
    label: ClassVar[str] = "Change of a platform"
    prefix: ClassVar[str] = "PC"
    form_url: ClassVar[str | None] = "platform_change"

    def _platform(self) -> Platform:
        found = Platform.objects.filter(slug=self.slug).first()
        if found is None:
            raise Invalid.of("There is no such platform.", "slug")
        return found

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Good fields, and a difference."""
        platform = self._platform()
        problems = self.check_fields()
        if not self.client_secret_sealed and _words(platform) == _words(self):
            problems.add("", "Nothing would change.")
        problems.raise_if_any()
        if self._moves(platform):
            self._check_move(platform)

    def _moves(self, platform: Platform) -> bool:
        was, after = _words(platform), _words(self)
        return any(was[name] != after[name] for name in ("platform_id", "authority", "api_base"))

    def _check_move(self, platform: Platform) -> None:
        """Only to the same server, and not while anything is open there: what is in doubt is looked
        for where it was sent to, and what waits was meant for that server."""
        refuse_while_open(platform, "it cannot be pointed elsewhere", "api_base")
        identity = self.probe(platform)
        if platform.identity and not identity:
            raise Invalid.of(
                f"Nobody answers at this address, so that nobody can tell whether it is "
                f"{platform.identity}.",
                "api_base",
            )
        if platform.identity and identity != platform.identity:
            raise Invalid.of(
                f"{identity} answers there, not {platform.identity}: add it as a platform of its "
                "own.",
                "api_base",
            )
        refuse_duplicate(self.duplicate(identity), "platform_id")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The platform as it is, without its secret."""
        return _words(self._platform())

    def preview(self, reader: Reader | None) -> Preview:
        """Only what differs."""
        platform = self._platform()
        was, after = _words(platform), _words(self)
        if self.client_secret_sealed:
            was["client_secret"], after["client_secret"] = "present one", "new one, kept sealed"
        checks = self.warnings()
        if self._moves(platform) and platform.identity:
            checks.append(Check("ok", f"{platform.identity} answers at the new address."))
        if platform.enabled and not self.enabled:
            checks.append(Check("warn", "Open requests on this platform stop."))
        return Preview(
            sentence=f"Change the platform {platform.name}.",
            button=f"Change {platform.name}",
            changes=differences(LABELS, was, after),
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        platform = self._platform()
        self.fill(platform)
        platform.save()
        return {"platform": platform.slug}


@register
@dataclass(frozen=True, kw_only=True)
class AcceptServer(AdministrationCommand):
    """Take the server that answers at a platform's address for its own: its owner renamed it.

    Not the way to another server, which is a platform of its own: whatever is open was meant for
    the one that was known.
    """

    name: ClassVar[str] = "platforms.accept_server"
    label: ClassVar[str] = "Renamed server of a platform"
    prefix: ClassVar[str] = "PN"
    permission: ClassVar[str] = "platforms.change"
    form_url: ClassVar[str | None] = "platform_accept_server"

    slug: str
    # What it says of itself, as whoever asks for it saw it.
    identity: str

    def _platform(self) -> Platform:
        found = Platform.objects.filter(slug=self.slug).first()
        if found is None:
            raise Invalid.of("There is no such platform.")
        return found

    def target(self, reader: Reader | None) -> Target:
        """The platform."""
        return Target("platform", self.slug, self._platform().name)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """It answers now, under this name, as no other platform, and nothing is open there."""
        platform = self._platform()
        self._check_rows(platform)
        try:
            is_now = identity_at(platform.address)
        except Unavailable as sealed:
            raise Invalid.of(sealed.explain()) from sealed
        if not is_now:
            raise Invalid.of("Nobody answers at its address now.")
        if is_now != self.identity:
            raise Invalid.of(f"{is_now} answers at its address now, not {self.identity}.")

    def _check_rows(self, platform: Platform) -> None:
        """What can be told, and is told again when it is applied, without asking anybody."""
        if not platform.identity or platform.identity == self.identity:
            raise Invalid.of(f"{platform.name} has no other server than {self.identity}.")
        refuse_while_open(platform, "no other name is accepted")
        others = Platform.objects.filter(identity=self.identity).exclude(pk=platform.pk)
        refuse_duplicate(others.first())

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """What its server said of itself so far."""
        return {"server": self._platform().identity}

    def preview(self, reader: Reader | None) -> Preview:
        """Both names."""
        platform = self._platform()
        return Preview(
            sentence=f"Take {self.identity} for the server of {platform.name}, which was "
            f"{platform.identity}.",
            button="Accept the renamed server",
            changes=[Change("Server", platform.identity, self.identity)],
            checks=[
                Check("ok", f"{self.identity} answers at {platform.api_base}."),
                Check("ok", "Nothing is open there."),
                Check(
                    "warn",
                    "Accept it only if it is the same server under another name: the panel's "
                    "accounts and payments of this platform are held against it from now on.",
                ),
            ],
        )

    def lock(self) -> None:
        """The platform that is written."""
        Platform.objects.select_for_update(no_key=True).filter(slug=self.slug).first()

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it; the next look at the platforms fills in its state."""
        platform = self._platform()
        self._check_rows(platform)
        Platform.objects.filter(pk=platform.pk).update(
            identity=self.identity, other_server="", state_detail=""
        )
        return {"platform": platform.slug, "server": self.identity}
