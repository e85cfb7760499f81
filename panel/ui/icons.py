"""Icons: single SVG files, inlined, so that they take the colour of the text around them."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe


@cache
def icon_html(name: str) -> SafeString:
    """The SVG of `templates/ui/icons/<name>.svg`; raises `LookupError` for one we do not have."""
    path = settings.BASE_DIR / "templates" / "ui" / "icons" / f"{name}.svg"
    if not name.replace("-", "").isalnum() or not path.is_file():
        raise LookupError(f"There is no icon {name!r}; see templates/ui/icons/.")
    return mark_safe(path.read_text(encoding="utf-8").strip())  # noqa: S308 - our own file
