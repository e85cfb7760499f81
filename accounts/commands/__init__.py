"""The commands of this app; importing them makes them known."""

from __future__ import annotations

from accounts.commands.access import ChangeAccess
from accounts.commands.create import CreateAccount
from accounts.commands.group import ChangeGroup
from accounts.commands.leverage import ChangeLeverage
from accounts.commands.password import ResetPassword
from accounts.commands.profile import ChangeProfile

__all__ = [
    "ChangeAccess",
    "ChangeGroup",
    "ChangeLeverage",
    "ChangeProfile",
    "CreateAccount",
    "ResetPassword",
]
