"""A platform is its server: another one at its address is left alone, a renamed one accepted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.models import AuditEntry, Platform, PlatformState, Status
from panel.mt4.errors import Unavailable
from panel.mt4.read import reader
from panel.pages.commands.platforms import AcceptServer, AddPlatform
from panel.pages.tasks import watch_platform
from tests.core.money import approve_as, ask_withdrawal, balance_of, carry_out, new_account
from tests.factories import make_platform
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.pages.conftest import Cast
from tests.pages.test_administration import approve_on_page, send
from tests.sandbox.api import Api

pytestmark = pytest.mark.django_db
REASON = {"reason": "The broker was renamed on Monday."}


def call_it(sandbox: SandboxProcess, name: str, owner: str) -> None:
    """The server says this of itself from now on."""
    api = Api(sandbox)
    common = api.get("CfgRequestCommon").data
    told = {"name": name, "owner": owner, "timeZone": common["timeZone"]}
    assert api.post("CfgUpdateCommon", told).code == "Ok"


@pytest.fixture(scope="module")
def other_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A second server."""
    with SandboxProcess(tmp_path_factory.mktemp("other"), accounts=10) as sandbox:
        yield sandbox


@pytest.fixture
def other(other_process: SandboxProcess) -> SandboxProcess:
    """A second server that says another thing of itself."""
    call_it(other_process, "Elsewhere-Live", "Elsewhere Ltd")
    return other_process


@pytest.fixture
def known(platform: Platform, sandbox: SandboxProcess) -> Platform:
    """The platform, its server seen."""
    call_it(sandbox, "Sandbox", "Sandbox Markets Ltd")
    return look_at(platform)


def look_at(platform: Platform) -> Platform:
    """As the beat does it."""
    watch_platform(platform.pk)
    return Platform.objects.get(pk=platform.pk)


def point_at(platform: Platform, sandbox: SandboxProcess) -> Platform:
    """The address leads elsewhere, as when a name is resolved to another machine."""
    Platform.objects.filter(pk=platform.pk).update(api_base=sandbox.url, authority=sandbox.url)
    return Platform.objects.get(pk=platform.pk)


def fields_of(platform: Platform, **changes: str) -> dict[str, str]:
    """The form of a platform, as it is but for the changes."""
    return {
        "title": platform.name,
        "api_base": platform.api_base,
        "authority": platform.authority,
        "client_id": platform.client_id,
        "client_secret": "",
        "platform_id": str(platform.platform_id),
        "is_sandbox": "on",
        "enabled": "on",
        "key": "k",
        "step": "preview",
        **REASON,
        **changes,
    }


def test_pages_show_what_the_server_says_of_itself(known: Platform, cast: Cast) -> None:
    ada = signed_in(cast.ada)
    for page in (
        ada.get(reverse("platform_list")),
        ada.get(reverse("platform_detail", args=["demo"])),
    ):
        assert "Sandbox of Sandbox Markets Ltd" in text_of(page)
        assert "nother one answers" not in text_of(page)


def test_nothing_is_read_or_sent_where_another_server_answers_and_back_it_goes_on(
    known: Platform, sandbox: SandboxProcess, other: SandboxProcess, cast: Cast
) -> None:
    login = new_account(known, "1000.00")
    request = ask_withdrawal(cast.olga, login, "250.00")
    approve_as(cast.bob, request)

    moved = look_at(point_at(known, other))

    assert moved.state == PlatformState.AWAY
    assert moved.identity == "Sandbox of Sandbox Markets Ltd"
    calls = len(other.calls())
    with pytest.raises(Unavailable, match="Elsewhere-Live of Elsewhere Ltd answers"):
        reader(moved.connection)
    waits = carry_out(request)
    assert waits.status == Status.APPROVED
    assert "Elsewhere-Live of Elsewhere Ltd answers" in waits.waiting_for
    assert len(other.calls()) == calls
    ada = signed_in(cast.ada)
    page = ada.get(reverse("platform_detail", args=["demo"]))
    assert "Another server answers." in text_of(page)
    assert "Another server answers in place of Sandbox." in text_of(page)
    assert reverse("platform_accept_server", args=["demo"]) in page.content.decode()
    assert "another one answers" in text_of(ada.get(reverse("platform_list")))

    back = look_at(point_at(known, sandbox))

    assert (back.other_server, back.state) == ("", PlatformState.CONNECTED)
    type(request).objects.filter(pk=request.pk).update(not_before=None)
    assert carry_out(request).status == Status.DONE
    assert balance_of(back, login) == 750


