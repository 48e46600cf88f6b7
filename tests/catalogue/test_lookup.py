"""Finding one constraint with its citation, and the shipped files."""

from __future__ import annotations

from rtcheck.catalogue.locate import constraints_folder, shipped_file, shipped_names
from rtcheck.catalogue.lookup import constraint_records, find_constraint, shipped_constraint
from rtcheck.catalogue.protocol import read_protocol


def test_a_shipped_constraint_is_found_by_its_id():
    """An id of any shipped file gives the whole record and its citation."""
    record = shipped_constraint("UK-SABR-2022.5fx.LiverGTV.Mean")
    assert record.constraint.goal.value == 13
    assert record.constraint.variation.value == 15.2
    assert record.source.citation.startswith("Diez P et al.")
    assert record.source.reference == "PMID 35272913"


def test_an_unknown_id_is_none():
    """An id that no file has is no error here."""
    assert shipped_constraint("no.such.id") is None
    assert find_constraint(read_protocol("coverage"), "no.such.id") is None


def test_records_in_the_order_of_the_protocol():
    """Every constraint has its source beside it."""
    protocol = read_protocol("coverage")
    records = constraint_records(protocol)
    assert [record.constraint for record in records] == list(protocol.constraints)
    assert all(record.source.key == record.constraint.source for record in records)


def test_shipped_names_are_protocols_and_sets_only():
    """Names and citations are no protocols."""
    assert shipped_names() == ("coverage", "liver-15fx", "liver-function", "lung-function", "nct06946849", "nct06946849-eligibility",
                               "sbrt-5fx")
    assert shipped_file("sbrt-5fx.toml") == shipped_file("sbrt-5fx") == constraints_folder() / "sbrt-5fx.toml"
    assert shipped_file("../pyproject") is None
