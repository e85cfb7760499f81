"""The permission table: every address × every role. An address that is not listed fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from panel.access.roles import ROLES
from panel.models import AuditEntry, User
from tests.factories import make_platform, make_user

pytestmark = pytest.mark.django_db

BACK_OFFICE, DEALER, COMPLIANCE = "back-office", "dealer", "compliance"
MANAGER, ADMINISTRATOR, AUDITOR = "manager", "administrator", "auditor"
ALL = frozenset({BACK_OFFICE, DEALER, COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR})
NOBODY = "nobody"  # signed in, without any role
SIGNED_IN = ALL | {NOBODY}
ONLY = frozenset

ACCOUNT: dict[str, Any] = {"platform": "demo", "login": 100001}
FILE: dict[str, Any] = {"pk": 99_999}
REQUEST = {"reference": "WD 00000000"}
BATCH = {"reference": "PB 00000000"}

# URL name → (who may open it, arguments of the address)
TABLE: dict[str, tuple[frozenset[str], dict[str, Any]]] = {
    "dashboard": (ALL, {}),
    "search": (ALL, {}),
    "me": (SIGNED_IN, {}),
    "notice_list": (SIGNED_IN, {}),
    "notice_bell": (SIGNED_IN, {}),
    "notice_open": (SIGNED_IN, {"pk": 99_999}),
    "ui-preferences": (SIGNED_IN, {}),
    "ui-columns": (SIGNED_IN, {}),
    "ui-platform": (SIGNED_IN, {}),
    "approval_list": (ALL, {}),
    "request_list": (ALL, {}),
    "request_detail": (ALL, REQUEST),
    "reason_list": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR}), {}),
    "unknown_list": (ALL - {DEALER}, {}),
    "unknown_detail": (ALL - {DEALER}, REQUEST),
    "unknown_look": (ALL - {DEALER}, REQUEST),
    "unknown_settle": (ONLY({MANAGER}), REQUEST),
    "audit_list": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {}),
    "audit_entry": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {"seq": 99_999}),
    "audit_verify": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {}),
    "audit_head": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {}),
    "staff_list": (ONLY({ADMINISTRATOR, AUDITOR}), {}),
    "staff_detail": (ONLY({ADMINISTRATOR, AUDITOR}), {"pk": 99_999}),
    "staff_invite": (ONLY({ADMINISTRATOR}), {}),
    "staff_change": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "staff_invite_again": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "role_list": (ONLY({ADMINISTRATOR, AUDITOR}), {}),
    "role_add": (ONLY({ADMINISTRATOR}), {}),
    "role_change": (ONLY({ADMINISTRATOR}), {"slug": "dealer"}),
    "policy_list": (ONLY({ADMINISTRATOR, AUDITOR}), {}),
    "policy_add": (ONLY({ADMINISTRATOR}), {}),
    "policy_change": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "policy_remove": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "separation_change": (ONLY({ADMINISTRATOR}), {"name": "withdrawal_maker_does_not_pay"}),
    "age_target_change": (ONLY({ADMINISTRATOR}), {}),
    "job_list": (ALL - {DEALER}, {}),
    "job_change": (ONLY({ADMINISTRATOR}), {"name": "credit_expiry"}),
    "limit_list": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {}),
    "limit_detail": (ONLY({COMPLIANCE, MANAGER, ADMINISTRATOR, AUDITOR}), {"pk": 99_999}),
    "limit_add": (ONLY({ADMINISTRATOR}), {}),
    "limit_change": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "limit_remove": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "platform_list": (ONLY({ADMINISTRATOR, AUDITOR}), {}),
    "platform_detail": (ONLY({ADMINISTRATOR, AUDITOR}), {"slug": "demo"}),
    "platform_add": (ONLY({ADMINISTRATOR}), {}),
    "platform_change": (ONLY({ADMINISTRATOR}), {"slug": "demo"}),
    "platform_accept_server": (ONLY({ADMINISTRATOR}), {"slug": "demo"}),
    "restoration": (ONLY({ADMINISTRATOR}), {}),
    "account_list": (ALL, {}),
    "account_create": (ONLY({BACK_OFFICE}), {"platform": "demo"}),
    "account": (ALL, ACCOUNT),
    "account_changes": (ALL, ACCOUNT),
    "account_change_profile": (ONLY({BACK_OFFICE}), ACCOUNT),
    "account_change_leverage": (ONLY({BACK_OFFICE, DEALER}), ACCOUNT),
    "account_change_group": (ONLY({BACK_OFFICE, DEALER}), ACCOUNT),
    "account_change_access": (ONLY({BACK_OFFICE}), ACCOUNT),
    "account_password": (ONLY({BACK_OFFICE}), ACCOUNT),
    "position_list": (ALL, {}),
    "order_list": (ALL, {}),
    "account_positions": (ALL, ACCOUNT),
    "account_history": (ALL, ACCOUNT),
    "payment_list": (ALL, {}),
    "withdrawal_list": (ALL, {}),
    "withdrawal_stage": (ALL, {"stage": "to-pay"}),
    "withdrawal": (ALL, REQUEST),
    "withdrawal_return": (ONLY({BACK_OFFICE}), REQUEST),
    "payment_file": (ALL - {DEALER, ADMINISTRATOR}, {**REQUEST, "pk": 99_999}),
    "account_beneficiaries": (ALL, ACCOUNT),
    "beneficiary_add": (ONLY({BACK_OFFICE}), ACCOUNT),
    "beneficiary_change": (ONLY({BACK_OFFICE}), {**ACCOUNT, "pk": 99_999}),
    "beneficiary_end": (ONLY({BACK_OFFICE}), {**ACCOUNT, "pk": 99_999}),
    "payout_batch_list": (ALL, {}),
    "payout_batch_add": (ONLY({BACK_OFFICE}), {}),
    "payout_batch_add_failed": (ONLY({BACK_OFFICE}), {}),
    "payout_batch": (ALL, BATCH),
    "payout_batch_file": (ONLY({BACK_OFFICE}), BATCH),
    "payout_batch_cancel": (ONLY({BACK_OFFICE}), BATCH),
    "payout_answer_upload": (ONLY({BACK_OFFICE}), BATCH),
    "payout_answer": (ALL, {**BATCH, "pk": 99_999}),
    "payout_answer_write": (ONLY({BACK_OFFICE}), {**BATCH, "pk": 99_999}),
    "paying_account_list": (ALL, {}),
    "paying_account_add": (ONLY({ADMINISTRATOR}), {}),
    "paying_account_change": (ONLY({ADMINISTRATOR}), {"pk": 99_999}),
    "payout_rules": (ONLY({ADMINISTRATOR}), {}),
    "payment_new": (ONLY({BACK_OFFICE}), {}),
    "payments_net_deposits": (ALL, {}),
    "bulk_list": (ALL, {}),
    "bulk_upload": (ONLY({BACK_OFFICE}), {}),
    "bulk_template": (ONLY({BACK_OFFICE}), {"form": "csv"}),
    "bulk_file": (ALL, FILE),
    "bulk_lines": (ALL, FILE),
    "bulk_warnings": (ALL, FILE),
    "bulk_reading": (ONLY({COMPLIANCE, MANAGER}), FILE),
    "bulk_decide": (ONLY({COMPLIANCE, MANAGER}), FILE),
    "bulk_progress": (ALL, FILE),
    "bulk_errors": (ALL, FILE),
    "bulk_result": (ALL, FILE),
    "bulk_source": (ALL - {DEALER, ADMINISTRATOR}, FILE),
    "bulk_check": (ONLY({BACK_OFFICE}), FILE),
    "bulk_submit": (ONLY({BACK_OFFICE}), FILE),
    "bulk_again": (ONLY({BACK_OFFICE}), FILE),
    "bulk_stop": (ONLY({BACK_OFFICE}), FILE),
    "account_payments": (ALL, ACCOUNT),
    "reconciliation": (ALL - {DEALER, ADMINISTRATOR}, {}),
    "reconciliation_run": (ONLY({MANAGER}), {}),
    "difference_detail": (ALL - {DEALER, ADMINISTRATOR}, {"pk": 99_999}),
    "difference_explain": (ONLY({MANAGER}), {"pk": 99_999}),
    "payment_stop": (ONLY({COMPLIANCE}), ACCOUNT),
    "payment_deposit": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_withdraw": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_credit_in": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_credit_out": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_detail": (ALL, REQUEST),
    "payment_transfer": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_correction": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_chargeback": (ONLY({BACK_OFFICE}), ACCOUNT),
    "payment_negative_reset": (ONLY({BACK_OFFICE}), ACCOUNT),
}
# Open to anybody, on purpose.
OPEN = {"health"}
# Pages of the sign-in library: its own door, held by test_sign_in.
SIGN_IN = "sign/"


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(address, URL name) of everything the site serves."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry.name or ""


def own_names() -> set[str]:
    """Names of the addresses that are the panel's own."""
    return {name for address, name in addresses(get_resolver()) if not address.startswith(SIGN_IN)}


