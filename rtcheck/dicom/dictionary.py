"""The data dictionary (PS3.6) as pydicom has it, without importing pydicom: that takes as long as reading an export.

Where its table is not where it is expected, and for what is not in the table, pydicom itself is asked.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import cast

__all__ = ["keyword_of_tag", "representation_of_tag", "sequence_tags", "tag_of_keyword"]

_Table = dict[int, tuple[str, str, str, str, str]]
"""Value representation, multiplicity, name, whether retired, and keyword, by tag."""


@cache
def _table() -> _Table:
    if "pydicom" not in sys.modules:
        try:
            return _alone()
        except Exception:  # noqa: BLE001, S110 - whatever is different about this pydicom, it knows its own table
            pass
    from pydicom._dicom_dict import DicomDictionary

    return DicomDictionary


def _alone() -> _Table:
    """Load the module with the table and nothing else of the package; `find_spec` does not import it."""
    package = importlib.util.find_spec("pydicom")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).with_name("_dicom_dict.py")
    spec = importlib.util.spec_from_file_location("rtcheck.dicom._pydicom_dict", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("_Table", module.DicomDictionary)


@cache
def _tags() -> dict[str, int]:
    return {entry[4]: tag for tag, entry in _table().items()}


def representation_of_tag(tag: int) -> str | None:
    """Value representation; None for a tag that is not in the dictionary."""
    entry = _table().get(tag)
    return entry[0] if entry is not None else None


def keyword_of_tag(tag: int) -> str:
    """Return the keyword, empty where the dictionary has none; also of group lengths and repeating groups."""
    entry = _table().get(tag)
    if entry is not None:
        return entry[4]
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag)


def tag_of_keyword(keyword: str) -> int | None:
    """Return the tag; None where the dictionary does not have the keyword."""
    return _tags().get(keyword)


def sequence_tags() -> frozenset[int]:
    """Tags of all sequences."""
    return frozenset(tag for tag, entry in _table().items() if entry[0] == "SQ")
