"""``python -m rtcheck`` and the ``rtcheck`` command."""

from __future__ import annotations

import sys

from rtcheck.cli.main import run

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
