"""Checks that stop the start: a page or a command without a right, a policy about nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from panel.access.permissions import known

# Views of libraries that have their own door: sign-in, second factors, one's own sessions.
OPEN_MODULES = ("allauth.", "django.views.generic.base")


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every (address, view) below a resolver."""
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from views(entry, address)
        elif isinstance(entry, URLPattern):
            yield address, entry.callback


@register()
def every_view_names_its_right(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """A view without a known right, and not open on purpose, stops the start."""
    problems: list[CheckMessage] = []
    for address, callback in views(get_resolver()):
        if callback.__module__.startswith(OPEN_MODULES):
            continue
        rest_view = getattr(callback, "cls", None)
        # The REST framework signs people in itself, so its views only look as if they were open.
        if rest_view is None and getattr(callback, "login_required", True) is False:
            continue
        view_class = rest_view or getattr(callback, "view_class", None)
        permission = getattr(view_class, "permission", None)
        if permission is None or not known(permission):
            problems.append(
                Error(
                    f"The view at /{address} names no known right ({permission!r}).",
                    hint="Set `permission` on it, a code of panel.access.permissions.",
                    id="panel.E001",
                )
            )
    return problems


@register()
def every_command_is_complete(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """A command without label, rights or risk stops the start."""
    from panel.commands.registry import COMMANDS

    problems: list[CheckMessage] = []
    for name, command in COMMANDS.items():
        problems += [
            Error(f"{name}: {right!r} is no right.", id="panel.E002")
            for right in (command.permission, command.approve_permission)
            if not known(right)
        ]
        if not command.label or not command.prefix:
            problems.append(Error(f"{name}: label and prefix are needed.", id="panel.E003"))
    return problems
