"""Every address of the site."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("panel.pages.urls")),
    path("accounts/", include("accounts.urls")),
    path("", include("trading.urls")),
    path("payments/", include("payments.urls")),
    path("jobs/", include("payments.jobs.urls")),
    path("limits/", include("payments.limits.urls")),
    # An address is what a person signs in with: administrators change it, not its owner.
    path("sign/email/", RedirectView.as_view(url="/me/"), name="account_email"),
    path("sign/signup/", RedirectView.as_view(url="/"), name="account_signup"),
    path("sign/", include("allauth.urls")),
    path("ui/", include("panel.ui.urls")),
]

handler400 = "panel.pages.errors.bad_request"
handler403 = "panel.pages.errors.forbidden"
handler404 = "panel.pages.errors.not_found"
handler500 = "panel.pages.errors.server_error"
