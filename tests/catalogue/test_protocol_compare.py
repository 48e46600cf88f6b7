"""What changed between two protocols, in words and with its direction."""

from __future__ import annotations

import pytest

from rtcheck.catalogue.compare import compare_protocols
from rtcheck.catalogue.locate import shipped_names
from rtcheck.catalogue.protocol import read_protocol
from tests.catalogue.test_protocol import PROTOCOL, SET, TABLE, write

BASE = PROTOCOL + TABLE


def changes(tmp_path, old, new):
    one, two = (read_protocol(write(tmp_path, name, text)) for name, text in (("a.toml", old), ("b.toml", new)))
    return compare_protocols(one, two)


@pytest.mark.parametrize("name", shipped_names())
def test_a_protocol_equals_itself(name):
    """Nothing changed, nothing to note."""
    found = compare_protocols(read_protocol(name), read_protocol(name))
    assert found.changes == ()
    assert found.notes == ()


@pytest.mark.parametrize(("old", "new", "words", "effect"), [
    ("<= 6.5 %", "<= 7 %", "goal <= 6.5 % became <= 7 % (looser)", "looser"),
    ("<= 6.5 %", "<= 6 %", "goal <= 6.5 % became <= 6 % (stricter)", "stricter"),
    ("<= 6.5 %", "< 6.5 %", "goal <= 6.5 % became < 6.5 % (stricter)", "stricter"),
    ("<= 10 %", "<= 12 %", "last acceptable value <= 10 % became <= 12 % (looser)", "looser"),
    ('variation = "<= 10 %"\n', "", "last acceptable value <= 10 % was removed (stricter)", "stricter"),
    ('priority = "mandatory"', 'priority = "optimal"', "priority mandatory became optimal (looser)", "looser"),
    ("fractions = [3, 8]", "fractions = [3, 5]", "fractions 3 to 8 became 3 to 5 (looser)", "looser"),
    ("fractions = [3, 8]\n", "", "fractions 3 to 8 became any (stricter)", "stricter"),
    ('metric = "V20Gy[%]"', 'metric = "V30Gy[%]"', "metric V20Gy[%] became V30Gy[%]", ""),
    ('structure = "Lungs - @gtv"', 'structure = "Lungs"', "structure Lungs - @gtv became Lungs", ""),
    ('when = { lung_function = "LF-C" }\n', "", "when lung_function is LF-C became always (stricter)", "stricter"),
    ('confidence = "site-default"', 'confidence = "memory"', "confidence site-default became memory", ""),
    ("alpha_beta = 3.0", "alpha_beta = 2.0", "alpha_beta 3 became 2", ""),
    ('note = ""', 'note = "x"', 'note "" became x', ""),
])
def test_a_changed_limit_is_told_in_words(tmp_path, old, new, words, effect):
    """Each key of a limit that changed is one change, looser or stricter where the number tells."""
    found = changes(tmp_path, BASE, BASE.replace(old, new)).changes
    (change,) = found
    assert (change.kind, change.what, change.id, change.effect) == ("changed", "limit", "V20Gy.LF-C", effect)
    assert change.text == f"Lungs - @gtv V20Gy[%] [V20Gy.LF-C]: {words}"


def test_per_cent_for_cubic_centimetres_is_seen(tmp_path):
    """2 cc typed as 2 % is two changes, and neither is called looser or stricter."""
    old = SET.format(id="S").replace("D0.5cc[Gy]", "V20Gy[cc]").replace("<= 30 Gy", "<= 2 cc")
    old = old.replace("[[constraint]]", 'id = "s"\n[[constraint]]', 1)
    found = changes(tmp_path, old, old.replace("V20Gy[cc]", "V20Gy[%]").replace("<= 2 cc", "<= 2 %")).changes
    assert [change.effect for change in found] == ["", ""]
    assert "goal <= 2 cc became <= 2 %" in found[0].text
    assert "metric V20Gy[cc] became V20Gy[%]" in found[1].text


def test_a_spelling_is_no_change(tmp_path):
    """1300 cGy is 13 Gy."""
    old = SET.format(id="S").replace("[[constraint]]", 'id = "s"\n[[constraint]]', 1)
    assert changes(tmp_path, old, old.replace("<= 30 Gy", "<= 3000 cGy")).changes == ()


def test_added_removed_and_renamed_limits(tmp_path):
    """A limit of another id is added and removed, or renamed when nothing else changed."""
    (gone,) = changes(tmp_path, BASE, PROTOCOL).changes[:1]
    assert (gone.kind, gone.id) == ("removed", "R50")
    assert "was removed" in gone.text
    came = changes(tmp_path, PROTOCOL, BASE).changes
    assert [(one.kind, one.what) for one in came] == [("added", "limit"), ("added", "citation")]
    assert "5.9 at 1.8" in came[0].text
    (renamed,) = changes(tmp_path, BASE, BASE.replace('id = "R50"', 'id = "R50.new"')).changes
    assert (renamed.kind, renamed.id) == ("renamed", "R50")


@pytest.mark.parametrize(("old", "new", "what", "words"), [
    ("rank = 3", "rank = 4", "tier", "rank 3"), ("up_to = 1.2", "up_to = 1.3", "tier", "up to 1.3"),
    ("above = 1.0 } }\nwhen", "above = 1.1 } }\nwhen", "rule", "above 1.1"),
    ('bears_on = "plan"', 'bears_on = "record"', "rule", "bears on the record"),
    ("max_total = 5", "max_total = 6", "setting", "lesions.max_total: 5 became 6"),
    ('undecided = "review"', 'undecided = "accept"', "setting", "conventions.undecided: review became accept"),
    ('consolidative_arms = ["2L+RT"]', 'consolidative_arms = ["A"]', "setting", "2L+RT became A"),
    ("[1.8, 5.9]", "[1.8, 6.0]", "limit", "6 at 1.8"),
])
def test_tiers_rules_settings_and_tables(tmp_path, old, new, what, words):
    """Whatever else decides an outcome is compared too."""
    assert old in BASE
    (change,) = changes(tmp_path, BASE, BASE.replace(old, new)).changes
    assert (change.kind, change.what) == ("changed", what)
    assert words in change.text


def test_identity_is_told_and_is_no_difference(tmp_path):
    """Version and title differ between editions that judge alike."""
    found = changes(tmp_path, BASE, BASE.replace("0.1.0", "0.2.0").replace("A site's protocol", "Another"))
    assert found.changes == ()
    assert found.notes == ("title: A site's protocol became Another", "version: 0.1.0 became 0.2.0")
