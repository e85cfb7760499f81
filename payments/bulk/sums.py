"""Sums over lines of files, and who may see what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from panel.access.policy import Needed
from panel.lib.money import ANY, ZERO, quantize
from panel.models import User
from panel.ui.figures import money_text
from payments.models import BulkFile, BulkItem, Kind


def sums_of(items: QuerySet[BulkItem]) -> list[dict[str, Any]]:
    """Lines by kind and currency; amounts as text, so that JSON rounds nothing."""
    rows = (
        items.order_by()
        .values("kind", "currency")
        .annotate(lines=Count("pk"), total=Sum("amount"), most=Max("amount"))
        .order_by("kind", "currency")
    )
    return [
        {
            "kind": row["kind"],
            "currency": row["currency"],
            "count": row["lines"],
            "amount": format(quantize(row["total"], ANY), "f"),
            "largest": format(quantize(row["most"], ANY), "f"),
        }
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Total:
    """The lines of one kind and currency."""

    kind: str
    currency: str
    count: int
    amount: Decimal
    largest: Decimal


def shown(totals: Iterable[Mapping[str, Any]]) -> list[Total]:
    """Stored sums as pages show them."""
    return [
        Total(
            Kind(line["kind"]).label,
            line["currency"],
            line["count"],
            Decimal(line["amount"]),
            Decimal(line["largest"]),
        )
        for line in totals
    ]


def in_words(totals: Iterable[Mapping[str, Any]]) -> str:
    """`3 deposits of 1,234.50 USD in all, 1 withdrawal of 20.00 EUR`."""
    parts = []
    for line in totals:
        label, one = Kind(line["kind"]).label, line["count"] == 1
        amount = money_text(Decimal(line["amount"]), line["currency"])
        noun, _, way = label.partition(" ")
        many = noun if noun == "credit" else f"{noun}s"
        words = label if one else f"{many} {way}".strip()
        parts.append(f"{line['count']:,} {words} of {amount}{'' if one else ' in all'}")
    return ", ".join(parts)


@dataclass(slots=True)
class CurrencyFlow:
    """What moves in one currency, in and out apart; money and credit are not added up."""

    currency: str
    is_credit: bool
    into: Decimal = ZERO
    out: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """In less out."""
        return self.into - self.out


def flows_of(totals: Iterable[Mapping[str, Any]]) -> list[CurrencyFlow]:
    """Stored sums as what goes in and out, by currency; money first, then credit."""
    found: dict[tuple[bool, str], CurrencyFlow] = {}
    for line in totals:
        kind, currency = Kind(line["kind"]), str(line["currency"])
        flow = found.setdefault((kind.is_credit, currency), CurrencyFlow(currency, kind.is_credit))
        if kind.is_out:
            flow.out += Decimal(line["amount"])
        else:
            flow.into += Decimal(line["amount"])
    return [found[key] for key in sorted(found)]


def flows_text(found: Iterable[CurrencyFlow]) -> str:
    """`in 25,000.00, out 15,000.00, net 10,000.00 USD; credit in 50.00 EUR`."""
    return "; ".join(_flow_text(flow) for flow in found)


def _flow_text(flow: CurrencyFlow) -> str:
    name = "credit " if flow.is_credit else ""
    if not flow.out:
        return f"{name}in {money_text(flow.into, flow.currency)}"
    if not flow.into:
        return f"{name}out {money_text(flow.out, flow.currency)}"
    parts = ", ".join(
        f"{word} {money_text(amount, flow.currency, named=False)}"
        for word, amount in ((f"{name}in", flow.into), ("out", flow.out))
    )
    return f"{parts}, net {money_text(flow.net, flow.currency)}"


def outside(file: BulkFile, person: User) -> bool:
    """Whether a file has accounts that the person's scopes leave out."""
    return not sees_all(person, file.platform_id, file.groups)


def sees_all(person: User, platform_id: int, groups: Iterable[str]) -> bool:
    """Whether all these MT4 groups lie within the person's scopes."""
    return all(person.sees(platform_id, group) for group in groups)


def strictest(rules: Iterable[Needed]) -> Needed:
    """The rule with the most approvals; by roles that satisfy every rule that names some, as far
    as there are such.
    """
    asking = [rule for rule in rules if rule.approvals]
    most = max(asking, key=lambda rule: (rule.approvals, bool(rule.roles)))
    roles = set(most.roles)
    for rule in asking:
        if rule.roles:
            roles = (roles & set(rule.roles) if roles else set(rule.roles)) or roles
    return Needed(most.approvals, tuple(sorted(roles)), most.text)
