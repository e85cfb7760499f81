"""Roles: which rights each carries, side by side; changing one takes two administrators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel.access.permissions import GRANTABLE, PERMISSIONS
from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.models import Role
from panel.pages.commands.roles import ChangeRole
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.views import PanelView


def rights_by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every right, by the area it is listed under."""
    listed = [PERMISSIONS[code] for code in GRANTABLE]
    areas: dict[str, list[tuple[str, str]]] = {}
    for area, rights in groupby(listed, key=lambda right: right.area):
        areas.setdefault(area, []).extend((right.code, right.label) for right in rights)
    return list(areas.items())


class RoleListView(PanelView):
    """The matrix of roles and rights."""

    permission: ClassVar[str] = "staff.view"
    title = "Roles"
    template_name = "pages/roles.html"

    def get_primary(self) -> Link | None:
        """A new role."""
        if not self.request.actor.may("staff.change"):
            return None
        return Link("Add a role…", reverse("role_add"), "plus")

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Rights down, roles across."""
        active = Count("people", filter=Q(people__is_active=True))
        roles = list(Role.objects.annotate(number=active))
        matrix = [
            (
                area,
                [(label, [code in role.permissions for role in roles]) for code, label in rights],
            )
            for area, rights in rights_by_area()
        ]
        return self.render(roles=roles, matrix=matrix, width=len(roles) + 1)


class RoleForm(ReasonForm):
    """A role."""

    title = forms.CharField(label="Name", max_length=60)
    description = forms.CharField(label="Description", max_length=200, required=False)
    rights = forms.MultipleChoiceField(
        label="Rights",
        choices=rights_by_area,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    second_factor = forms.BooleanField(
        label="Needs a second factor",
        required=False,
        help_text="Its people are led to set one up before anything else. Whoever approves money "
        "or keeps staff, policies, limits or platforms needs one in any case.",
    )
    field_order = ("slug", "title", "description", "second_factor", "rights", "reason")


class NewRoleForm(RoleForm):
    """A role that is not there yet."""

    slug = forms.SlugField(
        label="Short name", max_length=40, help_text="Small letters, digits and dashes; it stays."
    )


class RoleView(CommandView):
    """What both forms have in common."""

    permission: ClassVar[str] = "staff.change"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the matrix."""
        return [Link("Roles", reverse("role_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The role as it is to be."""
        return ChangeRole(
            slug=self.kwargs.get("slug") or cleaned["slug"],
            title=cleaned["title"].strip(),
            description=cleaned["description"].strip(),
            second_factor=cleaned["second_factor"],
            rights=tuple(code for code in GRANTABLE if code in cleaned["rights"]),
        )


class RoleAddView(RoleView):
    """A new role."""

    title = "Add a role"
    form_class = NewRoleForm


class RoleChangeView(RoleView):
    """Another set of rights for a role."""

    form_class = RoleForm

    def get_role(self) -> Role:
        """The role of the address."""
        return get_object_or_404(Role, slug=self.kwargs["slug"])

    def get_title(self) -> str:
        """Which one."""
        return f"Change the role {self.get_role().name}"

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        role = self.get_role()
        return {
            "title": role.name,
            "description": role.description,
            "second_factor": role.second_factor,
            "rights": role.permissions,
        }
