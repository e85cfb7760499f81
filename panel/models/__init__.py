"""The panel's own rows: staff, platforms, change requests, policies and the audit log."""

from panel.models.approval import Approval, RequestAuthor
from panel.models.audit import AuditEntry, AuditHead
from panel.models.change import ChangeRequest, RequestGroup, Secret, Status
from panel.models.hold import Hold
from panel.models.notice import Happening, Notice
from panel.models.platform import Platform, PlatformState
from panel.models.policy import Policy
from panel.models.reason import Purpose, Reason
from panel.models.restoration import Restoration
from panel.models.staff import Role, Scope, User

__all__ = [
    "Approval",
    "AuditEntry",
    "AuditHead",
    "ChangeRequest",
    "Happening",
    "Hold",
    "Notice",
    "Platform",
    "PlatformState",
    "Policy",
    "Purpose",
    "Reason",
    "RequestAuthor",
    "RequestGroup",
    "Restoration",
    "Role",
    "Scope",
    "Secret",
    "Status",
    "User",
]
