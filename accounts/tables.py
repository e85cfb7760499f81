"""Accounts as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.masking import masked_email, masked_phone
from accounts.models import Account, MarginState
from panel.commands.registry import COMMANDS
from panel.models import ChangeRequest
from panel.ui.account import ACCOUNT_DEEDS, PAYMENT_DEEDS
from panel.ui.columns import Column
from panel.ui.links import Link
from panel.ui.tables import Empty, Table

LOOKS = {MarginState.MARGIN_CALL: "hold", MarginState.STOP_OUT: "failed"}


def margin_word(state: str) -> SafeString | str:
    """Margin call and stop-out as a badge, with the word; nothing for the rest."""
    if state not in LOOKS:
        return ""
    word = MarginState(state).label
    return format_html('<span class="state state-{}">{}</span>', LOOKS[MarginState(state)], word)


def state_words(row: Account) -> SafeString | str:
    """What is out of the ordinary: margin, access, gone from MT4. Nothing for most accounts."""
    if row.gone:
        return "no longer on MT4"
    access = "disabled" if not row.enabled else "read-only" if row.read_only else ""
    badge = margin_word(row.margin_state)
    return format_html("{} {}", badge, access) if badge else access


def _amount(name: str, label: str, **more: Any) -> Column:
    """Money of the account's currency, which has a column of its own."""
    return Column(name, label, "money", currency="currency", named=False, **more)


class AccountTable(Table):
    """Accounts of the mirror."""

    name = "accounts"
    label = "Accounts"
    default_sort = "login"
    total_by = "currency"
    columns: ClassVar[Sequence[Column]] = (
        Column("login", "Login", "copy", sort="login", strong=True),
        Column("name", "Name", sort="name_key"),
        Column("group", "Group", sort="group"),
        Column("email", "E-mail", mask=masked_email, shown=False),
        Column("phone", "Telephone", mask=masked_phone, shown=False),
        Column("country", "Country", sort="country", shown=False),
        Column("city", "City", shown=False),
        Column("leverage", "Leverage", value=lambda row: f"1:{row.leverage}", sort="leverage"),
        Column("currency", "Currency"),
        _amount("balance", "Balance", sort="balance", total="balance"),
        _amount("credit", "Credit", sort="credit", total="credit", shown=False),
        _amount("equity", "Equity", sort="equity", total="equity"),
        _amount("margin", "Margin", sort="margin", total="margin", shown=False),
        _amount("free", "Free margin", sort="free", shown=False),
        Column("level", "Margin level", "percent", sort="level"),
        Column("state", "State", "html", value=state_words, sort="margin_state"),
        Column("status", "Status", shown=False),
        Column("registered", "Opened", "time", sort="registered", shown=False),
        Column("last_seen", "Last seen", "time", sort="last_seen", shown=False),
    )
    empty = Empty(
        "No accounts yet",
        "The mirror of this trade server holds none within your scopes.",
        icon="users",
    )

    def link(self, row: Account) -> str:
        """The account's page."""
        return reverse("account", args=(row.platform.slug, row.login))

    def row_class(self, row: Account) -> str:
        """Accounts that cannot be used are dim."""
        return "" if row.enabled and not row.gone else "dim"

    def actions(self, row: Account) -> Sequence[Link]:
        """What this person may do with the account."""
        if row.gone:
            return ()
        place = (row.platform.slug, row.login)
        return [
            Link(deed.label, reverse(deed.url_name, args=place), deed.icon)
            for deed in (*PAYMENT_DEEDS[:2], *ACCOUNT_DEEDS)
            if self.may(deed.permission)
        ]


class ChangeTable(Table):
    """The requests about one account."""

    name = "account-changes"
    label = "Changes"
    default_sort = "-created"
    columns: ClassVar[Sequence[Column]] = (
        Column("reference", "Reference", "copy", strong=True),
        Column("what", "What", value=lambda row: COMMANDS[row.command].label),
        Column("status", "State", "state"),
        Column("sentence", "Change", "wrap", value=lambda row: row.preview.get("sentence", "")),
        Column("maker", "Asked by", value="maker.name"),
        Column("created", "Asked", "time", sort="created"),
        Column("finished", "Finished", "time", sort="finished"),
        Column("outcome_text", "Outcome", "wrap", shown=False),
    )
    empty = Empty(
        "No changes yet",
        "Whatever is asked for on this account through the panel is listed here, with its state.",
        icon="history",
    )

    def link(self, row: ChangeRequest) -> str:
        """The request's page."""
        return reverse("request_detail", args=(row.reference,))
