"""A site's pinned copy: equal to what it was made of, self-contained, sealed, and honest about what was confirmed."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.catalogue.approve import approved_copy, doubts
from rtcheck.catalogue.locate import constraints_folder, shipped_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.toml_text import toml_comment, toml_document
from rtcheck.errors import FileFaultsError
from tests.catalogue.test_protocol import PROTOCOL, SET, TABLE, write

DAY = date(2026, 3, 2)
EXAMPLE = """
[[example]]
name = "a liver"
fractions = 5
facts = { fev1_l = 1.1 }
values = { "V20Gy.LF-C" = [5, 4, 6] }
expect = { "V20Gy.LF-C" = "NOT_EVALUATED" }
"""


def content(protocol):
    """What a protocol says, without where it was read and who approved it."""
    return replace(
        protocol,
        constraints=tuple(replace(one, file="", key_path="") for one in protocol.constraints),
        examples=tuple(replace(one, file="", key_path="") for one in protocol.examples),
        files=(), sha256="", status="draft", approved_by="", approved_on="", pinned=None,
    )  # fmt: skip


def pin(tmp_path, name, file="pinned.toml"):
    copy = approved_copy(name, 'Dr. "A" \\ 王', DAY, software="0")
    return copy, write(tmp_path, file, copy.text)


@pytest.mark.parametrize("name", shipped_names())
def test_a_copy_of_a_shipped_file_reads_back_equal(tmp_path, name):
    """Limits, tiers, rules, settings, citations and names are the same; approval is what was given."""
    copy, path = pin(tmp_path, name)
    read = read_protocol(path)
    assert content(read) == content(copy.protocol)
    assert (read.status, read.approved_by, read.approved_on) == ("approved", 'Dr. "A" \\ 王', "2026-03-02")
    assert len(read.files) == 1


def test_a_copy_of_everything_a_file_can_hold(tmp_path):
    """Included sets, tables, goal tables, conditions, own sources and examples arrive too."""
    write(tmp_path, "set.toml", SET.format(id="S") + '[sources.OWN]\ncitation = "A, B"\nyear = "2020"\n')
    text = PROTOCOL.replace('status = "draft"', 'status = "draft"\ninclude = ["set.toml"]') + TABLE + EXAMPLE
    text = text.replace('source = "R', 'source = "OWN" #')
    copy, path = pin(tmp_path, write(tmp_path, "site.toml", text), "copy.toml")
    (tmp_path / "set.toml").unlink()
    assert content(read_protocol(path)) == content(copy.protocol)
    assert read_protocol(path).examples
    assert read_protocol(path).sources["OWN"].citation == "A, B (2020)"


def test_an_empty_table_is_kept(tmp_path):
    """[lesions] without keys means its defaults, in the copy as in the file."""
    text = PROTOCOL.replace("max_total = 5\nmax_per_organ = 3\nregional_nodes_count_as_one = true\n", "")
    text = text.replace("min_measurable = 1\n", "")
    copy, path = pin(tmp_path, write(tmp_path, "site.toml", text))
    assert copy.protocol.lesions is not None
    assert content(read_protocol(path)) == content(copy.protocol)


def test_the_copy_names_what_it_was_made_of(tmp_path):
    """The digests of all files, of the whole and of the table of names stand in it."""
    copy, path = pin(tmp_path, "nct06946849")
    pinned = read_protocol(path).pinned
    assert (pinned.of, pinned.sha256) == ("nct06946849", copy.protocol.sha256)
    assert pinned.files == copy.protocol.files
    for file in pinned.files:
        held = (constraints_folder() / file.name).read_bytes()
        assert file.sha256 == hashlib.sha256(held).hexdigest()
    assert pinned.names_sha256 == copy.protocol.names.sha256


def test_a_copy_of_a_copy_is_equal_as_well(tmp_path):
    """Approving again, as after a year, changes the approval alone."""
    first, path = pin(tmp_path, "nct06946849")
    again, second = pin(tmp_path, path, "second.toml")
    assert content(read_protocol(second)) == content(first.protocol) == content(again.protocol)


@pytest.mark.parametrize(("old", "new"), [
    ('goal = "<= ', 'goal = "<  '), ('priority = "mandatory"', 'priority = "optimal"'),
    ("approved_on = 2026-03-02", "approved_on = 2026-03-03"), ("fractions = [5, 5]", "fractions = [5, 6]"),
    ('confidence = "secondary-source"', 'confidence = "primary-text"'),
])
def test_an_edited_copy_is_refused(tmp_path, old, new):
    """One changed character of what it says makes it a faulty file."""
    _, path = pin(tmp_path, "nct06946849")
    text = path.read_text(encoding="utf-8")
    assert old in text
    changed = write(tmp_path, "changed.toml", text.replace(old, new, 1))
    with pytest.raises(FileFaultsError) as caught:
        read_protocol(changed)
    assert [fault.key_path for fault in caught.value.faults] == ["pinned.content_sha256"]


def test_comments_and_layout_do_not_count(tmp_path):
    """A note of the site beside a limit does not break the seal."""
    _, path = pin(tmp_path, "nct06946849")
    text = path.read_text(encoding="utf-8").replace("[[constraint]]", "# seen\n\n[[constraint]]")
    assert read_protocol(write(tmp_path, "noted.toml", text)).status == "approved"


def test_a_later_edition_of_the_citations_does_not_break_a_copy(tmp_path):
    """A copy cites by itself: other words for the same key, shipped or beside it, are not looked at."""
    _, path = pin(tmp_path, "nct06946849")
    before = read_protocol(path)
    write(tmp_path, "sources.toml", 'schema = "rtcheck.sources/1"\n[sources.SITE-DEFAULT]\ncitation = "other words"\n')
    assert read_protocol(path) == before


def test_faults_are_never_approved(tmp_path):
    """A protocol with a fault has no copy."""
    with pytest.raises(FileFaultsError):
        approved_copy(write(tmp_path, "p.toml", PROTOCOL.replace("<= 6.5 %", "<= 6.5")), "A", DAY, software="0")


@pytest.mark.parametrize(("confidence", "note", "reason"), [
    ("primary-text", "", None), ("secondary-source", "", "secondary-source"), ("memory", "", "memory"),
    ("site-default", "", "site-default"), ("", "", "unstated"), ("primary-text", "The text is inconsistent", "note"),
    ("secondary-source", "recalled; confirm.", "note"), ("memory", "confirm", "memory"),
])
def test_what_has_to_be_confirmed(tmp_path, confidence, note, reason):
    """Limits not read in a source, or whose note asks for a second look, are doubts with their reason."""
    text = PROTOCOL.replace('confidence = "site-default"\n', f'confidence = "{confidence}"\n' if confidence else "")
    text = text.replace('note = ""', f'note = "{note}"')
    path = write(tmp_path, "p.toml", text)
    found = doubts(read_protocol(path))
    assert [doubt.reason for doubt in found] == ([reason] if reason else [])
    copy = approved_copy(path, "A", DAY, software="0")
    assert len(copy.confirmed) == (reason not in (None, "secondary-source"))


SCALARS = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False),
                    st.text(max_size=12).filter(lambda text: text.isprintable() or "\n" in text or "\x7f" in text),
                    st.dates())
KEYS = st.text(min_size=1, max_size=8).filter(lambda key: not any("\ud800" <= letter <= "\udfff" for letter in key))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
                      max_leaves=8)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6), st.text(max_size=20))
def test_written_toml_reads_back_equal(data, comment):
    """Whatever TOML can hold comes back as it was, under whatever comment."""
    comment = comment.encode("utf-8", "ignore").decode("utf-8")
    assert tomllib.loads(toml_comment(comment) + toml_document(data)) == data


def test_what_toml_has_no_form_for_is_an_error():
    """None is not written as a text."""
    with pytest.raises(TypeError):
        toml_document({"a": None})


def test_the_shipped_draft_asks_for_confirmation():
    """Every limit of the draft that is proposed, recalled or doubtful is listed; none is listed twice."""
    protocol = read_protocol("nct06946849")
    listed = [doubt.constraint.id for doubt in doubts(protocol)]
    assert len(listed) == len(set(listed))
    assert {one.id for one in protocol.constraints if one.confidence != "primary-text"} <= set(listed)
    assert Path(constraints_folder() / "nct06946849.toml").is_file()
