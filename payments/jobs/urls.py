"""Addresses of scheduled jobs, below /jobs/."""

from __future__ import annotations

from django.urls import path

from payments.jobs import views

urlpatterns = [
    path("", views.JobListView.as_view(), name="job_list"),
    path("<slug:name>/change/", views.JobChangeView.as_view(), name="job_change"),
]
