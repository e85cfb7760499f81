"""Second factors: their secrets lie sealed in the database, like every other secret."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from panel.lib import vault

# How everything begins that the vault has sealed; no secret of a second factor does.
SEALED = "gAAAA"


class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Whoever reads the database, or a copy of it, cannot make anybody's codes."""

    def encrypt(self, text: str) -> str:
        """Seal the key of an authenticator app, or the seed of recovery codes."""
        return vault.seal_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again; what was kept before secrets were sealed is still good."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return vault.open_text(encrypted_text)
