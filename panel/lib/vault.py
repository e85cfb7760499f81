"""Sealing of secrets that must be read again: client secrets, one-time passwords."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@cache
def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"panel field key").derive(
        secret.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


def seal_text(clear: str) -> str:
    """Encrypt and authenticate a text with the site's field key."""
    return _fernet(settings.FIELD_KEY or settings.SECRET_KEY).encrypt(clear.encode()).decode()


def open_text(sealed: str) -> str:
    """The clear text; raises `cryptography.fernet.InvalidToken` if the key is another one."""
    return _fernet(settings.FIELD_KEY or settings.SECRET_KEY).decrypt(sealed.encode()).decode()
