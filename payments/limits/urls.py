"""Addresses of limits, below /limits/."""

from __future__ import annotations

from django.urls import path

from payments.limits import views

urlpatterns = [
    path("", views.LimitListView.as_view(), name="limit_list"),
    path("add/", views.LimitAddView.as_view(), name="limit_add"),
    path("<int:pk>/", views.LimitDetailView.as_view(), name="limit_detail"),
    path("<int:pk>/change/", views.LimitChangeView.as_view(), name="limit_change"),
    path("<int:pk>/remove/", views.LimitRemoveView.as_view(), name="limit_remove"),
]
