"""Contact details, for those who may not see them: whatever carries one is named here once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panel.access.actor import Actor

RIGHT = "accounts.contact"
HIDDEN = "•••"
# Names of fields, and the labels under which pages show them.
CONTACT = frozenset(
    {
        *("email", "e-mail", "phone", "telephone", "address", "zip_code", "zip code"),
        *("postal code", "iban", "account_number", "account number", "wallet", "wallet address"),
        *("token", "card reference", "destination", "pay to"),
    }
)


def is_contact(name: str) -> bool:
    """Whether a field or label of this name holds a contact detail."""
    return name.strip().casefold() in CONTACT


def concealed(value: Any, name: str = "") -> Any:
    """Plain JSON with every contact detail dotted out, however deep it lies."""
    if isinstance(value, dict):
        return {key: concealed(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [concealed(item, name) for item in value]
    return HIDDEN if value and is_contact(name) else value


def left_out(values: dict[str, Any], reader: Actor) -> dict[str, Any]:
    """Values without the contact details, unless the reader may see those."""
    if reader.may(RIGHT):
        return values
    return {name: value for name, value in values.items() if not is_contact(name)}
