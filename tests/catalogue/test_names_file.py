"""Reading the table of structure names."""

from __future__ import annotations

import pytest

from rtcheck.catalogue.names import read_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.errors import FileFaultsError
from rtcheck.rules.expression import Margin, Name, Operation, parse_expression
from rtcheck.rules.names import fold_name

NAMES = """\
schema = "rtcheck.names/1"
[[structure]]
name = "Lungs"
composed_of = ["Lung_L", "Lung_R"]
[[structure]]
name = "Lung_L"
aliases = ["Left lung"]
[[structure]]
name = "Lung_R"
"""


def read(tmp_path, text):
    path = tmp_path / "names.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return read_names(path)


def names_in(expression):
    match expression:
        case Name():
            return [expression.text]
        case Operation():
            return names_in(expression.left) + names_in(expression.right)
        case Margin():
            return names_in(expression.operand)
        case _:
            return []


def test_every_structure_of_the_shipped_files_is_a_standard_name():
    """Each structure that a shipped constraint asks for is in the shipped table, spelt as there."""
    table = read_names()
    wanted = {
        name
        for constraint in read_protocol("nct06946849").constraints
        for name in names_in(parse_expression(constraint.structure))
    }
    assert wanted
    for name in sorted(wanted):
        assert table.by_spelling[fold_name(name)].name == name


def test_aliases_and_compositions_arrive(tmp_path):
    """Aliases and parts stand in the table."""
    table = read(tmp_path, NAMES)
    assert table.by_spelling[fold_name("LEFT LUNG")].name == "Lung_L"
    assert table.structures[0].composed_of == ("Lung_L", "Lung_R")


@pytest.mark.parametrize(
    ("old", "new", "key_path"),
    [
        ("names/1", "names/2", "schema"),
        ('name = "Lungs"', 'nam = "Lungs"', "structure[1].nam"),
        ('name = "Lungs"', "", "structure[1].name"),
        ('["Left lung"]', '["Left lung", ""]', "structure[2].aliases[2]"),
        ('["Left lung"]', '"Left lung"', "structure[2].aliases"),
        ('["Lung_L", "Lung_R"]', '["Lung_L"]', "structure[1].composed_of"),
        ('["Lung_L", "Lung_R"]', '["Lung_L", "Lung_X"]', "structure[1]"),
        ('["Left lung"]', '["lung_r"]', "structure[3]"),
        ("[[structure]]", "[[structures]]", "structures"),
    ],
)
def test_each_fault_names_its_place(tmp_path, old, new, key_path):
    """A faulty table of names is refused with the place of the fault."""
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, NAMES.replace(old, new, 1))
    assert key_path in [fault.key_path for fault in caught.value.faults]


def test_missing_file(tmp_path):
    """A missing table is a fault of that file."""
    with pytest.raises(FileFaultsError):
        read_names(tmp_path / "names.toml")
