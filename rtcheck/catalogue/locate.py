"""Finding the files shipped with the program: ``constraints/`` in a wheel, an editable install or a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["constraints_folder", "shipped_file", "shipped_names"]

NOT_PROTOCOLS = frozenset({"names.toml", "sources.toml"})
"""Shipped files that hold other data than constraints."""


def constraints_folder() -> Path | None:
    """Return the folder of the shipped files, or None when the installation lacks it.

    A wheel carries it inside the package; in a checkout, and so in an editable install, it stands beside the package.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "constraints", package.parent / "constraints"):
        if (folder / "sources.toml").is_file():
            return folder
    return None


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped protocols and sets, without ``.toml``, sorted."""
    folder = constraints_folder()
    if folder is None:
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*.toml") if path.name not in NOT_PROTOCOLS))


def shipped_file(name: str) -> Path | None:
    """Return the shipped file of this name, with or without ``.toml``, or None."""
    folder = constraints_folder()
    stem = name.removesuffix(".toml")
    if folder is None or stem not in {path.stem for path in folder.glob("*.toml")}:
        return None
    return folder / f"{stem}.toml"
