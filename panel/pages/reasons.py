"""The usual reasons for a rejection, so that makers read the same words for the same thing."""

from __future__ import annotations

REJECTION_REASONS = (
    "The amount does not match the client's instruction.",
    "The account details do not match the client.",
    "Documents are missing or have expired.",
    "The source of the funds is not clear.",
    "The client asked for it to be stopped.",
    "Open positions would be put at risk.",
    "It was already done by another request.",
    "The reason given does not explain the change.",
)
OTHER = "Another reason"
