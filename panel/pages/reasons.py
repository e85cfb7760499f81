"""The lists of reasons to choose from, and the form that adds to them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands.base import Invalid
from panel.commands.reasons import LONGEST, AddReason, RetireReason
from panel.commands.submit import submit
from panel.models import Purpose, Reason
from panel.ui.commands import UNPROCESSABLE, put_errors
from panel.ui.views import PanelView


class ReasonForm(forms.Form):
    """One more sentence."""

    purpose = forms.ChoiceField(label="For", choices=Purpose.choices)
    text = forms.CharField(
        label="Reason",
        max_length=LONGEST,
        help_text="A whole sentence: makers and clients' managers read it as it stands.",
    )


class ReasonListView(PanelView):
    """Every list; adding and retiring take effect at once, and are recorded."""

    permission: ClassVar[str] = "reasons.change"
    title = "Reasons"
    template_name = "pages/reasons.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The lists and an empty form."""
        return self.show(ReasonForm(initial=request.GET.dict()))

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add one, or retire one."""
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=UNPROCESSABLE)
        retire = request.POST.get("step") == "retire"
        kind = RetireReason if retire else AddReason
        command = kind(purpose=form.cleaned_data["purpose"], text=form.cleaned_data["text"])
        key = request.POST.get("key", "")[:100] or str(uuid.uuid4())
        try:
            submit(command, actor=request.actor, source="web", reason="", key=key)
        except Invalid as invalid:
            put_errors(form, invalid)
            return self.show(form, status=UNPROCESSABLE)
        messages.success(request, "Retired the reason." if retire else "Added the reason.")
        return HttpResponseRedirect(reverse("reason_list"))

    def show(self, form: ReasonForm, status: int = 200) -> HttpResponse:
        """The page."""
        reasons = list(Reason.objects.filter(active=True).select_related("added_by"))
        lists = [
            (purpose, [reason for reason in reasons if reason.purpose == purpose])
            for purpose in Purpose
        ]
        return self.render(status=status, form=form, lists=lists, key=str(uuid.uuid4()))
