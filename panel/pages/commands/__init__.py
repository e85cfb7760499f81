"""The administrators' commands: staff, roles, policies, platforms."""

from panel.pages.commands import platforms, policies, restorations, roles, staff

__all__ = ["platforms", "policies", "restorations", "roles", "staff"]