def test_a_renamed_server_is_accepted_by_two_administrators(
    known: Platform, sandbox: SandboxProcess, cast: Cast
) -> None:
    call_it(sandbox, "Sandbox-2", "Sandbox Markets Ltd")
    assert "Sandbox-2 of Sandbox Markets Ltd answers" in look_at(known).other_server
    ada, address = signed_in(cast.ada), reverse("platform_accept_server", args=["demo"])
    form = ada.get(address)
    assert 'value="Sandbox-2 of Sandbox Markets Ltd"' in form.content.decode()

    fields = {"identity": "Sandbox-2 of Sandbox Markets Ltd", **REASON}
    request = send(ada, address, fields)

    assert (request.command, request.status) == ("platforms.accept_server", Status.PENDING)
    ada.post(page_url(request), {"step": "approve", "seen": "0" * 64})
    assert Platform.objects.get().other_server  # not by herself
    approve_on_page(cast.adam, request)
    accepted = Platform.objects.get()
    assert (accepted.identity, accepted.other_server) == (fields["identity"], "")
    assert look_at(accepted).state == PlatformState.CONNECTED
    done = AuditEntry.objects.get(reference=request.reference, action="request done")
    assert done.before == {"server": "Sandbox of Sandbox Markets Ltd"}
    assert done.after == {"server": "Sandbox-2 of Sandbox Markets Ltd"}
    # Nothing answers under another name now: the page offers nothing.
    page = ada.get(reverse("platform_detail", args=["demo"]))
    assert address not in page.content.decode()


def test_a_server_is_accepted_only_as_what_answers_now(
    known: Platform, sandbox: SandboxProcess, other: SandboxProcess
) -> None:
    with pytest.raises(Invalid, match=r"Sandbox of Sandbox Markets Ltd answers .* not Made Up"):
        AcceptServer(slug="demo", identity="Made Up").validate(None, None)
    with pytest.raises(Invalid, match="has no other server"):
        AcceptServer(slug="demo", identity=known.identity).validate(None, None)
    make_platform(
        other.url,
        slug="elsewhere",
        platform_id="22222222-2222-4222-8222-222222222222",
        identity="Elsewhere-Live of Elsewhere Ltd",
    )
    look_at(point_at(known, other))
    with pytest.raises(Invalid, match="This server is the platform Sandbox already"):
        AcceptServer(slug="demo", identity="Elsewhere-Live of Elsewhere Ltd").validate(None, None)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.EXECUTING, Status.UNKNOWN])
def test_no_other_name_and_no_other_address_while_an_operation_is_open(
    known: Platform, sandbox: SandboxProcess, cast: Cast, status: Status
) -> None:
    request = ask_withdrawal(cast.olga, new_account(known, "1000.00"), "250.00")
    approve_as(cast.bob, request)
    type(request).objects.filter(pk=request.pk).update(status=status)
    ada = signed_in(cast.ada)
    near = sandbox.url.replace("127.0.0.1", "localhost")
    answer = ada.post(reverse("platform_change", args=["demo"]), fields_of(known, api_base=near))
    assert answer.status_code == 422
    assert f"such as {request.reference}: it cannot be pointed elsewhere" in text_of(answer)

    call_it(sandbox, "Sandbox-3", "Sandbox Markets Ltd")
    look_at(known)
    answer = ada.post(
        reverse("platform_accept_server", args=["demo"]),
        {"identity": "Sandbox-3 of Sandbox Markets Ltd", **REASON, "key": "k", "step": "preview"},
    )
    assert answer.status_code == 422
    assert "no other name is accepted" in text_of(answer)


