"""What happens to a person's own way in is written down: second factors, and wrong ones."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import reverse

from panel.models import AuditEntry, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def told(person: User) -> list[tuple[str, str, str]]:
    """Action, outcome and detail of everything that is written of a person's way in."""
    entries = AuditEntry.objects.filter(object_kind="staff", object_key=str(person.pk))
    return list(entries.order_by("seq").values_list("action", "outcome", "detail"))


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    counters = list(auth.yield_hotp_counters_from_time())
    return str(auth.format_hotp_value(auth.hotp_value(secret, counters[len(counters) // 2])))


def signed_in(person: User) -> Client:
    """Somebody who has just given their password, and once more for what is protected."""
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_second_factors_come_and_go_with_an_entry_each() -> None:
    person = make_user("Tina", "back-office")
    client, address = signed_in(person), reverse("mfa_activate_totp")
    secret = re.search(r"\b[A-Z2-7]{32}\b", client.get(address).content.decode())
    assert secret
    assert client.post(address, {"code": code_of(secret[0])}).status_code == 302
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert [line[0] for line in told(person)] == [
        "sign-in",
        "second factor added",
        "second factor added",
        "second factor removed",
        "second factor removed",
    ]


def test_a_wrong_second_factor_is_a_denial() -> None:
    person = make_user("Tina", "back-office")
    auth.TOTP.activate(person, auth.generate_totp_secret())
    client = signed_in(person)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert told(person) == [("sign-in", "denied", "Wrong second factor.")]


@pytest.mark.parametrize("kept", ["sealed", "as before"])
def test_the_secret_of_a_second_factor_lies_sealed_in_the_database(kept: str) -> None:
    person, secret = make_user("Tina", "back-office"), auth.generate_totp_secret()
    row = auth.TOTP.activate(person, secret).instance
    assert secret not in str(Authenticator.objects.get(pk=row.pk).data)
    if kept == "as before":
        Authenticator.objects.filter(pk=row.pk).update(data={"secret": secret})
    client = signed_in(person)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert told(person) == [("sign-in", "ok", "")]
