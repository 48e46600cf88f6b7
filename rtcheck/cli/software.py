"""Which software made a result: names and versions, without time and host."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from rtcheck.version import __version__

__all__ = ["software"]

_USED = ("numpy", "pydantic", "pydicom", "scipy", "shapely")


def software() -> dict[str, str]:
    """Return package names with their versions, Python included; a package that is not installed is left out."""
    found = {"python": platform.python_version(), "rtcheck": __version__}
    for name in _USED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))
