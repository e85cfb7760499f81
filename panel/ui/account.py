"""Pages about one account: who it is, what it holds now, and the tabs they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.cache import cache
from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from panel import audit
from panel.access.request import PanelRequest
from panel.models import Platform
from panel.mt4 import rules
from panel.mt4.errors import Rejected, Unavailable
from panel.mt4.protocol.enums import WebApiErrorCode
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import Group, MarginLevel, User
from panel.mt4.read import reader
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.views import PanelView, TableView

if TYPE_CHECKING:
    from panel.access.actor import Actor

GROUPS_KEPT = 60
"""Seconds for which the groups of a platform are taken from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account with its figures, in its group's currency.

    `live`: read from MT4 for this page; otherwise from the mirror, as old as `as_of` says. What
    neither knows is None; `level` is also None while no margin is used. `margin_state` is a
    `MarginLevelType` by name. `record` is MT4's own record, only when live.
    """

    platform: Platform
    login: int
    name: str
    group: str
    currency: str
    leverage: int
    balance: Decimal
    credit: Decimal
    equity: Decimal | None
    margin: Decimal | None
    free: Decimal | None
    level: Decimal | None
    margin_state: str
    enabled: bool
    read_only: bool
    as_of: datetime | None
    live: bool
    away_reason: str = ""
    record: User | None = None

    @property
    def withdrawable(self) -> Decimal | None:
        """The most that can be taken out without touching credit; None if margin is unknown."""
        if self.equity is None or self.margin is None:
            return None
        return rules.withdrawable(
            balance=self.balance,
            credit=self.credit,
            equity=self.equity,
            margin=self.margin,
            currency=self.currency,
            free=self.free,
        )

    @property
    def floating(self) -> Decimal | None:
        """Result of what is open: equity less balance and credit."""
        return None if self.equity is None else self.equity - self.balance - self.credit

    @property
    def server_time(self) -> datetime:
        """Now on the trade server's clock, naive as MT4 writes it."""
        return self.platform.server_time()

    @property
    def url(self) -> str:
        """The account's own page."""
        return reverse("account", args=(self.platform.slug, self.login))


@dataclass(frozen=True, slots=True)
class Deed:
    """A page about an account, for those who have the right."""

    label: str
    url_name: str
    permission: str
    icon: str = ""


ACCOUNT_TABS = (
    Deed("Overview", "account", "accounts.view"),
    Deed("Positions", "account_positions", "trading.view"),
    Deed("History", "account_history", "trading.view"),
    Deed("Payments", "account_payments", "payments.view"),
    Deed("Changes", "account_changes", "accounts.view"),
)
PAYMENT_DEEDS = (
    Deed("Deposit", "payment_deposit", "payments.deposit", "arrow-bar-to-down"),
    Deed("Withdraw", "payment_withdraw", "payments.withdraw", "arrow-bar-to-up"),
    Deed("Transfer", "payment_transfer", "payments.transfer", "arrows-exchange"),
    Deed("Give credit", "payment_credit_in", "payments.credit", "gift"),
    Deed("Take credit back", "payment_credit_out", "payments.credit", "arrow-back-up"),
    Deed("Correct", "payment_correction", "payments.correct", "edit"),
    Deed("Charge back", "payment_chargeback", "payments.chargeback", "replace"),
    Deed("Reset negative balance", "payment_negative_reset", "payments.reset_negative", "scale"),
)
ACCOUNT_DEEDS = (
    Deed("Change profile", "account_change_profile", "accounts.change_profile", "user-cog"),
    Deed("Change leverage", "account_change_leverage", "accounts.change_leverage", "scale"),
    Deed("Change group", "account_change_group", "accounts.change_group", "users-group"),
    Deed("Enable, disable, read-only", "account_change_access", "accounts.change_access", "lock"),
    Deed("Stop or allow withdrawals", "payment_stop", "payments.hold", "ban"),
    Deed("Reset password", "account_password", "accounts.reset_password", "key"),
)


def groups_of(platform: Platform) -> dict[str, Group]:
    """The groups of a platform by name, at most a minute old.

    Raises the errors of `panel.mt4.errors` when MT4 has to be asked and cannot be.
    """
    place = f"mt4-groups:{platform.pk}"
    found: dict[str, Group] | None = cache.get(place)
    if found is None:
        found = {group.group: group for group in reader(platform.connection).groups()}
        cache.set(place, found, GROUPS_KEPT)
    return found


