"""The door of every page: a right, or it stays shut."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.views.generic import View

from panel.access.permissions import SIGNED_IN
from panel.access.request import PanelRequest
from panel.door.denials import deny


class PermissionRequired(View):
    """A view that names its right. `panel.checks` refuses to start a site where one does not."""

    permission: ClassVar[str]
    request: PanelRequest

    def may(self, request: PanelRequest) -> bool:
        """Whether the person has the view's right; views with several forms may ask for more."""
        return self.permission == SIGNED_IN or request.actor.may(self.permission)

    def dispatch(  # type: ignore[override]  # every request of the panel is one
        self, request: PanelRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Refuse and record, or go on."""
        if not self.may(request):
            deny(request.actor, f"{request.method} {request.path}", self.permission, place=kwargs)
            raise PermissionDenied(self.permission)
        return super().dispatch(request, *args, **kwargs)
