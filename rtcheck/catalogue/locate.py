"""Finding the files shipped with the program: ``constraints/`` in a wheel, an editable install or a checkout.

Protocols and sets stand in the folder itself, one file for each published source in its folder ``sources``. All are
called by their name alone.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["constraints_folder", "shipped_file", "shipped_names", "shipped_source_names"]

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
    """Return the names of the shipped protocols and sets, without ``.toml``, sorted; not those of the sources."""
    folder = constraints_folder()
    if folder is None:
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*.toml") if path.name not in NOT_PROTOCOLS))


def shipped_source_names() -> tuple[str, ...]:
    """Return the names of the files that each hold all limits of one source, without ``.toml``, sorted."""
    folder = constraints_folder()
    return () if folder is None else tuple(sorted(path.stem for path in (folder / "sources").glob("*.toml")))


def shipped_file(name: str) -> Path | None:
    """Return the shipped file of this name, with or without ``.toml``, or None.

    A protocol or set is found before a source's file; the names are compared with what is there, never joined to a
    path unseen.
    """
    folder = constraints_folder()
    stem = name.removesuffix(".toml")
    for place in () if folder is None else (folder, folder / "sources"):
        if stem in {path.stem for path in place.glob("*.toml")}:
            return place / f"{stem}.toml"
    return None
