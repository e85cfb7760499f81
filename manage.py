#!/usr/bin/env python
"""Django's command line for the panel."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a management command with the panel's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
