"""Every right there is. A right that is not listed here cannot be granted or asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """A right: its code, its words on the roles page, and the area it is listed under."""

    code: str
    label: str
    area: str


_LISTED = [
    Permission("home.view", "See the dashboard and one's own requests", "Overview"),
    Permission("accounts.view", "See trading accounts", "Accounts"),
    Permission(
        "accounts.contact",
        "See e-mail, telephone, address and account numbers in clear",
        "Accounts",
    ),
    Permission("accounts.create", "Open an account", "Accounts"),
    Permission("accounts.change_profile", "Change names and contact details", "Accounts"),
    Permission("accounts.change_leverage", "Change the leverage", "Accounts"),
    Permission("accounts.change_group", "Move to another group", "Accounts"),
    Permission("accounts.change_access", "Enable, disable, set read-only", "Accounts"),
    Permission("accounts.reset_password", "Reset passwords", "Accounts"),
    Permission("accounts.approve", "Approve changes of accounts", "Accounts"),
    Permission("trading.view", "See positions and orders", "Trading"),
    Permission("payments.view", "See payments", "Payments"),
    Permission("payments.deposit", "Make deposits", "Payments"),
    Permission("payments.withdraw", "Ask for withdrawals", "Payments"),
    Permission("payments.credit", "Give and take credit", "Payments"),
    Permission("payments.hold", "Put withdrawals on hold and release them", "Payments"),
    Permission("payments.payout", "Mark withdrawals as paid out, ask for their return", "Payments"),
    Permission("payments.beneficiaries", "Add, change and end beneficiaries", "Payments"),
    Permission("payments.approve_beneficiary", "Confirm changes of beneficiaries", "Payments"),
    Permission("payments.note", "Write notes and attach files to payments", "Payments"),
    Permission("payments.attachments", "Download what is attached to payments", "Payments"),
    Permission("payments.bulk", "Upload files of payments", "Payments"),
    Permission("payments.transfer", "Transfer between accounts", "Payments"),
    Permission("payments.correct", "Ask for corrections", "Payments"),
    Permission("payments.chargeback", "Enter chargebacks", "Payments"),
    Permission("payments.reset_negative", "Reset negative balances", "Payments"),
    Permission("payments.approve_deposit", "Approve deposits", "Payments"),
    Permission("payments.approve_withdrawal", "Approve withdrawals", "Payments"),
    Permission("payments.approve_credit", "Approve credit", "Payments"),
    Permission("payments.approve_transfer", "Approve transfers", "Payments"),
    Permission("payments.approve_correction", "Approve corrections", "Payments"),
    Permission("payments.approve_chargeback", "Approve chargebacks", "Payments"),
    Permission("payments.approve_reset", "Approve resets of negative balances", "Payments"),
    Permission("reconciliation.view", "See reconciliations and differences", "Payments"),
    Permission("reconciliation.run", "Start a reconciliation", "Payments"),
    Permission("reconciliation.explain", "Explain a difference in the books", "Payments"),
    Permission("reconciliation.approve", "Confirm the explanation of a difference", "Payments"),
    Permission("payments.approve_bulk", "Approve files of payments", "Payments"),
    Permission("requests.view", "See everybody's requests", "Approvals"),
    Permission("requests.assign", "Assign requests and payouts to others", "Approvals"),
    Permission("unknown.view", "See unknown outcomes", "Payments"),
    Permission("unknown.settle", "Propose how an unknown outcome is settled", "Payments"),
    Permission("unknown.approve", "Confirm how an unknown outcome is settled", "Payments"),
    Permission("reasons.change", "Add and retire the reasons to choose from", "Approvals"),
    Permission("audit.view", "Read the audit log", "Audit"),
    Permission("staff.view", "See staff and roles", "Administration"),
    Permission("staff.change", "Change staff, roles and scopes", "Administration"),
    Permission("policies.view", "See approval policies", "Administration"),
    Permission("policies.change", "Change approval policies", "Administration"),
    Permission("limits.view", "See payment limits and what is used of them", "Payments"),
    Permission("limits.change", "Change payment limits", "Administration"),
    Permission("limits.approve", "Approve changes of payment limits", "Administration"),
    Permission(
        "payments.paying_accounts",
        "Change paying accounts and the rules of payouts",
        "Administration",
    ),
    Permission("jobs.view", "See scheduled jobs", "Payments"),
    Permission("jobs.change", "Switch scheduled jobs on and off", "Administration"),
    Permission("jobs.run", "Make the requests of scheduled jobs", "Administration"),
    Permission("platforms.view", "See platforms", "Administration"),
    Permission("platforms.change", "Change platforms", "Administration"),
    Permission("admin.approve", "Approve administrators' changes", "Administration"),
]

PERMISSIONS: dict[str, Permission] = {permission.code: permission for permission in _LISTED}

# What scheduled jobs may ask for, under the policies like everybody; no administrator adds to it.
MACHINE_RIGHTS = frozenset({"jobs.run", "payments.reset_negative"})
# The rights that a role can carry: what is the jobs' alone no person can ask for.
GRANTABLE = tuple(code for code in PERMISSIONS if code != "jobs.run")

# Whoever approves money or keeps staff, policies, limits and platforms always needs a second factor
# (except on a demo); other roles may be made to.
FACTOR_RIGHTS = frozenset(code for code in PERMISSIONS if code.startswith("payments.approve")) | {
    "unknown.approve",
    "reconciliation.approve",
    "limits.approve",
    "limits.change",
    "staff.change",
    "policies.change",
    "platforms.change",
    "admin.approve",
}

# For a page that every signed-in person may open: their own settings, their own requests.
SIGNED_IN = "signed-in"


def known(code: str) -> bool:
    """Whether a code names a right (or stands for any signed-in person)."""
    return code in PERMISSIONS or code == SIGNED_IN
