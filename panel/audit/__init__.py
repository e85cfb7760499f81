"""The audit log: append-only, each entry hashed with the one before it."""

from panel.audit.chain import Broken, head, verify
from panel.audit.record import Happening, record, record_many

__all__ = ["Broken", "Happening", "head", "record", "record_many", "verify"]
