"""The audit log: append-only, each entry hashed with the one before it."""

from panel.audit.chain import Broken, head, verify
from panel.audit.record import record

__all__ = ["Broken", "head", "record", "verify"]
