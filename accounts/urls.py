"""Addresses below /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.views import deeds, lists, overview

ONE = "<slug:platform>/<int:login>/"

urlpatterns = [
    path("", lists.AccountListView.as_view(), name="account_list"),
    path("<slug:platform>/open/", deeds.OpenAccountView.as_view(), name="account_create"),
    path(ONE, overview.AccountOverviewView.as_view(), name="account"),
    path(f"{ONE}changes/", lists.AccountChangesView.as_view(), name="account_changes"),
    path(f"{ONE}profile/", deeds.ChangeProfileView.as_view(), name="account_change_profile"),
    path(f"{ONE}leverage/", deeds.ChangeLeverageView.as_view(), name="account_change_leverage"),
    path(f"{ONE}group/", deeds.ChangeGroupView.as_view(), name="account_change_group"),
    path(f"{ONE}access/", deeds.ChangeAccessView.as_view(), name="account_change_access"),
    path(f"{ONE}password/", deeds.ResetPasswordView.as_view(), name="account_password"),
]
