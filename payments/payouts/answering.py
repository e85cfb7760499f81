"""The provider's answer: uploaded, shown line by line, confirmed, written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel import audit
from panel.access.request import PanelRequest
from panel.mt4.errors import MT4Error
from panel.ui.links import Link
from panel.ui.staging import plain_name
from payments.bulk import store
from payments.bulk.rows import Refused
from payments.models import PayoutAnswer, PayoutAnswerLine, PayoutBatch
from payments.payouts import outcome
from payments.payouts.forms import AnswerForm
from payments.payouts.reading import Answer, read
from payments.payouts.tables import batch_url
from payments.payouts.views import PAY, OfBatch


class AnswerUploadView(OfBatch):
    """Upload a file of the provider's references for a batch; nothing is written by it."""

    permission: ClassVar[str] = PAY
    title: ClassVar[str] = "Provider’s answer"
    template_name = "payments/payouts/upload.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The empty form."""
        return self.render(form=AnswerForm(), batch=self.batch)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Read it, say what each line means, and go to its page."""
        form = AnswerForm(request.POST, request.FILES)
        if self.batch.state != PayoutBatch.State.SENT:
            form.is_valid()
            form.add_error(None, f"{self.batch} is {self.batch.get_state_display()}: nothing of it "
                           "waits for an answer.")  # fmt: skip
        if not form.is_valid():
            return self.render(form=form, batch=self.batch, status=422)
        upload = form.cleaned_data["file"]
        pieces = list(upload.chunks()) if upload else [form.cleaned_data["rows"].encode()]
        kept = store.keep(pieces)
        try:
            with store.path_of(kept.name).open("rb") as source:
                answers = list(read(source))
        except Refused as refused:
            store.path_of(kept.name).unlink(missing_ok=True)
            line = f"Line {refused.fault.line}: " if refused.fault.line else ""
            form.add_error("file" if upload else "rows", f"{line}{refused.fault.message}")
            return self.render(form=form, batch=self.batch, status=422)
        name = plain_name(upload.name) if upload else "pasted rows"
        answer = self.keep(name, kept, answers)
        return HttpResponseRedirect(answer_url(answer))

    def keep(self, name: str, kept: store.Stored, answers: Sequence[Answer]) -> PayoutAnswer:
        """The answer with its lines."""
        batch, actor = self.batch, self.request.actor
        with transaction.atomic():
            answer = PayoutAnswer.objects.create(
                batch=batch,
                name=name,
                sha256=kept.sha256,
                stored=kept.name,
                uploaded_by=actor.person_or_fail(),
            )
            lines = outcome.judge(batch, answers)
            for line in lines:
                line.answer = answer
            PayoutAnswerLine.objects.bulk_create(lines)
            audit.record(
                actor,
                "payout answer uploaded",
                source="web",
                request=batch.request,
                obj=("payout batch", batch.reference, str(batch)),
                after={"file": name, "sha256": kept.sha256, "lines": len(lines)},
            )
        return answer


def answer_url(answer: PayoutAnswer) -> str:
    """The page of an answer."""
    return reverse("payout_answer", args=(answer.batch.reference, answer.pk))


class AnswerView(OfBatch):
    """What each line of an answer means; one button writes it."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/payouts/answer.html"

    @cached_property
    def answer(self) -> PayoutAnswer:
        """The answer of the address."""
        rows = PayoutAnswer.objects.select_related("batch__platform", "uploaded_by", "confirmed_by")
        found: PayoutAnswer = get_object_or_404(rows, batch=self.batch, pk=self.kwargs["pk"])
        return found

    def get_title(self) -> str:
        """Whose answer."""
        return f"Answer for {self.batch}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the batch."""
        return (*super().get_crumbs(), Link(f"Batch {self.batch}", batch_url(self.batch)))

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The lines, those that are not written first."""
        answer = self.answer
        lines = list(answer.lines.select_related("line__withdrawal__payment", "request"))
        counts = Counter(line.outcome for line in lines)
        return self.render(
            answer=answer,
            batch=self.batch,
            lines=[(line, outcome.shown_state(line)) for line in lines],
            counts=[(choice.label, counts[choice]) for choice in outcome.Outcome if counts[choice]],
            writes=sum(counts[each] for each in outcome.WRITTEN),
            resumable=outcome.resumable(answer),
            may_pay=request.actor.may(PAY),
        )


class AnswerWriteView(AnswerView):
    """Confirm an answer, or go on with what was confirmed and not written to its end."""

    permission: ClassVar[str] = PAY
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write what it says, and come back to its page."""
        outcome.confirm(self.answer, request.actor)
        answer = PayoutAnswer.objects.select_related("batch").get(pk=self.answer.pk)
        try:
            outcome.write(answer, request.actor)
        except MT4Error as error:
            left = outcome.resumable(answer)
            messages.error(request, f"{error.explain()} {left} outcomes are still to be written.")
            return HttpResponseRedirect(answer_url(answer))
        refused = answer.lines.exclude(refused="").count()
        waits = outcome.second_waits(answer)
        if waits:
            messages.info(request, f"{waits} of the outcomes wait for a second person: see below.")
        if refused:
            messages.warning(request, f"{refused} lines could not be written: see below.")
        elif not waits:
            messages.success(request, "Every outcome was written.")
        return HttpResponseRedirect(answer_url(answer))
