"""Who acts: always named, never assumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panel.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at a browser, an application, or a part of the panel itself."""

    user: User | None
    label: str
    roles: str = ""
    session: str = field(default="", repr=False)
    address: str = ""
    request_id: str = ""

    @classmethod
    def person(
        cls, user: User, *, session: str = "", address: str = "", request_id: str = ""
    ) -> Actor:
        """A member of staff; the session is a digest, never the cookie's own value."""
        return cls(
            user=user,
            label=f"{user.name} <{user.email}>",
            roles=", ".join(sorted(user.role_slugs)),
            session=session,
            address=address,
            request_id=request_id,
        )

    @classmethod
    def system(cls, part: str, *, request_id: str = "") -> Actor:
        """A part of the panel that acts by itself: `worker`, `reconciliation`, `seed`."""
        return cls(user=None, label=f"panel: {part}", request_id=request_id)

    @classmethod
    def nobody(cls, *, address: str = "", request_id: str = "") -> Actor:
        """Somebody who has not signed in."""
        return cls(user=None, label="not signed in", address=address, request_id=request_id)

    def may(self, permission: str) -> bool:
        """Whether this actor has a right. The panel itself has none: it acts on approved rows."""
        return self.user is not None and self.user.may(permission)

    def person_or_fail(self) -> User:
        """The member of staff behind the actor; raises `PermissionError` if there is none."""
        if self.user is None:
            raise PermissionError(f"{self.label} is not a member of staff.")
        return self.user
