"""References in addresses: `WD 7Q2K9F31` is `/requests/WD-7Q2K9F31/`."""

from __future__ import annotations


class ReferenceConverter:
    """A request's reference, its blank written as a dash."""

    regex = "[A-Z]{2}-[0-9A-Z]{8}"

    def to_python(self, value: str) -> str:
        """`WD 7Q2K9F31`."""
        return value.replace("-", " ")

    def to_url(self, value: str) -> str:
        """`WD-7Q2K9F31`; takes both spellings."""
        return value.replace(" ", "-")
