"""Addresses of trading."""

from __future__ import annotations

from django.urls import path

from trading import views

ACCOUNT = "trading/account/<slug:platform>/<int:login>/"

urlpatterns = [
    path("positions/", views.PositionListView.as_view(), name="position_list"),
    path("orders/", views.OrderListView.as_view(), name="order_list"),
    path(f"{ACCOUNT}positions/", views.AccountPositionsView.as_view(), name="account_positions"),
    path(f"{ACCOUNT}history/", views.AccountHistoryView.as_view(), name="account_history"),
]
