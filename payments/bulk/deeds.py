"""What is done with a file: asking for it, checking it again, stopping it, going on with it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone

from panel import audit
from panel.access.request import PanelRequest
from panel.commands.base import Command, Invalid
from panel.commands.submit import submit
from panel.ui.commands import CommandView
from panel.ui.links import Link
from payments.bulk.check import check
from payments.bulk.command import CarryOutFile, CarryOutRest, FileCommand
from payments.bulk.engine.commands import StopBulk
from payments.bulk.forms import SubmitForm
from payments.bulk.sums import flows_of, shown
from payments.bulk.tasks import check_soon
from payments.bulk.views import AT_ONCE, UPLOAD, OfFile
from payments.models import BulkFile


class AskView(OfFile, CommandView):
    """Ask for a file to be carried out: the sums once more, and why."""

    permission: ClassVar[str] = UPLOAD
    template_name = "payments/bulk/ask.html"
    form_class = SubmitForm
    command_class: ClassVar[type[FileCommand]] = CarryOutFile

    def get_title(self) -> str:
        """What is asked."""
        return f"Carry out {self.file.name}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the file."""
        return (*super().get_crumbs(), Link(self.file.name, self.address))

    def get_more(self) -> Sequence[Link]:
        """Nothing besides."""
        return ()

    def get_form_kwargs(self) -> dict[str, Any]:
        """Corrections are asked for with a reason."""
        command = self.command_class.of(self.file)
        return {**super().get_form_kwargs(), "needed": command.reason_needed}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The file as it stands."""
        return self.command_class.of(self.file)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the sums of what is asked for."""
        totals = self.command_class.totals_of(self.file)
        return super().get_context(totals=shown(totals), flows=flows_of(totals), **extra)


class AgainView(AskView):
    """Ask for what was rejected or stopped to be carried out once more."""

    permission: ClassVar[str] = UPLOAD
    command_class: ClassVar[type[FileCommand]] = CarryOutRest

    def get_title(self) -> str:
        """What is asked."""
        return f"Carry out the rest of {self.file.name}"


class CheckAgainView(OfFile):
    """Check the stored file anew: accounts, balances and limits may be others by now."""

    permission: ClassVar[str] = UPLOAD
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Back to checking, as long as nobody has asked for it."""
        file = self.file
        waiting = (BulkFile.State.READY, BulkFile.State.HAS_ERRORS)
        taken = BulkFile.objects.filter(pk=file.pk, state__in=waiting).update(
            state=BulkFile.State.CHECKING, created=timezone.now(), checking_until=None
        )
        if taken:
            audit.record(
                request.actor,
                "bulk file check",
                source="web",
                obj=("bulk file", file.pk, file.name),
                platform=file.platform,
            )
            if file.size <= AT_ONCE:
                check(file.pk)
            else:
                check_soon(file.pk)
        return HttpResponseRedirect(self.address)


class StopView(OfFile):
    """Stop a running file: one button, for it may be urgent."""

    permission: ClassVar[str] = UPLOAD
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What is on its way comes to its end; the rest stays."""
        command = StopBulk(file=self.file.pk)
        key = request.POST.get("key", "")[:100] or str(uuid.uuid4())
        try:
            submit(command, actor=request.actor, source="web", reason="", key=key)
        except Invalid as late:
            messages.warning(request, str(late))
        return HttpResponseRedirect(self.address)
