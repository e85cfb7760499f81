"""`manage.py` in the surroundings of `make run`: its data folder, key, database and broker."""

from __future__ import annotations

import os
import sys

from scripts.services import ROOT
from scripts.variables import Unusable, surroundings


def main() -> None:
    """Become `manage.py` with the same arguments."""
    try:
        here = surroundings(os.environ)
    except Unusable as error:
        sys.exit(str(error))
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "manage.py", *sys.argv[1:]], here.env)  # noqa: S606


if __name__ == "__main__":
    main()
