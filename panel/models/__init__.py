"""The panel's own rows: staff, platforms, change requests, policies and the audit log."""

from panel.models.approval import Approval, RequestAuthor
from panel.models.audit import AuditEntry, AuditHead
from panel.models.change import ChangeRequest, RequestGroup, Secret, Status
from panel.models.claim import Claim
from panel.models.hold import Hold
from panel.models.notice import Happening, Notice
from panel.models.platform import Platform, PlatformState
from panel.models.policy import Policy, Separation
from panel.models.reason import Purpose, Reason
from panel.models.restoration import Restoration
from panel.models.staff import Role, Scope, User
from panel.models.target import AgeTarget

__all__ = [
    "AgeTarget",
    "Approval",
    "AuditEntry",
    "AuditHead",
    "ChangeRequest",
    "Claim",
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
    "Separation",
    "Status",
    "User",
]
