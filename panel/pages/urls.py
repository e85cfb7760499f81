"""Addresses of the panel's own pages."""

from __future__ import annotations

from django.urls import path, register_converter

from panel.pages import (
    addresses,
    approvals,
    auditlog,
    dashboard,
    health,
    me,
    notices,
    platforms,
    policies,
    reasons,
    requests,
    restorations,
    roles,
    staff,
    unknown,
)

register_converter(addresses.ReferenceConverter, "reference")

urlpatterns = [
    path("", dashboard.DashboardView.as_view(), name="dashboard"),
    path("search/", dashboard.SearchView.as_view(), name="search"),
    path("health/", health.HealthView.as_view(), name="health"),
    path("me/", me.MeView.as_view(), name="me"),
    path("notices/", notices.NoticeListView.as_view(), name="notice_list"),
    path("notices/bell/", notices.BellView.as_view(), name="notice_bell"),
    path("notices/<int:pk>/", notices.NoticeOpenView.as_view(), name="notice_open"),
    # What waits, what was asked, what nobody knows.
    path("approvals/", approvals.ApprovalListView.as_view(), name="approval_list"),
    path("requests/", approvals.RequestListView.as_view(), name="request_list"),
    path("requests/<reference:reference>/", requests.RequestView.as_view(), name="request_detail"),
    path("unknown/", unknown.UnknownListView.as_view(), name="unknown_list"),
    path(
        "unknown/<reference:reference>/", unknown.UnknownDetailView.as_view(), name="unknown_detail"
    ),
    path(
        "unknown/<reference:reference>/look/", unknown.LookAgainView.as_view(), name="unknown_look"
    ),
    path(
        "unknown/<reference:reference>/settle/", unknown.SettleView.as_view(), name="unknown_settle"
    ),
    path("reasons/", reasons.ReasonListView.as_view(), name="reason_list"),
    # The audit log.
    path("audit/", auditlog.AuditListView.as_view(), name="audit_list"),
    path("audit/<int:seq>/", auditlog.AuditEntryView.as_view(), name="audit_entry"),
    path("audit/verify/", auditlog.VerifyView.as_view(), name="audit_verify"),
    path("audit/head.json", auditlog.HeadView.as_view(), name="audit_head"),
    # Administration.
    path("staff/", staff.StaffListView.as_view(), name="staff_list"),
    path("staff/invite/", staff.InviteView.as_view(), name="staff_invite"),
    path("staff/<int:pk>/", staff.StaffDetailView.as_view(), name="staff_detail"),
    path("staff/<int:pk>/change/", staff.ChangeView.as_view(), name="staff_change"),
    path("staff/<int:pk>/invite/", staff.InviteAgainView.as_view(), name="staff_invite_again"),
    path("roles/", roles.RoleListView.as_view(), name="role_list"),
    path("roles/add/", roles.RoleAddView.as_view(), name="role_add"),
    path("roles/<slug:slug>/change/", roles.RoleChangeView.as_view(), name="role_change"),
    path("policies/", policies.PolicyListView.as_view(), name="policy_list"),
    path("policies/add/", policies.PolicyAddView.as_view(), name="policy_add"),
    path("policies/<int:pk>/change/", policies.PolicyChangeView.as_view(), name="policy_change"),
    path("policies/<int:pk>/remove/", policies.PolicyRemoveView.as_view(), name="policy_remove"),
    path("platforms/", platforms.PlatformListView.as_view(), name="platform_list"),
    path("platforms/add/", platforms.PlatformAddView.as_view(), name="platform_add"),
    path("restorations/", restorations.RestorationView.as_view(), name="restoration"),
    path("platforms/<slug:slug>/", platforms.PlatformDetailView.as_view(), name="platform_detail"),
    path(
        "platforms/<slug:slug>/change/",
        platforms.PlatformChangeView.as_view(),
        name="platform_change",
    ),
    path(
        "platforms/<slug:slug>/accept-server/",
        platforms.AcceptServerView.as_view(),
        name="platform_accept_server",
    ),
]
