"""Finding one constraint with its citation, and the shipped files."""

from __future__ import annotations

from rtcheck.catalogue.locate import constraints_folder, shipped_file, shipped_names, shipped_source_names
from rtcheck.catalogue.lookup import (
    constraint_records,
    find_constraint,
    shipped_constraint,
    shipped_holders,
    shipped_ids,
)
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


def test_every_shipped_id_is_found():
    """Each id of every shipped file leads to its constraint, in the file of its source."""
    ids = shipped_ids()
    assert len(ids) == len(set(ids)) > 400
    for constraint_id in ids[::10]:
        record = shipped_constraint(constraint_id)
        assert record.constraint.id == constraint_id
        assert record.constraint.file == f"{record.source.key.lower()}.toml"


def test_a_point_of_a_table_leads_to_the_table():
    """The id of one row of the conformity table finds the constraint that holds it."""
    record = shipped_constraint("RTOG-0813-0915.1-5fx.PTV.R50.v13.2")
    assert record.constraint.id == "RTOG-0813-0915.1-5fx.PTV.R50"
    assert (13.2, 4.7) in record.constraint.goal_table.goal


def test_holders_are_the_sets_that_have_it():
    """A constraint is in the files where it stands and in those that include them."""
    base = shipped_holders("SITE-DEFAULT.1-15fx.PTV.V100.cov")
    assert {"coverage-base", "coverage", "nct06946849", "set-3fx", "set-5fx", "set-8-10fx", "set-15fx"} <= set(base)
    assert shipped_holders("RTOG-1112.5fx.Stomach.D0.5cc") == ("set-5fx",)
    assert shipped_holders("RTOG-1112.5fx.Heart.D30cc") == ()


def test_shipped_names_are_protocols_and_sets_only():
    """Names, citations and the files of the sources are no protocols."""
    names = shipped_names()
    assert {"nct06946849", "coverage", "sbrt-5fx", "set-3fx", "set-5fx", "set-8-10fx", "set-15fx"} <= set(names)
    assert list(names) == sorted(names)
    assert not {"names", "sources"} & set(names)
    assert not set(shipped_names()) & set(shipped_source_names())
    assert shipped_file("sbrt-5fx.toml") == shipped_file("sbrt-5fx") == constraints_folder() / "sbrt-5fx.toml"
    assert shipped_file("tg101-2010") == constraints_folder() / "sources" / "tg101-2010.toml"
    for name in ("../pyproject", "sources/tg101-2010", "", "README"):
        assert shipped_file(name) is None
