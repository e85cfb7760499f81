"""What the administrators' forms have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpResponse

from panel.access.request import PanelRequest
from panel.models import Role
from panel.ui.commands import CommandView


def role_choices() -> list[tuple[str, str]]:
    """Roles by slug and name."""
    return list(Role.objects.values_list("slug", "name"))


class ReasonForm(forms.Form):
    """Why: the second administrator and the audit log will read it."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The second administrator reads it, and it stays in the audit log.",
    )

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """The reason comes last, whatever fields a form adds."""
        super().order_fields(field_order)
        if "reason" in self.fields:
            self.fields["reason"] = self.fields.pop("reason")


class AdministrationView(CommandView):
    """A form of several ticks keeps them when one goes back from the preview to change it."""

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Preview, send, or back to the form."""
        if request.POST.get("step") != "edit":
            return super().post(request, *args, **kwargs)
        blank = self.make_form()
        initial = {
            name: field.widget.value_from_datadict(request.POST, request.FILES, name)
            for name, field in blank.fields.items()
        }
        return self.show_form(self.make_form(initial=initial), request.POST.get("key", "")[:100])
