"""A person's own choices: theme, density, columns, platform, time zone. Nobody else's affair."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from panel.access.permissions import SIGNED_IN
from panel.access.request import PanelRequest
from panel.door.views import PermissionRequired
from panel.models import Platform, User

THEMES = (("auto", "System"), ("light", "Light"), ("dark", "Dark"))
DENSITIES = (("dense", "Dense"), ("compact", "Compact"), ("comfortable", "Roomy"))
CHOICES = {"theme": dict(THEMES), "density": dict(DENSITIES)}
NAME = re.compile(r"[a-z0-9_-]{1,40}")
MOST_COLUMNS = 60


def back(request: PanelRequest) -> HttpResponseRedirect:
    """Where the person came from, if that is on this site."""
    target = request.POST.get("next") or request.headers.get("Referer") or "/"
    safe = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else "/")


def keep(user: User, **changes: Any) -> None:
    """Write choices; the row is locked, so that two tabs do not undo each other."""
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        locked.preferences = {**locked.preferences, **changes}
        locked.save(update_fields=["preferences"])


class PreferencesView(PermissionRequired):
    """Theme and density."""

    permission = SIGNED_IN
    http_method_names = ["post"]

    def post(self, request: PanelRequest) -> HttpResponse:
        """Keep what is known; the rest of the post is left alone."""
        chosen = {
            name: request.POST[name]
            for name, words in CHOICES.items()
            if request.POST.get(name) in words
        }
        if chosen:
            keep(request.actor.person_or_fail(), **chosen)
        return HttpResponse(status=204) if request.htmx else back(request)


class ColumnsView(PermissionRequired):
    """Which columns of a table are shown; an empty choice goes back to the usual ones."""

    permission = SIGNED_IN
    http_method_names = ["post"]

    def post(self, request: PanelRequest) -> HttpResponse:
        """Keep the columns of one table."""
        table = request.POST.get("table", "")
        columns = [name for name in request.POST.getlist("columns") if NAME.fullmatch(name)]
        if NAME.fullmatch(table) and len(columns) <= MOST_COLUMNS:
            user = request.actor.person_or_fail()
            tables = dict(user.preferences.get("tables", {}))
            tables.pop(table, None)
            if columns and "usual" not in request.POST:
                tables[table] = {"columns": columns}
            keep(user, tables=tables)
        return back(request)


class PlatformView(PermissionRequired):
    """The trade server in use: its state for the top bar, and the choice of another."""

    permission = SIGNED_IN

    def get(self, request: PanelRequest) -> HttpResponse:
        """The top bar's part, asked for again and again."""
        return render(request, "ui/platform_poll.html")

    def post(self, request: PanelRequest) -> HttpResponse:
        """Use another platform from now on."""
        user = request.actor.person_or_fail()
        found = Platform.objects.filter(slug=request.POST.get("platform", ""), enabled=True).first()
        if found and user.sees_platform(found.pk):
            request.session["platform"] = found.slug
        return back(request) if "stay" in request.POST else HttpResponseRedirect("/")


class TimeZoneForm(forms.Form):
    """The reader's zone."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Times are shown in this zone; the trade server's own time stands beside them.",
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
    )
