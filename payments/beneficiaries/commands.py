"""Adding, changing and ending a beneficiary: always confirmed by a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel.access.policy import Needed
from panel.commands.administration import differences
from panel.commands.base import (
    Check,
    Invalid,
    PanelCommand,
    Preview,
    Risk,
    Target,
    platform_in_use,
)
from panel.commands.registry import register
from panel.models import Platform
from payments.beneficiaries import details, rules
from payments.desk import names
from payments.models import Beneficiary, BeneficiaryChange, Method, PayoutRules
from payments.models.beneficiary import DETAILS
from payments.standing import standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader


@dataclass(frozen=True, kw_only=True)
class BeneficiaryCommand(PanelCommand):
    """A change of one account's beneficiaries. `beneficiary` is None for a new one."""

    permission: ClassVar[str] = "payments.beneficiaries"
    approve_permission: ClassVar[str] = "payments.approve_beneficiary"
    risk: ClassVar[Risk] = Risk.CRITICAL
    reason_needed: ClassVar[bool] = True
    default_needed: ClassVar[Needed] = Needed(
        1, (), "A second person confirms every change of a beneficiary."
    )

    platform: str
    login: int
    beneficiary: int | None = None

    def get_platform(self) -> Platform:
        """The platform by its slug; raises `Invalid` as `platform_in_use` does."""
        return platform_in_use(self.platform)

    def existing(self) -> Beneficiary | None:
        """The beneficiary as it stands, None for a new one; raises `Invalid` if it is not there."""
        pk = self.beneficiary
        if pk is None:
            made = BeneficiaryChange.objects.filter(request__reference=self.request_reference)
            pk = made.values_list("beneficiary", flat=True).first()
        return None if pk is None else rules.find(self.get_platform(), self.login, pk)

    def target(self, reader: Reader | None) -> Target:
        """The account, read live: its group is what scopes go by."""
        if reader is None:
            raise TypeError("An account is never decided on without a live reader.")
        now = standing(reader, self.login)
        key = str(self.beneficiary) if self.beneficiary else f"{self.login}/new"
        text = f"{now.login} {now.name}"
        return Target("beneficiary", key, text, now.login, now.group, now.currency)

    def lock(self) -> None:
        """The beneficiary that is changed."""
        if self.beneficiary:
            Beneficiary.objects.select_for_update(no_key=True).filter(pk=self.beneficiary).first()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The details as they are; empty for a new one."""
        was = self.existing()
        return {**was.details, "active": was.active} if was else {}

    def waiting_checks(self, was: Beneficiary) -> list[Check]:
        """That withdrawals to it are on their way."""
        number = rules.waiting_on(was).count()
        if not number:
            return []
        waits = "1 withdrawal to it waits" if number == 1 else f"{number} withdrawals to it wait"
        return [Check("warn", f"{waits}: whoever decides there is told of this change.")]


@register
@dataclass(frozen=True, kw_only=True)
class SetBeneficiary(BeneficiaryCommand):
    """Keep a new beneficiary, or write the details of one anew; then it cools off."""

    name: ClassVar[str] = "beneficiaries.set"
    label: ClassVar[str] = "Beneficiary"
    prefix: ClassVar[str] = "NB"
    form_url: ClassVar[str | None] = "beneficiary_add"

    kind: str
    holder: str
    country: str = ""
    currency: str = ""
    iban: str = ""
    bic: str = ""
    account_number: str = ""
    bank_code: str = ""
    wallet: str = ""
    network: str = ""
    token: str = ""

    def wanted(self) -> dict[str, str]:
        """The details as they are to be kept."""
        return details.cleaned({name: getattr(self, name) for name in DETAILS})

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Details that fit their kind, not kept already, and something new."""
        was, wanted = self.existing(), self.wanted()
        errors: dict[str, list[str]] = {}
        for name, text in details.problems(wanted):
            errors.setdefault(name, []).append(text)
        if errors:
            raise Invalid(errors)
        if was and not was.active:
            raise Invalid.of("This beneficiary was ended: keep a new one instead.")
        if was and was.details == wanted:
            raise Invalid.of("Nothing would change.")
        same = rules.kept_of(self.get_platform(), self.login).filter(**wanted)
        if (same.exclude(pk=was.pk) if was else same).exists():
            raise Invalid.of("This beneficiary is kept for the account already.")

    def preview(self, reader: Reader | None) -> Preview:
        """Old and new details, and from when on it may be used."""
        was, wanted, platform = self.existing(), self.wanted(), self.get_platform()
        owner = standing(reader, self.login).name if reader else ""
        hours = PayoutRules.current().cooling_off_hours
        found = [
            *names.check(wanted["holder"], owner),
            Check("ok", f"It may be used {hours} hours after a second person has confirmed it."),
            *(self.waiting_checks(was) if was else ()),
        ]
        others = rules.elsewhere(platform, self.login, wanted)
        if others:
            accounts = "1 other account" if others == 1 else f"{others} other accounts"
            found.append(Check("warn", f"The same number or address is kept for {accounts}."))
        verb = f"Change {details.short(was.details)} into" if was else "Keep the beneficiary"
        return Preview(
            sentence=f"{verb} {details.short(wanted)} for {self.login} {owner}".strip(),
            button="Change beneficiary" if was else "Keep beneficiary",
            changes=differences(details.LABELS, _words(was.details) if was else {}, _words(wanted)),
            checks=found,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the details down; they cool off from now on."""
        now = timezone.now()
        fields = {
            **self.wanted(),
            "changed": now,
            "usable_from": now + timedelta(hours=PayoutRules.current().cooling_off_hours),
        }
        was = self.existing()
        if was is None:
            was = Beneficiary.objects.create(
                platform=self.get_platform(),
                login=self.login,
                mt4_group=request.mt4_group,
                account_name=request.object_text.partition(f"{self.login} ")[2][:128],
                **fields,
            )
        else:
            Beneficiary.objects.filter(pk=was.pk).update(**fields)
        BeneficiaryChange.objects.create(beneficiary=was, request=request, made=now)
        return {"beneficiary": was.pk}


@register
@dataclass(frozen=True, kw_only=True)
class EndBeneficiary(BeneficiaryCommand):
    """Take a beneficiary out of use; withdrawals to it that wait are refused from then on."""

    name: ClassVar[str] = "beneficiaries.end"
    label: ClassVar[str] = "End of a beneficiary"
    prefix: ClassVar[str] = "NX"
    form_url: ClassVar[str | None] = "beneficiary_end"

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """It must be in use."""
        was = self.existing()
        if was is None or not was.active:
            raise Invalid.of("This beneficiary is not in use.")

    def preview(self, reader: Reader | None) -> Preview:
        """What falls away."""
        was = self.existing()
        if was is None:
            raise Invalid.of("This beneficiary is not in use.")
        return Preview(
            sentence=f"End {details.short(was.details)} of {self.login}",
            button="End beneficiary",
            changes=differences(details.LABELS, _words(was.details), {}),
            checks=self.waiting_checks(was),
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Out of use, for good."""
        was = self.existing()
        if was is None:
            raise Invalid.of("This beneficiary is not in use.")
        now = timezone.now()
        Beneficiary.objects.filter(pk=was.pk).update(active=False, changed=now)
        BeneficiaryChange.objects.create(beneficiary=was, request=request, made=now)
        return {"beneficiary": was.pk}


def _words(values: dict[str, Any]) -> dict[str, str]:
    """The details in words for people."""
    return {
        **{name: str(values[name]) for name in DETAILS},
        "kind": Method(values["kind"]).label,
        "iban": details.spaced(values) if values["iban"] else "",
    }
