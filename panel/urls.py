"""Every address of the site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("panel.pages.urls")),
    path("accounts/", include("accounts.urls")),
    path("", include("trading.urls")),
    path("payments/", include("payments.urls")),
    path("sign/", include("allauth.urls")),
    path("ui/", include("panel.ui.urls")),
]

handler400 = "panel.pages.errors.bad_request"
handler403 = "panel.pages.errors.forbidden"
handler404 = "panel.pages.errors.not_found"
handler500 = "panel.pages.errors.server_error"
