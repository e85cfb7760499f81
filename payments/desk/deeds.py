"""What a person does on the reviewer's page: each button is a command, or a decision."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands import decide
from panel.commands.base import Command, Invalid
from panel.commands.errors import AlreadyDecided, Denied, Stale
from panel.commands.submit import submit
from panel.models import Purpose, Status
from panel.mt4.errors import MT4Error
from panel.ui import reasons
from panel.ui.views import PanelView
from payments.desk.files import AttachFile, drop, store
from payments.desk.holding import HoldWithdrawal, ReleaseWithdrawal
from payments.desk.notes import AddNote
from payments.desk.payout import FailPayout, PayOut
from payments.models import Withdrawal


class DeedsMixin(PanelView):
    """The page's POST: `step` says which button. Rights are the commands' own affair."""

    trouble: list[str]
    stale: bool

    def get_object(self) -> Withdrawal:
        """The withdrawal of the address; raises `Http404`."""
        raise NotImplementedError

    def show(self, row: Withdrawal, *, template: str = "", status: int = 200) -> HttpResponse:
        """The page."""
        raise NotImplementedError

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the step and come back to the page; or the page with what went wrong."""
        row = self.get_object()
        steps = {
            "approve": self.approve,
            "reject": self.reject,
            "hold": self.hold,
            "release": self.release,
            "pay": self.pay,
            "fail": self.fail,
            "note": self.note,
            "attach": self.attach,
        }
        step = steps.get(request.POST.get("step", ""))
        if step is None:
            raise Http404
        try:
            step(row)
        except Stale:
            self.stale = True
        except AlreadyDecided as already:
            messages.warning(request, str(already))
        except Denied as denied:
            self.trouble = [str(denied)]
        except Invalid as invalid:
            self.trouble = [text for texts in invalid.errors.values() for text in texts]
        except MT4Error as error:
            self.trouble = [f"{error.explain()} Nothing was decided: try it again."]
        if self.trouble or self.stale:
            return self.show(self.get_object(), status=409)
        return HttpResponseRedirect(reverse("withdrawal", args=[row.payment.reference]))

    def do(self, command: Command, done: str, reason: str = "") -> None:
        """Submit a command under the page's key, and say what became of it."""
        key = self.request.POST.get("key", "")[:60] or str(uuid.uuid4())
        change = submit(
            command,
            actor=self.request.actor,
            source="web",
            reason=reason,
            key=f"{key}:{command.name}"[:100],
        )
        waits = change.status == Status.PENDING
        text = f"{change.reference} waits for a second person." if waits else done
        messages.success(self.request, text)

    def approve(self, row: Withdrawal) -> None:
        """Approve what was seen."""
        seen = self.request.POST.get("seen", "")
        change = row.payment.request
        decide.approve(change, actor=self.request.actor, source="web", seen=seen)
        messages.success(self.request, f"Approved {row}.")

    def reject(self, row: Withdrawal) -> None:
        """Reject, with a reason."""
        reason = reasons.chosen(self.request.POST)
        change = row.payment.request
        decide.reject(change, actor=self.request.actor, source="web", reason=reason)
        reasons.keep(self.request.POST, Purpose.REJECT, self.request.actor)
        messages.success(self.request, f"Rejected {row}.")

    def hold(self, row: Withdrawal) -> None:
        """Put it on hold, with a reason."""
        because = reasons.chosen(self.request.POST)
        command = HoldWithdrawal(withdrawal=row.payment.reference, because=because)
        self.do(command, f"{row} is on hold.", because)
        reasons.keep(self.request.POST, Purpose.HOLD, self.request.actor)

    def release(self, row: Withdrawal) -> None:
        """Let it go on."""
        said = self.request.POST.get("words", "").strip()
        command = ReleaseWithdrawal(withdrawal=row.payment.reference, note=said)
        self.do(command, f"Released {row}.", said)

    def pay(self, row: Withdrawal) -> None:
        """The provider has it."""
        given = self.request.POST.get("provider_reference", "").strip()
        command = PayOut(withdrawal=row.payment.reference, provider_reference=given)
        self.do(command, f"{row} is paid out as {given}.")

    def fail(self, row: Withdrawal) -> None:
        """The provider did not deliver it."""
        because = reasons.chosen(self.request.POST)
        command = FailPayout(withdrawal=row.payment.reference, because=because)
        self.do(command, f"The payout of {row} failed.", because)
        reasons.keep(self.request.POST, Purpose.PAYOUT_FAILED, self.request.actor)

    def note(self, row: Withdrawal) -> None:
        """Write a note."""
        text = self.request.POST.get("text", "").replace("\r\n", "\n")
        self.do(AddNote(withdrawal=row.payment.reference, text=text), "Added the note.")

    def attach(self, row: Withdrawal) -> None:
        """Attach a file; what cannot be attached is not kept."""
        upload = self.request.FILES.get("file")
        if upload is None:
            raise Invalid.of("Choose a file first.", "file")
        if not self.request.actor.may(AttachFile.permission):
            raise Denied("Your roles do not carry the right to attach files.")
        kept = store(upload)
        try:
            self.do(AttachFile.of(row.payment.reference, kept), f"Attached {kept.file_name}.")
        except (Invalid, Denied):
            drop(kept)
            raise
