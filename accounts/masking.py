"""Contact details for those who may not see them: enough to recognise, not enough to use."""

from __future__ import annotations

DOTS = "•••"


def masked_email(email: str) -> str:
    """`a•••@e•••` for `anna@example.com`."""
    name, at, domain = email.partition("@")
    if not at:
        return masked_text(email)
    return f"{name[:1]}{DOTS}@{domain[:1]}{DOTS}"


def masked_phone(phone: str) -> str:
    """`•••42`: the last two characters."""
    return f"{DOTS}{phone[-2:]}" if len(phone) > 4 else masked_text(phone)


def masked_text(text: str) -> str:
    """Dots if there is anything."""
    return DOTS if text else ""
