"""Questions put to the mirror: whose accounts one sees, and what matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from panel.access.masks import visible

if TYPE_CHECKING:
    from accounts.models import Account  # noqa: F401 - in quotes below
    from panel.models import User

LARGEST_LOGIN = 2**31 - 1
AT_RISK = ("MarginCall", "StopOut")


def login_begins(digits: str) -> Q:
    """Logins that begin with these digits, as ranges that an index answers."""
    condition = Q(pk__in=[])
    low = high = int(digits)
    while low <= LARGEST_LOGIN:
        condition |= Q(login__range=(low, min(high, LARGEST_LOGIN)))
        if low == 0:
            break
        low, high = low * 10, high * 10 + 9
    return condition


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts of the mirror."""

    def visible_to(self, user: User) -> Self:
        """Those within a person's scopes."""
        return self.filter(visible(user.scope_rows, field="group"))

    def present(self) -> Self:
        """Those that MT4 still had when it was last read."""
        return self.filter(gone__isnull=True)

    def search(self, words: str, *, contact: bool) -> Self:
        """Digits are the beginning of a login; anything else is part of a name or an e-mail.

        E-mails are searched only for those who may see them (`contact`). The text search walks
        the rows (about 60 ms at 100,000): an index that helps with the middle of a word would
        need PostgreSQL's trigram extension.
        """
        words = " ".join(words.split()).lower()
        if not words:
            return self
        if words.isascii() and words.isdigit():
            return self.filter(login_begins(words))
        condition = Q(name_key__contains=words)
        if contact:
            condition |= Q(email_key__contains=words)
        return self.filter(condition)
