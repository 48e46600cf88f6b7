"""The data dictionary without the rest of pydicom, and pydicom where the table is not where it is expected."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from rtcheck.dicom import dictionary
from rtcheck.dicom.dictionary import keyword_of_tag, representation_of_tag, sequence_tags, tag_of_keyword

ROOT = Path(__file__).resolve().parents[2]


def run(code):
    """What Python prints, in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()


def test_every_entry_is_as_pydicom_says():
    """Keywords, tags and representations of the whole dictionary, repeating groups, group lengths and unknown tags."""
    for tag, entry in DicomDictionary.items():
        assert representation_of_tag(tag) == entry[0]
        assert keyword_of_tag(tag) == keyword_for_tag(tag)
        assert tag_of_keyword(entry[4]) == tag_for_keyword(entry[4])
    for tag in (0x60023000, 0x30060000, 0x00091001, 0xFFFFFFFF):
        assert keyword_of_tag(tag) == keyword_for_tag(tag)
        assert representation_of_tag(tag) is None
    assert tag_of_keyword("NoSuchThing") is None
    assert {tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ"} == sequence_tags()


def test_an_export_is_read_without_importing_pydicom():
    """The table alone is loaded from pydicom's folder; the case has its structures."""
    assert run(
        "import sys; from pathlib import Path; from rtcheck.dicom.case import read_case; "
        "case = read_case([Path('sample_dicom/icc-0001/export')]); "
        "print(len(case.structure_sets), 'pydicom' in sys.modules)"
    ) == ["1", "False"]


@pytest.mark.parametrize("found", ["None", "importlib.machinery.ModuleSpec('pydicom', None, origin='/nowhere/x.py')"])
def test_where_the_table_is_elsewhere_pydicom_is_imported(found):
    """A pydicom that is laid out otherwise is asked itself."""
    assert run(
        "import importlib.machinery, importlib.util, sys; real = importlib.util.find_spec; "
        f"importlib.util.find_spec = lambda name: {found}; "
        "from rtcheck.dicom.dictionary import tag_of_keyword; "
        "print(tag_of_keyword('DoseUnits'), 'pydicom' in sys.modules)"
    ) == [str(0x30040002), "True"]


def test_the_table_alone_is_the_table():
    """Loaded by itself it is the same."""
    assert dictionary._alone() == DicomDictionary
