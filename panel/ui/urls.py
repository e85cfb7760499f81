"""What a person chooses for themselves: looks, columns, platform."""

from __future__ import annotations

from django.urls import path

from panel.ui.preferences import ColumnsView, PlatformView, PreferencesView

urlpatterns = [
    path("preferences/", PreferencesView.as_view(), name="ui-preferences"),
    path("columns/", ColumnsView.as_view(), name="ui-columns"),
    path("platform/", PlatformView.as_view(), name="ui-platform"),
]
