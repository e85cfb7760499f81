"""The panel's rights for views of the REST framework."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from panel.access.request import PanelRequest
from panel.door.denials import deny


class HasPanelPermission(BasePermission):
    """The view names its right in `permission`; a view without one is closed to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the signed-in person has the view's right; a refusal is recorded."""
        permission = getattr(view, "permission", None)
        user = getattr(request, "user", None)
        if permission is None or user is None or not user.is_authenticated:
            return False
        if user.may(permission):
            return True
        deny(cast(PanelRequest, request._request).actor, f"open {request.path}", permission)
        return False