def live_line(platform: Platform, user: User, margin: MarginLevel | None) -> AccountLine:
    """The line of an account that was just read; raises the errors of `panel.mt4.errors`."""
    group = groups_of(platform).get(user.group)
    return AccountLine(
        platform=platform,
        login=user.login,
        name=user.name,
        group=user.group,
        currency=group.currency if group else "",
        leverage=user.leverage,
        balance=user.balance,
        credit=user.credit,
        equity=margin.equity if margin else None,
        margin=margin.margin if margin else None,
        free=margin.free if margin else None,
        level=margin.level if margin and margin.margin else None,
        margin_state=margin.level_type.name if margin else "",
        enabled=EnableFlags.Enabled in user.enable_flags,
        read_only=EnableFlags.ReadOnly in user.enable_flags,
        as_of=timezone.now(),
        live=True,
        record=user,
    )


def mirrored_line(platform: Platform, login: int, why: str) -> AccountLine:
    """The line of an account as the mirror last saw it; raises `LookupError` if it never did."""
    row = apps.get_model("accounts", "Account").objects.filter(platform=platform, login=login)
    account: Any = row.first()
    if account is None:
        raise LookupError(f"The mirror does not know account {login}.")
    same = [
        *("login", "name", "group", "currency", "leverage", "balance", "credit", "equity"),
        *("margin", "free", "level", "margin_state", "enabled", "read_only"),
    ]
    return AccountLine(
        platform=platform,
        as_of=account.synced_at,
        live=False,
        away_reason=why,
        **{name: getattr(account, name) for name in same},
    )


def account_line(platform: Platform, login: int, actor: Actor) -> AccountLine:
    """The account's line: live if MT4 gives it, else from the mirror.

    Raises `LookupError` for an account that does not exist or lies outside the actor's scopes;
    the latter is recorded.
    """
    try:
        reading = reader(platform.connection)
        line = live_line(platform, reading.account(login), reading.margin_level(login))
    except Unavailable as away:
        line = mirrored_line(platform, login, away.explain())
    except Rejected as rejected:
        if rejected.code == WebApiErrorCode.NotFound:
            raise LookupError(rejected.explain()) from rejected
        line = mirrored_line(platform, login, rejected.explain())
    person = actor.person_or_fail()
    if not person.sees(platform.pk, line.group):
        audit.record(
            actor,
            "denied",
            source="web",
            obj=("account", line.login, f"{line.login} {line.name}"),
            platform=platform,
            group=line.group,
            outcome="denied",
            code="scope",
            detail=f"Group {line.group} is outside the scopes of {actor.label}.",
        )
        raise LookupError(f"Account {login} is outside the scopes of {actor.label}.")
    return line


class AccountMixin(PanelView):
    """Any view below `<slug:platform>/<int:login>/`: the account, its scope, tabs and menu.

    Name it before the other view class. Whoever may not see the account gets a 404.
    """

    @cached_property
    def account(self) -> AccountLine:
        """The account of the address; raises `Http404`."""
        platform = Platform.objects.filter(slug=self.kwargs["platform"], enabled=True).first()
        if platform is None:
            raise Http404("There is no such platform.")
        try:
            return account_line(platform, self.kwargs["login"], self.request.actor)
        except LookupError as unknown:
            raise Http404("There is no such account, or it is not yours to see.") from unknown

    def dispatch(  # type: ignore[override]  # every request of the panel is one
        self, request: PanelRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The right first, then the scope, then the page."""
        if self.may(request):
            _ = self.account
        return super().dispatch(request, *args, **kwargs)

    def get_page_platform(self) -> Platform:
        """That of the address."""
        return self.account.platform

    def get_account(self) -> AccountLine:
        """The line above a form."""
        return self.account

    def get_title(self) -> str:
        """The form's own title; a tab is headed by the account's name."""
        return super().get_title() or self.account.name or str(self.account.login)

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list of accounts; a form also below its account."""
        crumbs = [Link("Accounts", at(reverse("account_list"), self.account.platform))]
        if self.title:
            crumbs.append(Link(f"{self.account.login} {self.account.name}", self.account.url))
        return crumbs

    def links(self, deeds: Sequence[Deed]) -> list[Link]:
        """Those of the deeds that this person may do, for this account."""
        place = (self.account.platform.slug, self.account.login)
        return [
            Link(deed.label, reverse(deed.url_name, args=place), deed.icon)
            for deed in deeds
            if self.request.actor.may(deed.permission)
        ]

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """`account`, its tabs and what can be done with it, beside what every page has."""
        return super().get_context(
            **{
                "account": self.account,
                "tabs": self.links(ACCOUNT_TABS),
                "deeds": self.links(ACCOUNT_DEEDS),
                "payments": self.links(PAYMENT_DEEDS),
                **extra,
            }
        )


class AccountView(AccountMixin):
    """A plain page about one account. Templates extend `accounts/base.html`, block `tab`."""


class AccountTableView(AccountMixin, TableView):
    """A list about one account, as one of its tabs."""

    template_name = "accounts/tab_list.html"
