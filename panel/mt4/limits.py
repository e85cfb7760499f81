"""What fits into MT4's fields, and what it accepts as a password.

Sizes are those of MetaQuotes' ``MT4ManagerAPI.h`` (build 1403) less the closing NUL. Texts are
8-bit there, so a character outside the code page would arrive as a question mark. Each check
returns sentences for a form, empty when all is well.
"""

from __future__ import annotations

FIELD_LIMITS = {
    "group": 15,
    "name": 127,
    "external_id": 31,
    "status": 15,
    "country": 31,
    "city": 31,
    "state": 31,
    "zip_code": 15,
    "address": 95,
    "lead_source": 31,
    "phone": 31,
    "email": 47,
    "comment": 63,
}
"""Usable characters of an account's texts, by field name."""

TRADE_COMMENT = 31
SYMBOL = 11
CURRENCY = 11
GROUP_COMPANY = 127
MANAGER_GROUPS = 1023
MAIL_SUBJECT = 127
NEWS_TOPIC = 255

CODE_PAGE = "cp1252"

PASSWORD_MIN = 5
PASSWORD_MAX = 15

INT32_MAX = 2**31 - 1


def check_text(value: str, limit: int) -> list[str]:
    """Problems of a text for a field of ``limit`` usable characters."""
    problems = []
    if len(value) > limit:
        problems.append(f"Use at most {limit} characters ({len(value)} now).")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        problems.append("Line breaks and control characters are not allowed.")
    foreign = sorted({character for character in value if not _fits_code_page(character)})
    if foreign:
        problems.append(f"MT4 cannot store {' '.join(foreign[:5])}: use Latin letters.")
    return problems


def check_field(field: str, value: str) -> list[str]:
    """Problems of an account's text field, by its name in ``User``."""
    return check_text(value, FIELD_LIMITS[field])


def check_trade_comment(value: str) -> list[str]:
    """Problems of a comment of a trade or money operation: printable ASCII, 31 characters."""
    problems = []
    if len(value) > TRADE_COMMENT:
        problems.append(f"Use at most {TRADE_COMMENT} characters ({len(value)} now).")
    if not _is_printable_ascii(value):
        problems.append("Use plain ASCII characters only.")
    return problems


def check_password(main: str, investor: str | None = None) -> list[str]:
    """Problems of a main password and, if given, of its investor password.

    Rules: 5 to 15 printable ASCII characters without spaces, a digit, two kinds of characters
    out of lower case, upper case and digits; the two must differ.
    """
    problems = [f"The password {problem}." for problem in _password_problems(main)]
    if investor is not None:
        problems += [f"The investor password {each}." for each in _password_problems(investor)]
        if investor == main:
            problems.append("The investor password must differ from the main one.")
    return problems


def _password_problems(password: str) -> list[str]:
    problems = []
    if len(password) < PASSWORD_MIN:
        problems.append(f"needs at least {PASSWORD_MIN} characters")
    if len(password) > PASSWORD_MAX:
        problems.append(f"can have at most {PASSWORD_MAX} characters")
    if not _is_printable_ascii(password) or " " in password:
        problems.append("may only have plain ASCII characters without spaces")
    if not any(character.isdecimal() for character in password):
        problems.append("needs a digit")
    kinds = (str.islower, str.isupper, str.isdecimal)
    if sum(any(kind(character) for character in password) for kind in kinds) < 2:
        problems.append("needs two kinds out of lower case, upper case and digits")
    return problems


def _is_printable_ascii(value: str) -> bool:
    return all(32 <= ord(character) < 127 for character in value)


def _fits_code_page(character: str) -> bool:
    try:
        character.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return False
    return True
