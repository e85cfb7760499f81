"""Every command is whole: rights, risk, words, a form, and a test that names it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from panel.access.permissions import MACHINE_RIGHTS, PERMISSIONS
from panel.access.roles import ROLES
from panel.commands.base import Command, MT4Command, PanelCommand, Risk
from panel.commands.registry import COMMANDS

TESTS = Path(__file__).resolve().parents[1]
# Commands without a form of their own, and why.
_DESK = "a dialog on the withdrawal's own page"
NO_FORM: dict[str, str] = {
    "payments.hold": _DESK,
    "payments.release": _DESK,
    "payments.pay_out": _DESK,
    "payments.fail_payout": _DESK,
    "payouts.fail": "a line of the provider's answer, on the answer's page",
    "payments.bulk_file": "asked for on the page of a checked file",
    "payments.bulk_again": "asked for on the page of a file that has ended",
    "payments.bulk_stop": "a button on the page of a file that runs",
    "payments.bulk_line": "made by the engine for a line of unknown outcome",
    "payments.credit_expiry": "made by a scheduled job alone",
    "payments.note": _DESK,
    "payments.attach": "a dialog on the payment's own page",
    "requests.claim": "buttons on the request's own page",
    "payments.claim_payout": "buttons on the withdrawal's own page",
    "payments.return": "a form of the withdrawal, whose address is the withdrawal's",
}
# Who stands behind it: commands that a rule of the house, not a policy row, keeps for two people.
ALWAYS_TWO = (
    "staff.",
    "roles.",
    "policies.",
    "platforms.",
    "limits.",
    "jobs.",
    "requests.settle",
    "payments.explain",
    "beneficiaries.",
    "payouts.account",
    "payouts.fail",
    "payouts.rules",
)

every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


def test_there_are_the_commands_of_the_house() -> None:
    assert {
        "accounts.create",
        "accounts.change_profile",
        "accounts.change_leverage",
        "accounts.change_group",
        "accounts.change_access",
        "accounts.reset_password",
        "payments.deposit",
        "payments.withdraw",
        "payments.credit_in",
        "payments.credit_out",
        "requests.settle",
    } <= set(COMMANDS)


@every_command
def test_a_command_names_its_rights_and_somebody_has_them(command: type[Command]) -> None:
    for right in (command.permission, command.approve_permission):
        assert right in PERMISSIONS
        assert any(right in role.permissions for role in ROLES) or right in MACHINE_RIGHTS, right


@every_command
def test_a_command_has_a_risk_a_label_and_a_reference_of_its_own(command: type[Command]) -> None:
    assert isinstance(command.risk, Risk)
    assert command.label[:1].isupper()
    assert re.fullmatch("[A-Z]{2}", command.prefix)
    same = [other.name for other in COMMANDS.values() if other.prefix == command.prefix]
    assert same == [command.name]


@every_command
def test_a_command_has_a_form_or_a_reason_for_none(command: type[Command]) -> None:
    if command.name in NO_FORM:
        assert command.form_url is None
        return
    names = {key for key in get_resolver().reverse_dict if isinstance(key, str)}
    assert command.form_url in names


@every_command
def test_a_command_is_frozen_and_of_a_known_kind(command: type[Command]) -> None:
    assert issubclass(command, (MT4Command, PanelCommand))
    with pytest.raises(dataclasses.FrozenInstanceError):
        object.__new__(command).reference = "another"  # type: ignore[union-attr]


@every_command
def test_a_command_that_moves_money_or_is_critical_shows_evidence_or_needs_two(
    command: type[Command],
) -> None:
    if command.name.startswith(ALWAYS_TWO):
        assert issubclass(command, PanelCommand)
        assert command.default_needed.approvals >= 1


@every_command
def test_a_command_is_named_in_a_test_of_what_it_does(command: type[Command]) -> None:
    named = re.compile(rf"\b{command.__name__}\b|\b{re.escape(command.name)}\b")
    files = [
        file
        for file in TESTS.rglob("test_*.py")
        if file != Path(__file__) and named.search(file.read_text())
    ]
    assert files, f"no test speaks of {command.name}"


def test_no_role_makes_and_approves_the_same_thing() -> None:
    for role in ROLES:
        for command in COMMANDS.values():
            if command.risk is Risk.MONEY:
                both = {command.permission, command.approve_permission} <= set(role.permissions)
                assert not both, f"{role.slug} makes and approves {command.name}"
