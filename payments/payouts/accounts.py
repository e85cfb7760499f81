"""Paying accounts: from where withdrawals are paid. One administrator changes, another confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from stdnum import bic as bics
from stdnum import iban as ibans

from panel.commands.administration import AdministrationCommand, Problems, differences
from panel.commands.base import Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.lib.text import comparable
from payments.beneficiaries.details import CURRENCY, KINDS, NO_BIC, NO_IBAN, compact
from payments.models import Method, PayingAccount

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

FIELDS = ("title", "method", "currency", "holder", "iban", "bic", "number", "active")
LABELS = {
    "title": "Name",
    "method": "Pays by",
    "currency": "Currency",
    "holder": "Holder",
    "iban": "IBAN",
    "bic": "BIC",
    "number": "Other number",
    "active": "In use",
}


def state(row: PayingAccount) -> dict[str, Any]:
    """The account's fields as they stand."""
    return {name: getattr(row, "name" if name == "title" else name) for name in FIELDS}


@register
@dataclass(frozen=True, kw_only=True)
class SetPayingAccount(AdministrationCommand):
    """Add a paying account, or write an existing one anew."""

    name: ClassVar[str] = "payouts.account"
    label: ClassVar[str] = "Paying account"
    prefix: ClassVar[str] = "PE"
    permission: ClassVar[str] = "payments.paying_accounts"
    form_url: ClassVar[str | None] = "paying_account_add"

    account: int | None = None
    title: str
    method: str
    currency: str
    holder: str
    iban: str = ""
    bic: str = ""
    number: str = ""
    active: bool = True

    def existing(self) -> PayingAccount | None:
        """The account as it is; None for a new one. Raises `Invalid` if it is not there."""
        if self.account is None:
            return None
        found = PayingAccount.objects.filter(pk=self.account).first()
        if found is None:
            raise Invalid.of("There is no such paying account.")
        return found

    def wanted(self) -> dict[str, Any]:
        """The fields as they would be kept."""
        return {
            "title": self.title.strip(),
            "method": self.method,
            "currency": self.currency.strip().upper(),
            "holder": " ".join(self.holder.split()),
            "iban": compact(self.iban),
            "bic": compact(self.bic),
            "number": self.number.strip(),
            "active": self.active,
        }

    def target(self, reader: Reader | None) -> Target:
        """The account."""
        key = str(self.account) if self.account else f"{comparable(self.title)[:80]}/new"
        return Target("paying account", key, f"Paying account {self.title}")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Good numbers, a name of its own, and something new."""
        wanted, problems = self.wanted(), Problems()
        if not 1 <= len(wanted["title"]) <= 80:
            problems.add("title", "1 to 80 characters.")
        same = PayingAccount.objects.filter(name__iexact=wanted["title"])
        if self.account is not None:
            same = same.exclude(pk=self.account)
        if same.exists():
            problems.add("title", "There is another one of this name.")
        if self.method not in KINDS:
            problems.add("method", "Choose how it pays.")
        if not CURRENCY.fullmatch(wanted["currency"]):
            problems.add("currency", "A currency such as EUR.")
        if not 1 <= len(wanted["holder"]) <= 70:
            problems.add("holder", "1 to 70 characters, as the bank knows the holder.")
        _check_numbers(wanted, problems)
        problems.raise_if_any()
        was = self.existing()
        if was and state(was) == wanted:
            raise Invalid.of("Nothing would change.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The account as it is; empty for a new one."""
        was = self.existing()
        return state(was) if was else {}

    def preview(self, reader: Reader | None) -> Preview:
        """What is added or changed."""
        was, wanted = self.existing(), self.wanted()
        verb = "Change the paying account" if was else "Add the paying account"
        found = [Check("ok", "Batches that were made already keep the file they have.")]
        return Preview(
            sentence=f"{verb} {wanted['title']}: {wanted['iban'] or wanted['number']}, "
            f"{wanted['currency']}",
            button="Change paying account" if was else "Add paying account",
            changes=differences(LABELS, _words(state(was)) if was else {}, _words(wanted)),
            checks=found,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        wanted = self.wanted()
        fields = {("name" if name == "title" else name): value for name, value in wanted.items()}
        row = PayingAccount(pk=self.account, **fields)
        row.save(force_insert=self.account is None, force_update=self.account is not None)
        return {"account": row.pk}


def _check_numbers(wanted: dict[str, Any], problems: Problems) -> None:
    if wanted["iban"] and not ibans.is_valid(wanted["iban"]):
        problems.add("iban", NO_IBAN)
    if wanted["bic"] and not bics.is_valid(wanted["bic"]):
        problems.add("bic", NO_BIC)
    if not wanted["iban"] and not wanted["number"]:
        problems.add("iban", "Enter its IBAN, or the number it has instead.")
    if wanted["iban"] and wanted["number"]:
        problems.add("number", "Enter an IBAN or another number, not both.")
    if len(wanted["number"]) > 64 or not wanted["number"].isprintable():
        problems.add("number", "At most 64 characters.")


def _words(values: dict[str, Any]) -> dict[str, str]:
    method = values["method"]
    return {
        **{name: str(value) for name, value in values.items()},
        "method": Method(method).label if method in Method.values else method,
        "active": "yes" if values["active"] else "no",
    }
