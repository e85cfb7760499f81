"""Addresses of payout batches, below /payments/batches/."""

from __future__ import annotations

from django.urls import path

from payments.beneficiaries.views import PayoutRulesView
from payments.payouts import account_views, adding, answering, views

ONE = "<reference:reference>/"

urlpatterns = [
    path("", views.BatchListView.as_view(), name="payout_batch_list"),
    path("add/", adding.BatchAddView.as_view(), name="payout_batch_add"),
    path(
        "add-failed/",
        adding.BatchAddView.as_view(tab="failed-payouts"),
        name="payout_batch_add_failed",
    ),
    path("accounts/", account_views.AccountListView.as_view(), name="paying_account_list"),
    path("accounts/add/", account_views.AccountAddView.as_view(), name="paying_account_add"),
    path(
        "accounts/<int:pk>/change/",
        account_views.AccountChangeView.as_view(),
        name="paying_account_change",
    ),
    path("rules/", PayoutRulesView.as_view(), name="payout_rules"),
    path(ONE, views.BatchView.as_view(), name="payout_batch"),
    path(f"{ONE}file/", views.FileView.as_view(), name="payout_batch_file"),
    path(f"{ONE}cancel/", views.CancelView.as_view(), name="payout_batch_cancel"),
    path(f"{ONE}answer/", answering.AnswerUploadView.as_view(), name="payout_answer_upload"),
    path(f"{ONE}answers/<int:pk>/", answering.AnswerView.as_view(), name="payout_answer"),
    path(
        f"{ONE}answers/<int:pk>/write/",
        answering.AnswerWriteView.as_view(),
        name="payout_answer_write",
    ),
]
