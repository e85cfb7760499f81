"""The page of one account: its live figures, who it belongs to, what is under way."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from accounts.commands.profile import LABELS
from accounts.figures import threshold
from accounts.forms import CONTACT
from accounts.masking import masked_email, masked_phone, masked_text
from accounts.models import Account
from accounts.tables import margin_word
from panel.access.request import PanelRequest
from panel.commands.inbox import visible_requests
from panel.models import ChangeRequest
from panel.models.change import OPEN
from panel.mt4.errors import MT4Error
from panel.mt4.protocol.records import Group
from panel.mt4.protocol.wire import NO_TIME
from panel.ui import books
from panel.ui.account import AccountView, groups_of

MOST_OPEN = 5


class AccountOverviewView(AccountView):
    """Figures that renew themselves, the profile, conditions, and requests under way."""

    permission = "accounts.view"
    template_name = "accounts/overview.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or for a poll its figures alone."""
        if request.headers.get("HX-Target") == "account-live":
            return self.render(template="accounts/overview.html#live")
        account = self.account
        return self.render(
            profile=self.profile(),
            facts=self.facts(),
            under_way=self.under_way(),
            arriving=self.arriving(),
            owed=books.owed_to(request.actor.person_or_fail(), account.platform, account.login),
        )

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the word for the margin's state."""
        return super().get_context(margin_word=margin_word(self.account.margin_state), **extra)

    def profile(self) -> list[tuple[str, str]]:
        """Labels and values; contact details masked for those who may not see them."""
        source = self.account.record or self._mirrored()
        clear = self.request.actor.may("accounts.contact")
        return [
            (label, _shown(name, getattr(source, name, ""), clear=clear))
            for name, label in LABELS.items()
        ]

    def facts(self) -> dict[str, Any]:
        """The group's conditions, and when the account was opened and last seen."""
        group = self._group()
        row = self._mirrored()
        facts: dict[str, Any] = {
            "registered": row.registered if row else None,
            "last_seen": row.last_seen if row else None,
            "margin_call": threshold(group, group.margin_call) if group else "",
            "stopout": threshold(group, group.margin_stopout) if group else "",
        }
        if record := self.account.record:
            for name, time in (
                ("registered", record.registration_date),
                ("last_seen", record.last_date),
            ):
                moment = self.account.platform.from_server_time(time)
                facts[name] = None if time == NO_TIME else moment
        return facts

    def under_way(self) -> list[ChangeRequest]:
        """Requests that are not settled yet, oldest first."""
        rows = visible_requests(self.request.actor.person_or_fail()).filter(
            platform=self.account.platform, login=self.account.login, status__in=OPEN
        )
        return list(rows.select_related("maker").order_by("created")[:MOST_OPEN])

    def arriving(self) -> list[Any]:
        """Money that requests about other accounts bring here, oldest first."""
        if not self.request.actor.may("payments.view"):
            return []
        person, account = self.request.actor.person_or_fail(), self.account
        return list(books.brought_by_others(person, account.platform, account.login)[:MOST_OPEN])

    def _mirrored(self) -> Account | None:
        return Account.objects.filter(
            platform=self.account.platform, login=self.account.login
        ).first()

    def _group(self) -> Group | None:
        try:
            return groups_of(self.account.platform).get(self.account.group)
        except MT4Error:
            return None


def _shown(name: str, text: str, *, clear: bool) -> str:
    if clear or name not in CONTACT:
        return text
    return {"email": masked_email, "phone": masked_phone}.get(name, masked_text)(text)