def test_what_became_open_while_the_second_administrator_waited_stops_it(
    known: Platform, sandbox: SandboxProcess, cast: Cast
) -> None:
    waiting = ask_withdrawal(cast.olga, new_account(known, "1000.00"), "250.00")
    call_it(sandbox, "Sandbox-4", "Sandbox Markets Ltd")
    look_at(known)
    fields = {"identity": "Sandbox-4 of Sandbox Markets Ltd", **REASON}
    address = reverse("platform_accept_server", args=["demo"])
    request = send(signed_in(cast.ada), address, fields)
    adam = signed_in(cast.adam)
    seen = seen_on(adam.get(page_url(request)))
    type(waiting).objects.filter(pk=waiting.pk).update(status=Status.UNKNOWN)
    answer = adam.post(page_url(request), {"step": "approve", "seen": seen})
    assert "no other name is accepted" in text_of(answer)
    assert Platform.objects.get().identity == known.identity


def test_another_address_of_the_same_server_is_allowed_and_of_another_one_refused(
    known: Platform, sandbox: SandboxProcess, other: SandboxProcess, cast: Cast
) -> None:
    ada, address = signed_in(cast.ada), reverse("platform_change", args=["demo"])
    near = sandbox.url.replace("127.0.0.1", "localhost")
    answer = ada.post(address, fields_of(known, api_base=near))
    assert answer.status_code == 200
    assert f"{known.identity} answers at the new address." in text_of(answer)
    there = {"api_base": other.url, "authority": other.url}
    answer = ada.post(address, fields_of(known, **there))
    assert answer.status_code == 422
    assert "Elsewhere-Live of Elsewhere Ltd answers there, not" in text_of(answer)
    assert f'value="{other.url}"' in answer.content.decode()  # what was typed stays
    nobody = {"api_base": "http://127.0.0.1:9", "authority": "http://127.0.0.1:9"}
    answer = ada.post(address, fields_of(known, **nobody))
    assert "Nobody answers at this address" in text_of(answer)


def added(address: str, platform_id: str) -> AddPlatform:
    """A second platform at this address, with the first one's secret."""
    return AddPlatform(
        slug="second",
        title="Second",
        platform_id=platform_id,
        authority=address,
        api_base=address,
        client_id="sandbox",
        client_secret_sealed=Platform.objects.get(slug="demo").client_secret_sealed,
    )


def test_one_server_is_not_added_twice(
    known: Platform, sandbox: SandboxProcess, other: SandboxProcess
) -> None:
    by_id = added(other.url, str(known.platform_id))
    with pytest.raises(Invalid, match="This server is the platform Sandbox already"):
        by_id.validate(None, None)
    # Under another id, as behind a second WebAPI: it says the same of itself.
    Platform.objects.update(platform_id="33333333-3333-4333-8333-333333333333")
    by_name = added(sandbox.url, str(known.platform_id))
    with pytest.raises(Invalid, match="This server is the platform Sandbox already"):
        by_name.validate(None, None)


def test_what_did_not_answer_when_it_was_added_is_found_by_the_watch(
    known: Platform, sandbox: SandboxProcess
) -> None:
    nobody = "http://127.0.0.1:9"
    added(nobody, "22222222-2222-4222-8222-222222222222").validate(None, None)
    second = make_platform(nobody, slug="second", name="Second")
    assert look_at(second).identity == ""
    second = look_at(point_at(second, sandbox))
    assert second.identity == ""
    assert "answers there, which is the platform Sandbox already" in second.other_server
    with pytest.raises(Unavailable):
        reader(second.connection)
