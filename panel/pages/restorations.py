"""A restored backup: what was noticed and found, and its acknowledgement."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.template.response import TemplateResponse

from panel.commands import restoration
from panel.commands.base import Command, Invalid
from panel.models import Restoration
from panel.pages.commands.restorations import AcknowledgeRestoration
from panel.ui.commands import CommandView

PAST = 20


class FindingForm(forms.Form):
    """What the administrator found; `restoration` is the one that they looked at."""

    restoration = forms.IntegerField(widget=forms.HiddenInput)
    finding = forms.CharField(
        label="What was restored and why, and what you looked at",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text="It stays in the audit log.",
    )


class RestorationView(CommandView):
    """The one that waits, with the form; below it those of before."""

    permission: ClassVar[str] = "platforms.change"
    template_name = "pages/restoration.html"
    title = "Restored backup"
    form_class = FindingForm

    def get_initial(self) -> dict[str, Any]:
        """For the one that the page shows."""
        row = restoration.present()
        return {"restoration": row.pk if row else None}

    def get_cancel_url(self) -> str:
        """The page without what was typed."""
        return self.request.path

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The acknowledgement."""
        if restoration.present() is None:
            raise Invalid.of("It was acknowledged in the meantime.")
        return AcknowledgeRestoration(
            restoration=cleaned["restoration"], finding=cleaned["finding"]
        )

    def render(self, *, template: str = "", status: int = 200, **extra: Any) -> TemplateResponse:
        """With what is known of it."""
        row = restoration.present()
        past = Restoration.objects.filter(acknowledged__isnull=False)
        return super().render(
            template=template,
            status=status,
            row=row,
            left=restoration.still_open(row) if row else [],
            past=past.select_related("acknowledged_by")[:PAST],
            **extra,
        )
