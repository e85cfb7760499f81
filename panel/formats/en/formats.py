"""Days as the controls of browsers send them, or with the month in letters.

Never with slashes or points: 11/12/2026 is a day of November for some, of December for others.
"""

from __future__ import annotations

DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d %b %Y", "%d %B %Y"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
