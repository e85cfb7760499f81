"""Addresses of payments, below /payments/."""

from __future__ import annotations

from django.urls import include, path

from payments import dashboard, deeds, detail, pick, views
from payments.beneficiaries import views as beneficiaries
from payments.desk import papers
from payments.reconciliation import views as reconciliation

ACCOUNT = "<slug:platform>/<int:login>/"

urlpatterns = [
    path("", views.PaymentListView.as_view(), name="payment_list"),
    path("new/", pick.NewPaymentView.as_view(), name="payment_new"),
    path("reconciliation/", reconciliation.ReconciliationView.as_view(), name="reconciliation"),
    path("reconciliation/run/", reconciliation.RunView.as_view(), name="reconciliation_run"),
    path(
        "reconciliation/<int:pk>/",
        reconciliation.DifferenceView.as_view(),
        name="difference_detail",
    ),
    path(
        "reconciliation/<int:pk>/explain/",
        reconciliation.ExplainView.as_view(),
        name="difference_explain",
    ),
    path("withdrawals/", include("payments.desk.urls")),
    path("batches/", include("payments.payouts.urls")),
    path("files/", include("payments.bulk.urls")),
    path("net-deposits.json", dashboard.NetDepositsView.as_view(), name="payments_net_deposits"),
    path(f"account/{ACCOUNT}", views.AccountPaymentsView.as_view(), name="account_payments"),
    path(
        f"account/{ACCOUNT}beneficiaries/",
        beneficiaries.BeneficiaryListView.as_view(),
        name="account_beneficiaries",
    ),
    path(
        f"{ACCOUNT}beneficiaries/add/",
        beneficiaries.BeneficiaryAddView.as_view(),
        name="beneficiary_add",
    ),
    path(
        f"{ACCOUNT}beneficiaries/<int:pk>/change/",
        beneficiaries.BeneficiaryChangeView.as_view(),
        name="beneficiary_change",
    ),
    path(
        f"{ACCOUNT}beneficiaries/<int:pk>/end/",
        beneficiaries.BeneficiaryEndView.as_view(),
        name="beneficiary_end",
    ),
    path(f"{ACCOUNT}stop/", deeds.StopView.as_view(), name="payment_stop"),
    path(f"{ACCOUNT}deposit/", views.DepositView.as_view(), name="payment_deposit"),
    path(f"{ACCOUNT}withdraw/", views.WithdrawView.as_view(), name="payment_withdraw"),
    path(f"{ACCOUNT}credit-in/", views.CreditInView.as_view(), name="payment_credit_in"),
    path(f"{ACCOUNT}credit-out/", views.CreditOutView.as_view(), name="payment_credit_out"),
    path(f"{ACCOUNT}transfer/", deeds.TransferView.as_view(), name="payment_transfer"),
    path(f"{ACCOUNT}correction/", deeds.CorrectionView.as_view(), name="payment_correction"),
    path(f"{ACCOUNT}chargeback/", deeds.ChargebackView.as_view(), name="payment_chargeback"),
    path(
        f"{ACCOUNT}negative-reset/",
        deeds.NegativeResetView.as_view(),
        name="payment_negative_reset",
    ),
    path(
        "<reference:reference>/files/<int:pk>/",
        papers.AttachmentView.as_view(),
        name="payment_file",
    ),
    path("<reference:reference>/", detail.PaymentView.as_view(), name="payment_detail"),
]
