"""Addresses of bulk files, below /payments/files/."""

from __future__ import annotations

from django.urls import path, re_path

from payments.bulk import decide_views, deeds, downloads, views

urlpatterns = [
    path("", views.FileListView.as_view(), name="bulk_list"),
    path("new/", views.UploadView.as_view(), name="bulk_upload"),
    re_path(
        r"^template\.(?P<form>csv|xlsx)$", downloads.TemplateView.as_view(), name="bulk_template"
    ),
    path("<int:pk>/", views.FileView.as_view(), name="bulk_file"),
    path("<int:pk>/lines/", views.LinesView.as_view(), name="bulk_lines"),
    path("<int:pk>/warnings/", decide_views.WarningsView.as_view(), name="bulk_warnings"),
    path("<int:pk>/reading/", decide_views.ReadingView.as_view(), name="bulk_reading"),
    path("<int:pk>/decide/", decide_views.DecideView.as_view(), name="bulk_decide"),
    path("<int:pk>/progress/", views.ProgressView.as_view(), name="bulk_progress"),
    path("<int:pk>/errors.csv", downloads.ErrorsView.as_view(), name="bulk_errors"),
    path("<int:pk>/result.csv", downloads.ResultView.as_view(), name="bulk_result"),
    path("<int:pk>/source", downloads.SourceView.as_view(), name="bulk_source"),
    path("<int:pk>/check/", deeds.CheckAgainView.as_view(), name="bulk_check"),
    path("<int:pk>/submit/", deeds.AskView.as_view(), name="bulk_submit"),
    path("<int:pk>/stop/", deeds.StopView.as_view(), name="bulk_stop"),
    path("<int:pk>/again/", deeds.AgainView.as_view(), name="bulk_again"),
]
