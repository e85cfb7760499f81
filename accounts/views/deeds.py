"""The forms of this app's commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.commands import (
    ChangeAccess,
    ChangeGroup,
    ChangeLeverage,
    ChangeProfile,
    CreateAccount,
    ResetPassword,
)
from accounts.commands.profile import LABELS
from accounts.forms import (
    AccessForm,
    GroupForm,
    LeverageForm,
    OpenAccountForm,
    PasswordForm,
    ProfileForm,
    changed_fields,
)
from panel.access.request import PanelRequest
from panel.commands.base import Command, Invalid
from panel.lib.digest import sha256
from panel.models import Platform
from panel.mt4.errors import MT4Error, Unavailable
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import Group, User
from panel.ui.account import AccountMixin, groups_of
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.platform import at


class ServerFormView(CommandView):
    """A form that cannot even be shown without the trade server says so instead."""

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, or why there is none."""
        try:
            return super().get(request, *args, **kwargs)
        except MT4Error as error:
            return self._without_form(error)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The next step, or why it cannot be taken."""
        try:
            return super().post(request, *args, **kwargs)
        except MT4Error as error:
            return self._without_form(error)

    def _without_form(self, error: MT4Error) -> HttpResponse:
        todo = "Open this form again once the server's state above says connected."
        trouble = replace(self.trouble_of(error), todo=todo)
        return self.render(status=trouble.status, trouble=trouble, account=self.get_account())


def usable_groups(platform: Platform, person: Any) -> list[Group]:
    """The groups in use that lie within a person's scopes."""
    return [
        group
        for name, group in groups_of(platform).items()
        if group.enable and person.sees(platform.pk, name)
    ]


class OpenAccountView(ServerFormView):
    """Open an account."""

    permission = "accounts.create"
    title = "Open account"
    form_class: ClassVar[type[forms.Form]] = OpenAccountForm

    @cached_property
    def platform(self) -> Platform:
        """The trade server of the address; raises `Http404` if it is not the person's to see."""
        found = Platform.objects.filter(slug=self.kwargs["platform"], enabled=True).first()
        if found is None or not self.request.actor.person_or_fail().sees_platform(found.pk):
            raise Http404("There is no such platform.")
        return found

    def get_page_platform(self) -> Platform:
        """That of the address."""
        return self.platform

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return (Link("Accounts", at(reverse("account_list"), self.platform)),)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The groups to choose from."""
        return {"groups": usable_groups(self.platform, self.request.actor.person_or_fail())}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command to open it."""
        return CreateAccount(
            platform=self.platform.slug,
            group=cleaned["group"],
            leverage=cleaned["leverage"],
            profile={name: cleaned[name] for name in LABELS if cleaned.get(name)},
        )


class AccountDeedView(AccountMixin, ServerFormView):
    """A form about one account."""

    @property
    def record(self) -> User:
        """The account as MT4 has it; raises `Unavailable` while it is away."""
        if self.account.record is None:
            raise Unavailable(self.account.away_reason)
        return self.account.record

    def aim(self) -> dict[str, Any]:
        """Which account, for the command."""
        return {"platform": self.account.platform.slug, "login": self.account.login}

    def get_cancel_url(self) -> str:
        """Back to the account."""
        return self.account.url


class ChangeProfileView(AccountDeedView):
    """Change names and contact details."""

    permission = "accounts.change_profile"
    title = "Change profile"
    form_class: ClassVar[type[forms.Form]] = ProfileForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Contact details only for those who may see them."""
        return {"contact": self.request.actor.may("accounts.contact")}

    def get_initial(self) -> dict[str, Any]:
        """What MT4 has."""
        return {**self._profile(), "seen": sha256(self._profile())}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command for the fields that differ, if nobody else changed any in the meantime."""
        if cleaned["seen"] != sha256(self._profile()):
            raise Invalid.of(
                "Somebody changed this profile since you opened the form. Open it again."
            )
        return ChangeProfile(**self.aim(), changes=changed_fields(cleaned, self.record))

    def _profile(self) -> dict[str, str]:
        return {name: getattr(self.record, name) for name in LABELS}


class ChangeLeverageView(AccountDeedView):
    """Change the leverage."""

    permission = "accounts.change_leverage"
    title = "Change leverage"
    form_class: ClassVar[type[forms.Form]] = LeverageForm

    def get_initial(self) -> dict[str, Any]:
        """The leverage now."""
        return {"leverage": self.account.leverage}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command."""
        return ChangeLeverage(**self.aim(), leverage=cleaned["leverage"])


class ChangeGroupView(AccountDeedView):
    """Move to another group."""

    permission = "accounts.change_group"
    title = "Change group"
    form_class: ClassVar[type[forms.Form]] = GroupForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """The groups to choose from."""
        person = self.request.actor.person_or_fail()
        return {"groups": usable_groups(self.account.platform, person)}

    def get_initial(self) -> dict[str, Any]:
        """The group now."""
        return {"group": self.account.group}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command."""
        return ChangeGroup(**self.aim(), group=cleaned["group"])


class ChangeAccessView(AccountDeedView):
    """Enable, disable, set read-only."""

    permission = "accounts.change_access"
    title = "Change access"
    form_class: ClassVar[type[forms.Form]] = AccessForm

    def get_initial(self) -> dict[str, Any]:
        """Both flags now."""
        flags = self.record.enable_flags
        return {
            "enabled": EnableFlags.Enabled in flags,
            "read_only": EnableFlags.ReadOnly in flags,
        }

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command."""
        return ChangeAccess(
            **self.aim(), enabled=cleaned["enabled"], read_only=cleaned["read_only"]
        )


class ResetPasswordView(AccountDeedView):
    """Replace one of the two passwords."""

    permission = "accounts.reset_password"
    title = "Reset password"
    form_class: ClassVar[type[forms.Form]] = PasswordForm

    def get_initial(self) -> dict[str, Any]:
        """The main password, unless the address asks for the other."""
        return {"which": self.request.GET.get("which", "main")}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command."""
        return ResetPassword(**self.aim(), which=cleaned["which"])
