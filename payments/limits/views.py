"""Limits: what they are, what is used of them; changing one takes two people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.commands.inbox import visible_requests
from panel.models import AuditEntry, ChangeRequest, Status
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.views import PanelView
from payments.limits import words
from payments.limits.commands import AMOUNTS, RemoveLimit, SetLimit, state
from payments.limits.figures import lines
from payments.limits.forms import LimitForm
from payments.models import Limit

RECENT = 20


def all_limits() -> Any:
    """Limits with what their words need."""
    return Limit.objects.select_related("person", "role", "platform")


class LimitListView(PanelView):
    """All limits."""

    permission: ClassVar[str] = "limits.view"
    title = "Limits"
    template_name = "payments/limits/list.html"

    def get_primary(self) -> Link | None:
        """A new one."""
        if not self.request.actor.may("limits.change"):
            return None
        return Link("Add a limit…", reverse("limit_add"), "plus")

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The limits, and the changes of them that wait for somebody."""
        waiting = ChangeRequest.objects.filter(
            command__in=[SetLimit.name, RemoveLimit.name], status=Status.PENDING
        )
        return self.render(lines=lines(all_limits()), waiting=list(waiting.select_related("maker")))


class LimitMixin(PanelView):
    """A page about the limit of its address."""

    @cached_property
    def limit(self) -> Limit:
        """The limit."""
        found: Limit = get_object_or_404(all_limits(), pk=self.kwargs["pk"])
        return found

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Limits", reverse("limit_list"))]


class LimitDetailView(LimitMixin):
    """One limit: who has used how much, and how it came to be."""

    permission: ClassVar[str] = "limits.view"
    template_name = "payments/limits/detail.html"

    def get_title(self) -> str:
        """Whom it holds."""
        return f"Limit of {words.who(self.limit)}"

    def get_more(self) -> Sequence[Link]:
        """Change and remove."""
        if not self.request.actor.may("limits.change"):
            return ()
        return [
            Link("Change…", reverse("limit_change", args=[self.limit.pk]), "edit"),
            Link("Remove…", reverse("limit_remove", args=[self.limit.pk]), "trash"),
        ]

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The figures, and the requests that made it what it is."""
        [line] = lines([self.limit])
        about = Q(object_key=str(self.limit.pk)) | Q(
            command=SetLimit.name, result={"limit": self.limit.pk}
        )
        seen = visible_requests(request.actor.person_or_fail()).filter(object_kind="limit")
        entries = None
        if request.actor.may("audit.view"):
            references = list(seen.filter(about).values_list("reference", flat=True))
            entries = AuditEntry.objects.filter(reference__in=references).order_by("-seq")[:RECENT]
        return self.render(
            line=line,
            amounts=[
                (label, getattr(self.limit, name))
                for name, label in zip(
                    AMOUNTS, ("At once", "In 24 hours", "In 30 days"), strict=True
                )
            ],
            changes=seen.filter(about).select_related("maker")[:RECENT],
            entries=entries,
        )


class LimitFormView(CommandView):
    """What both forms have in common."""

    permission: ClassVar[str] = "limits.change"
    form_class = LimitForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Limits", reverse("limit_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The limit as it is to be."""
        return SetLimit(
            limit=self.kwargs.get("pk"),
            person=cleaned["person"],
            role=cleaned["role"],
            kinds=tuple(sorted(cleaned["kinds"])),
            platform=cleaned["platform"],
            group_masks=cleaned["group_masks"].strip(),
            currency=cleaned["currency"],
            active=cleaned["active"],
            note=cleaned["note"].strip(),
            **{name: cleaned[name] for name in AMOUNTS},
        )


class LimitAddView(LimitFormView):
    """A new limit."""

    title = "Add a limit"

    def get_initial(self) -> dict[str, Any]:
        """Everywhere, in force."""
        return {"group_masks": "*", "active": True}


class LimitChangeView(LimitMixin, LimitFormView):
    """An existing limit, written anew."""

    permission: ClassVar[str] = "limits.change"

    def get_title(self) -> str:
        """Whose."""
        return f"Change the limit of {words.who(self.limit)}"

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        return state(self.limit)


class LimitRemoveView(LimitMixin, CommandView):
    """Taking a limit away."""

    permission: ClassVar[str] = "limits.change"
    form_class = ReasonForm
    dangerous = True

    def get_title(self) -> str:
        """Whose."""
        return f"Remove the limit of {words.who(self.limit)}"

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The removal."""
        return RemoveLimit(limit=self.limit.pk)
