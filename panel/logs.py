"""What the log leaves out."""

from __future__ import annotations

import logging


class ToldOnce(logging.Filter):
    """A request that was refused or led nowhere is one line: that of `django_structlog`.

    Django's own would be a second one, for a refusal with a traceback. Failures (500) stay whole.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        status = getattr(record, "status_code", 500)
        return not 400 <= status < 500