def test_every_address_is_in_the_table_and_nothing_else_is() -> None:
    assert own_names() - OPEN == set(TABLE)


def test_every_role_of_the_house_is_in_the_table() -> None:
    assert {role.slug for role in ROLES} == ALL


@pytest.mark.parametrize("role", sorted(SIGNED_IN))
def test_a_role_opens_what_it_may_and_nothing_else(role: str) -> None:
    make_platform()
    person = make_user("Someone", *({role} - {NOBODY}))
    client = Client(raise_request_exception=True)
    client.force_login(person)
    for name, (allowed, arguments) in TABLE.items():
        status = client.get(reverse(name, kwargs=arguments)).status_code
        if role in allowed:
            assert status in (200, 302, 404, 405, 503), f"{role} → {name}: {status}"
        else:
            assert status == 403, f"{role} → {name}: {status}"


@pytest.mark.parametrize("role", sorted(SIGNED_IN))
def test_a_form_that_is_not_for_a_role_takes_nothing_from_it_either(role: str) -> None:
    make_platform()
    client = Client()
    client.force_login(make_user("Someone", *({role} - {NOBODY})))
    for name, (allowed, arguments) in TABLE.items():
        if role not in allowed:
            status = client.post(reverse(name, kwargs=arguments)).status_code
            assert status == 403, f"{role} → {name}: {status}"


def test_without_signing_in_every_address_leads_to_the_sign_in_page() -> None:
    make_platform()
    client = Client()
    for name, (_, arguments) in TABLE.items():
        answer = client.get(reverse(name, kwargs=arguments))
        refused = answer.status_code in (401, 403) and name == "payments_net_deposits"
        assert refused or (
            answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))
        ), f"{name}: {answer.status_code}"


def test_a_deactivated_person_is_out_at_once() -> None:
    person = make_user("Someone", BACK_OFFICE)
    client = Client()
    client.force_login(person)
    assert client.get(reverse("account_list")).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(reverse("account_list")).status_code == 302


def test_every_denial_is_recorded() -> None:
    client = Client()
    client.force_login(make_user("Alice", DEALER))
    client.get(reverse("staff_list"))
    entry = AuditEntry.objects.get(action="denied")
    assert "Alice" in entry.actor
    assert entry.code == "staff.view"
    assert entry.outcome == "denied"
