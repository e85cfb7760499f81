"""The roles a new panel begins with. The migration writes them; afterwards the rows count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoleStart:
    """A role as it is first written."""

    slug: str
    name: str
    description: str
    permissions: tuple[str, ...]


_READ = ("home.view", "accounts.view", "trading.view", "payments.view", "requests.view")

ROLES = (
    RoleStart(
        "back-office",
        "Back office",
        "Opens and keeps accounts, enters payments.",
        (
            *_READ,
            "accounts.contact",
            "accounts.create",
            "accounts.change_profile",
            "accounts.change_leverage",
            "accounts.change_group",
            "accounts.change_access",
            "accounts.reset_password",
            "payments.deposit",
            "payments.withdraw",
            "payments.credit",
            "payments.transfer",
            "payments.correct",
            "payments.chargeback",
            "payments.reset_negative",
            "payments.payout",
            "payments.beneficiaries",
            "payments.note",
            "payments.attachments",
            "payments.bulk",
            "jobs.view",
            "unknown.view",
            "reconciliation.view",
        ),
    ),
    RoleStart(
        "dealer",
        "Dealer",
        "Watches positions, sets leverage and groups.",
        (*_READ, "accounts.change_leverage", "accounts.change_group"),
    ),
    RoleStart(
        "compliance",
        "Compliance",
        "Decides on withdrawals, deposits and credit; makes none.",
        (
            *_READ,
            "accounts.contact",
            "accounts.approve",
            "payments.approve_deposit",
            "payments.approve_withdrawal",
            "payments.approve_beneficiary",
            "payments.approve_credit",
            "payments.approve_bulk",
            "jobs.view",
            "payments.approve_transfer",
            "payments.approve_correction",
            "payments.approve_chargeback",
            "payments.approve_reset",
            "limits.view",
            "limits.approve",
            "payments.hold",
            "payments.note",
            "payments.attachments",
            "requests.assign",
            "reasons.change",
            "unknown.view",
            "unknown.approve",
            "audit.view",
            "reconciliation.view",
            "reconciliation.approve",
        ),
    ),
    RoleStart(
        "manager",
        "Manager",
        "Sees the figures, decides on deposits and credit, proposes settlements.",
        (
            *_READ,
            "accounts.contact",
            "accounts.approve",
            "payments.approve_deposit",
            "payments.approve_beneficiary",
            "payments.approve_credit",
            "payments.approve_bulk",
            "jobs.view",
            "payments.approve_transfer",
            "payments.approve_correction",
            "payments.approve_chargeback",
            "payments.approve_reset",
            "limits.view",
            "payments.note",
            "payments.attachments",
            "requests.assign",
            "reasons.change",
            "unknown.view",
            "unknown.settle",
            "audit.view",
            "reconciliation.view",
            "reconciliation.run",
            "reconciliation.explain",
        ),
    ),
    RoleStart(
        "administrator",
        "Administrator",
        "Keeps staff, policies and platforms; moves no money.",
        (
            *_READ,
            "reasons.change",
            "unknown.view",
            "audit.view",
            "staff.view",
            "staff.change",
            "policies.view",
            "policies.change",
            "jobs.view",
            "limits.view",
            "jobs.change",
            "limits.change",
            "limits.approve",
            "payments.paying_accounts",
            "platforms.view",
            "platforms.change",
            "admin.approve",
        ),
    ),
    RoleStart(
        "auditor",
        "Auditor",
        "Reads everything, changes nothing.",
        (
            *_READ,
            "accounts.contact",
            "payments.attachments",
            "unknown.view",
            "audit.view",
            "staff.view",
            "policies.view",
            "jobs.view",
            "limits.view",
            "platforms.view",
            "reconciliation.view",
        ),
    ),
)
