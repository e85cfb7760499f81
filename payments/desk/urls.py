"""Addresses of the withdrawal desk, below /payments/withdrawals/."""

from __future__ import annotations

from django.urls import path

from payments.desk import lists, review, send_back

ONE = "<reference:reference>/"

urlpatterns = [
    path("", lists.WithdrawalListView.as_view(), name="withdrawal_list"),
    path(ONE, review.ReviewView.as_view(), name="withdrawal"),
    path(f"{ONE}return/", send_back.ReturnView.as_view(), name="withdrawal_return"),
    path("<slug:stage>/", lists.WithdrawalListView.as_view(), name="withdrawal_stage"),
]
