"""A mail server that is dead, or that hangs: payments go on as if there were no mail at all."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from django.utils import timezone

from panel.models import ChangeRequest, Notice, Status
from tests.chaos.conftest import demo, person
from tests.core.money import approve_as, ask_deposit, ask_withdrawal, new_account
from tests.harness.smtp import mail_server
from tests.harness.stack import Stack
from tests.harness.waiting import free_port, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
MOMENT = 15.0
"""Seconds within which a payment is done on a busy machine; the mail server hangs for 20."""


def done(request: ChangeRequest) -> Callable[[], bool]:
    """Whether the request is done."""
    return lambda: ChangeRequest.objects.get(pk=request.pk).status == Status.DONE


@pytest.mark.parametrize("hangs", [False, True], ids=["dead", "hanging"])
def test_payments_go_on_and_the_mail_follows_once_the_server_is_back(
    make_stack: Callable[..., Stack], hangs: bool
) -> None:
    port = free_port()
    with socket.socket() as silent:
        if hangs:
            # Connections are taken by the system, and nobody ever answers on them.
            silent.bind(("127.0.0.1", port))
            silent.listen(100)
        env = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        stack = make_stack(web=False, sandbox={"accounts": 20}, env=env)
        with stack.connected():
            login = new_account(demo(), "1000.00")
            request = ask_withdrawal(person("ops"), login, "100.00")
            checkers = Notice.objects.filter(request=request, kind="decide")
            wait_until(lambda: checkers.count() == 2, what="the notices of both checkers")
            wait_until(
                lambda: checkers.filter(mail_tries__gt=0).exists(), 60, "a try to send the mails"
            )
            deposit = ask_deposit(person("ops"), login, "10.00")
            wait_until(done(deposit), MOMENT, "the deposit")
            other = ask_withdrawal(person("ops"), login, "50.00")
            approve_as(person("compliance"), request)
            wait_until(done(request), MOMENT, "the withdrawal")
            assert set(checkers.values_list("mail", flat=True)) <= {"due", "none"}
    if hangs:
        return
    with stack.connected(), mail_server(port) as server:
        waiting = Notice.objects.filter(request=other, kind="decide")
        wait_until(lambda: waiting.count() == 2, what="the notices of the other withdrawal")
        # Pauses grow while the server is away; nobody waits for them here.
        Notice.objects.filter(mail="due").update(mail_after=timezone.now())
        wait_until(lambda: waiting.filter(mail="sent").count() == 2, 60, "the mails")
        assert {address for address, _ in server.mails} >= {
            "compliance@demo.test",
            "compliance2@demo.test",
        }
