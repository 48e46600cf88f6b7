"""Reading protocol files: the contract's example, inclusion, and every class of fault with its exact key path."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rtcheck.catalogue.locate import constraints_folder
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.dvh.notation import print_metric
from rtcheck.errors import FileFaultsError
from rtcheck.rules.constraint import Condition, LesionRules, Tier, TrialRules

PROTOCOL = """\
schema = "rtcheck.protocol/1"
id = "site"
title = "A site's protocol"
version = "0.1.0"
status = "draft"

[lesions]
max_total = 5
max_per_organ = 3
regional_nodes_count_as_one = true
min_measurable = 1

[conventions]
structure_model = "prism"
undecided = "review"

[trial]
id = "NCT06946849"
consolidative_arms = ["2L+RT"]

[[eligibility]]
id = "inclusion-8.FEV1"
requires = { fev1_l = { above = 1.0 } }
when = { impaired = ["known", "suspected"], lung_at_risk = true }
bears_on = "plan"

[[tier]]
fact = "lung_function"
id = "LF-C"
rank = 3
any = [{ fev1_l = { above = 1.0, up_to = 1.2 } }, { fev1_percent = { below = 40 } }, { home_oxygen = true }]

[[constraint]]
id = "V20Gy.LF-C"
structure = "Lungs - @gtv"
metric = "V20Gy[%]"
goal = "<= 6.5 %"
variation = "<= 10 %"
priority = "mandatory"
fractions = [3, 8]
alpha_beta = 3.0
when = { lung_function = "LF-C" }
source = "SITE-DEFAULT"
where = "derivation in note"
confidence = "site-default"
endpoint = "pneumonitis"
note = ""
"""

TABLE = """
[[constraint]]
id = "R50"
structure = "@lesion.ptv"
metric = "R50"
goal_table = { by = "Volume[cc]", of = "@lesion.ptv", GOAL, VARIATION }
priority = "optimal"
source = "RTOG-0813-0915"
"""
TABLE = TABLE.replace("GOAL", "goal = [[1.8, 5.9], [3.8, 5.5]]").replace(
    "VARIATION", "variation = [[1.8, 7.5], [3.8, 6.5]]"
)

SET = """\
schema = "rtcheck.protocol/1"
[[constraint]]
id = "{id}"
structure = "Stomach"
metric = "D0.5cc[Gy]"
goal = "<= 30 Gy"
priority = "mandatory"
source = "SITE-DEFAULT"
"""


def write(folder, name, text):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def read(tmp_path, text):
    return read_protocol(write(tmp_path, "site.toml", text))


def faults_of(tmp_path, text):
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, text)
    return {fault.key_path: fault for fault in caught.value.faults}


def test_example_of_the_contract(tmp_path):
    """Every part of the contract's example arrives as a value."""
    protocol = read(tmp_path, PROTOCOL)
    assert (protocol.id, protocol.version, protocol.status) == ("site", "0.1.0", "draft")
    assert protocol.lesions == LesionRules(5, 3, True, 1)
    assert protocol.trial == TrialRules("NCT06946849", ("2L+RT",))
    assert (protocol.conventions.structure_model, protocol.conventions.undecided) == ("prism", "review")
    (rule,) = protocol.eligibility
    assert rule.requires == (Condition("fev1_l", above=1.0),)
    assert rule.when == (Condition("impaired", ("known", "suspected")), Condition("lung_at_risk", (True,)))
    assert rule.bears_on == "plan"
    assert protocol.tiers == (
        Tier("lung_function", "LF-C", 3, (
            (Condition("fev1_l", above=1.0, up_to=1.2),), (Condition("fev1_percent", below=40.0),),
            (Condition("home_oxygen", (True,)),))),
    )  # fmt: skip
    (constraint,) = protocol.constraints
    assert print_metric(constraint.metric) == "V20Gy[%]"
    assert (constraint.goal.comparator, constraint.goal.value, constraint.goal.unit) == ("<=", 6.5, "%")
    assert (constraint.variation.value, constraint.fractions, constraint.alpha_beta) == (10.0, (3, 8), 3.0)
    assert constraint.when == (Condition("lung_function", ("LF-C",)),)
    assert (constraint.priority, constraint.confidence, constraint.endpoint) == (
        "mandatory",
        "site-default",
        "pneumonitis",
    )
    assert (constraint.file, constraint.key_path) == ("site.toml", "constraint[1]")
    assert protocol.sources["SITE-DEFAULT"].citation.startswith("Proposal made for this project")


def test_goal_table(tmp_path):
    """A variation above the goal means that less is better."""
    table = read(tmp_path, PROTOCOL + TABLE).constraints[1].goal_table
    assert table.comparator == "<="
    assert table.goal == ((1.8, 5.9), (3.8, 5.5))
    assert table.variation == ((1.8, 7.5), (3.8, 6.5))
    assert (print_metric(table.by), table.of) == ("Volume[cc]", "@lesion.ptv")


def test_goal_table_the_other_way(tmp_path):
    """A variation below the goal means that more is better."""
    text = TABLE.replace("variation = [[1.8, 7.5], [3.8, 6.5]]", "variation = [[1.8, 4], [2, 4], [3.8, 4]]")
    assert read(tmp_path, PROTOCOL + text).constraints[1].goal_table.comparator == ">="


def test_report_only_needs_no_goal(tmp_path):
    """A constraint that is only reported may come without a goal."""
    text = PROTOCOL.replace('goal = "<= 6.5 %"\nvariation = "<= 10 %"\npriority = "mandatory"', 'priority = "report"')
    assert read(tmp_path, text).constraints[0].goal is None


def test_limits_in_cgy(tmp_path):
    """A limit in cGy is converted."""
    text = (
        PROTOCOL.replace('"V20Gy[%]"', '"Mean[Gy]"')
        .replace('"<= 6.5 %"', '"<= 650 cGy"')
        .replace('"<= 10 %"', '"<= 8 Gy"')
    )
    assert read(tmp_path, text).constraints[0].goal.value == 6.5


def test_a_missing_status_is_a_draft(tmp_path):
    """Who does not say that it is approved has a draft."""
    assert read(tmp_path, PROTOCOL.replace('status = "draft"\n', "")).status == "draft"


def test_approved_copy(tmp_path):
    """An approved protocol says by whom and when."""
    text = PROTOCOL.replace(
        'status = "draft"', 'status = "approved"\napproved_by = "A. Physicist"\napproved_on = 2026-03-02'
    )
    protocol = read(tmp_path, text)
    assert (protocol.status, protocol.approved_by, protocol.approved_on) == ("approved", "A. Physicist", "2026-03-02")


GOAL = 'goal = "<= 6.5 %"'
VARIATION = 'variation = "<= 10 %"'
WHEN = 'when = { lung_function = "LF-C" }'
REQUIRES = "requires = { fev1_l = { above = 1.0 } }"
EDITS = [
    # old text, new text, key path, part of found, part of expected, suggestion
    ('schema = "rtcheck.protocol/1"', "", "schema", "no such key", "rtcheck.protocol/1", "rtcheck.protocol/1"),
    ("protocol/1", "protocol/9", "schema", "protocol/9", "only version", "rtcheck.protocol/1"),
    ('id = "site"', "", "id", "no such key", "id", ""),
    ('id = "site"', 'id = ""', "id", "empty text", "id", ""),
    ('version = "0.1.0"', "version = 0.1", "version", "0.1 (a number)", "text", ""),
    ('status = "draft"', 'status = "aproved"', "status", "aproved", "approved", "approved"),
    ('status = "draft"', 'status = "draft"\napproved_on = "2026-03-02"', "approved_on", "(text)", "without quotes", ""),
    ('title = "A', 'titel = "A', "titel", "unknown key", "title", "title"),
    ('title = "A', 'max_total = "A', "max_total", "unknown key", "title", "lesions.max_total"),
    ('title = "A', 'include = []\ntitle = "A', "include", "empty list", "file names", ""),
    ("[lesions]", "[lesion]", "lesion", "unknown key", "lesions", "lesions"),
    ("max_total = 5", "max_total = 5.0", "lesions.max_total", "5.0", "whole", ""),
    ("max_total = 5", "max_total = true", "lesions.max_total", "true", "whole", ""),
    ("max_per_organ", "max_per_organs", "lesions.max_per_organs", "unknown key", "max_per_organ", "max_per_organ"),
    ('"prism"', '"prisma"', "conventions.structure_model", "prisma", "shape", "prism"),
    ('undecided = "review"', 'undecided = "accepted"', "conventions.undecided", "accepted", "review", "accept"),
    ('["2L+RT"]', '"2L+RT"', "trial.consolidative_arms", "2L+RT", "list", ""),
    ('["2L+RT"]', "[]", "trial.consolidative_arms", "empty list", "not empty", ""),
    ('bears_on = "plan"', 'bears_on = "plans"', "eligibility[1].bears_on", "plans", "record", "plan"),
    (REQUIRES, "requires = {}", "eligibility[1].requires", "empty table", "not empty", ""),
    (REQUIRES, "", "eligibility[1].requires", "no such key", "conditions", ""),
    (
        REQUIRES,
        "requires = { fev_l = { above = 1.0 } }",
        "eligibility[1].requires.fev_l",
        "unknown fact",
        "registry",
        "fev1_l",
    ),
    (
        REQUIRES,
        "requires = { fev1_l = { over = 1.0 } }",
        "eligibility[1].requires.fev1_l.over",
        "unknown key",
        "above",
        "above",
    ),
    (REQUIRES, 'requires = { fev1_l = { above = "1" } }', "eligibility[1].requires.fev1_l.above", '"1"', "number", ""),
    (
        REQUIRES,
        "requires = { fev1_l = { above = true } }",
        "eligibility[1].requires.fev1_l.above",
        "true",
        "number",
        "",
    ),
    (
        REQUIRES,
        "requires = { fev1_l = { above = nan } }",
        "eligibility[1].requires.fev1_l.above",
        "not finite",
        "finite",
        "",
    ),
    (
        REQUIRES,
        "requires = { fev1_l = { above = 1, at_least = 2 } }",
        "eligibility[1].requires.fev1_l",
        "both",
        "range",
        "",
    ),
    (
        REQUIRES,
        "requires = { fev1_l = { above = 2, up_to = 1 } }",
        "eligibility[1].requires.fev1_l",
        "holds nothing",
        "smaller",
        "",
    ),
    (
        REQUIRES,
        "requires = { fev1_l = { above = 1, below = 1 } }",
        "eligibility[1].requires.fev1_l",
        "holds nothing",
        "smaller",
        "",
    ),
    (REQUIRES, "requires = { fev1_l = {} }", "eligibility[1].requires.fev1_l", "empty table", "range", ""),
    (REQUIRES, "requires = { fev1_l = [] }", "eligibility[1].requires.fev1_l", "empty list", "value", ""),
    (REQUIRES, "requires = { fev1_l = [1, 1] }", "eligibility[1].requires.fev1_l", "twice", "once", ""),
    (REQUIRES, 'requires = { fev1_l = "much" }', "eligibility[1].requires.fev1_l", '"much"', "number", ""),
    (
        REQUIRES,
        "requires = { child_pugh = { above = 1 } }",
        "eligibility[1].requires.child_pugh",
        "range on a fact",
        "number",
        "",
    ),
    (REQUIRES, 'requires = { child_pugh = "" }', "eligibility[1].requires.child_pugh", "empty text", "value", ""),
    (REQUIRES, 'requires = { child_pugh = "D" }', "eligibility[1].requires.child_pugh", '"D"', "A, B, C", ""),
    (REQUIRES, 'requires = { home_oxygen = "no" }', "eligibility[1].requires.home_oxygen", '"no"', "yes/no", ""),
    (REQUIRES, "requires = { registered_on = true }", "eligibility[1].requires.registered_on", "true", "date", ""),
    (
        REQUIRES,
        "requires = { lung.fev1_l = { above = 1 } }",
        "eligibility[1].requires.lung.fev1_l",
        "unknown key",
        "above",
        '"lung.fev1_l"',
    ),
    (
        REQUIRES,
        'requires = { "lung.fev" = true }',
        'eligibility[1].requires."lung.fev"',
        "unknown fact",
        "registry",
        "lung.fev1_l",
    ),
    (
        REQUIRES,
        'requires = { "exclusion.pregnant" = "no" }',
        'eligibility[1].requires."exclusion.pregnant"',
        '"no"',
        "yes/no",
        "",
    ),
    (
        REQUIRES,
        "requires = { lung_lesions = true }",
        "eligibility[1].requires.lung_lesions",
        "unknown fact",
        "lung_lesion",
        "lung_lesion",
    ),
    ("rank = 3", "rank = 3.0", "tier[1].rank", "3.0", "whole", ""),
    (
        "{ home_oxygen = true }]",
        '{ lung_function = "LF-C" }]',
        "tier[1].any[3].lung_function",
        "tier fact",
        "recorded",
        "",
    ),
    ("{ home_oxygen = true }]", "{}]", "tier[1].any[3]", "empty table", "not empty", ""),
    ("{ home_oxygen = true }]", "5]", "tier[1].any[3]", "5", "groups", ""),
    ('fact = "lung_function"', 'fact = "impaired"', "tier[1].fact", "impaired", "a name of its own", ""),
    (WHEN, 'when = { lung_function = "LF-D" }', "constraint[1].when.lung_function", '"LF-D"', "LF-C", "LF-C"),
    (
        WHEN,
        'when = { lung_funktion = "LF-C" }',
        "constraint[1].when.lung_funktion",
        "unknown fact",
        "tier",
        "lung_function",
    ),
    (WHEN, 'when = "LF-C"', "constraint[1].when", '"LF-C"', "table", ""),
    ('id = "V20Gy.LF-C"', "", "constraint[1].id", "no such key", "id", ""),
    ('id = "V20Gy.LF-C"', 'id = ""', "constraint[1].id", "empty text", "id", ""),
    ('structure = "Lungs - @gtv"', "", "constraint[1].structure", "no such key", "structure", ""),
    (
        'structure = "Lungs - @gtv"',
        'structure = "Lungs -"',
        "constraint[1].structure",
        "character 8",
        "structure",
        None,
    ),
    (
        'structure = "Lungs - @gtv"',
        'structure = "Lungs - @gtb"',
        "constraint[1].structure",
        "character 9",
        "structure",
        None,
    ),
    ('metric = "V20Gy[%]"', "", "constraint[1].metric", "no such key", "metric", ""),
    ('"V20Gy[%]"', '"V20[%]"', "constraint[1].metric", "character 4", "metric", None),
    (GOAL, 'goal = "<= 6.5"', "constraint[1].goal", "character 7", "unit", None),
    (GOAL, 'goal = "6.5 %"', "constraint[1].goal", "character 1", "comparator", None),
    (GOAL, 'goal = "<= 6.5 Gy"', "constraint[1].goal", "character 8", "V20Gy[%]", None),
    (GOAL, "goal = 6.5", "constraint[1].goal", "6.5 (a number)", "comparator", ""),
    (VARIATION, 'variation = "<= 5 %"', "constraint[1].variation", "stricter", "lenient", ""),
    (VARIATION, 'variation = "< 6.5 %"', "constraint[1].variation", "stricter", "lenient", ""),
    (VARIATION, 'variation = ">= 10 %"', "constraint[1].variation", "other way", "<", ""),
    (VARIATION, 'variation = "<= 10 cc"', "constraint[1].variation", "character 7", "V20Gy[%]", None),
    (VARIATION, 'variation = ""', "constraint[1].variation", "empty text", "last acceptable", ""),
    (GOAL + "\n" + VARIATION, "", "constraint[1].goal", "no such key", "goal_table", ""),
    (GOAL + "\n", 'goal = "<= 6.5 %"\nbounds = 3\n', "constraint[1].bounds", "unknown key", "goal", None),
    ('priority = "mandatory"', 'priority = "optional"', "constraint[1].priority", "optional", "report", "optimal"),
    ('priority = "mandatory"', "", "constraint[1].priority", "no such key", "optimal", ""),
    ("fractions = [3, 8]", "fractions = [8, 3]", "constraint[1].fractions", "[8, 3]", "lower", "[3, 8]"),
    ("fractions = [3, 8]", "fractions = 5", "constraint[1].fractions", "5", "list", "[5, 5]"),
    ("fractions = [3, 8]", "fractions = [0, 8]", "constraint[1].fractions", "0", "1 or more", ""),
    ("fractions = [3, 8]", "fractions = [3]", "constraint[1].fractions", "list of 1", "lowest", ""),
    ("fractions = [3, 8]", "fractions = [3, 8.0]", "constraint[1].fractions[2]", "8.0", "lowest", ""),
    ("alpha_beta = 3.0", "alpha_beta = 0", "constraint[1].alpha_beta", "0", "above 0", ""),
    ("alpha_beta = 3.0", "", "constraint[1].alpha_beta", "no such key", "α/β of Mean{EQD2}[Gy]", ""),
    (
        'source = "SITE-DEFAULT"',
        'source = "SITE-DEFALT"',
        "constraint[1].source",
        "SITE-DEFALT",
        "sources",
        "SITE-DEFAULT",
    ),
    ('source = "SITE-DEFAULT"', "", "constraint[1].source", "no such key", "sources", ""),
    ('"site-default"', '"certain"', "constraint[1].confidence", "certain", "memory", ""),
    ("[[constraint]]", "[constraint]", "constraint", "a table", "[[constraint]]", ""),
]


@pytest.mark.parametrize("edit", EDITS)
def test_each_fault_names_its_place(tmp_path, edit):
    """One edit of a good protocol gives one fault, with its key path, what was found, what was expected."""
    old, new, key_path, found, expected, suggestion = edit
    assert PROTOCOL.count(old) >= 1
    text = PROTOCOL.replace(old, new, 1)
    if "EQD2" in expected:
        text = text.replace('"V20Gy[%]"', '"Mean{EQD2}[Gy]"').replace(GOAL, 'goal = "<= 6.5 Gy"')
        text = text.replace(VARIATION, 'variation = "<= 10 Gy"')
    if key_path == "tier[1].fact":
        text = text.replace(WHEN, 'when = { impaired = "known" }')
    faults = faults_of(tmp_path, text)
    assert list(faults) == [key_path]
    fault = faults[key_path]
    assert fault.file == str(tmp_path / "site.toml")
    assert found in fault.found
    assert expected in fault.expected
    if suggestion is not None:
        assert fault.suggestion == suggestion


@pytest.mark.parametrize(
    ("old", "new", "key_path", "found"),
    [
        ("[1.8, 5.9], [3.8, 5.5]]", "[3.8, 5.9], [1.8, 5.5]]", "goal_table.goal[2]", "1.8"),
        ("[1.8, 5.9], [3.8, 5.5]]", "[1.8, 5.9], [1.8, 5.5]]", "goal_table.goal[2]", "1.8"),
        ("[1.8, 5.9], [3.8, 5.5]]", "[1.8, 5.9]]", "goal_table.goal", "list of 1"),
        ("[1.8, 5.9], [3.8, 5.5]]", "[1.8], [3.8, 5.5]]", "goal_table.goal[1]", "list of 1"),
        ("[1.8, 5.9], [3.8, 5.5]]", '[1.8, "5.9"], [3.8, 5.5]]', "goal_table.goal[1][2]", '"5.9"'),
        ("[1.8, 7.5], [3.8, 6.5]]", "[1.8, 7.5], [3.8, 4.5]]", "goal_table.variation", "both sides"),
        ("[1.8, 7.5], [3.8, 6.5]]", "[1.9, 7.5], [3.8, 6.5]]", "goal_table.variation", "from 1.9"),
        ('by = "Volume[cc]"', 'by = "Volume[Gy]"', "goal_table.by", "character"),
        ('of = "@lesion.ptv"', 'of = "@lesion.itv"', "goal_table.of", "character"),
        ("{ by", '{ comparator = ">=", by', "goal_table.variation", "stricter"),
        ("{ by", '{ comparator = "=", by', "goal_table.comparator", '"="'),
        ("{ by", "{ low = 1, by", "goal_table.low", "unknown key"),
        ('priority = "optimal"', 'priority = "optimal"\ngoal = "<= 5"', "goal", "beside goal_table"),
    ],
)
def test_faults_of_goal_tables(tmp_path, old, new, key_path, found):
    """Each fault of a goal table names its point or key."""
    faults = faults_of(tmp_path, PROTOCOL + TABLE.replace(old, new, 1))
    assert f"constraint[2].{key_path}" in faults
    assert found in faults[f"constraint[2].{key_path}"].found


def test_variation_without_goal(tmp_path):
    """A variation alone is no limit, also where the value is only reported."""
    text = PROTOCOL.replace(GOAL + "\n", "").replace('"mandatory"', '"report"')
    assert list(faults_of(tmp_path, text)) == ["constraint[1].variation"]


def test_approved_needs_name_and_date(tmp_path):
    """Approval without a name and a date is none."""
    faults = faults_of(tmp_path, PROTOCOL.replace('status = "draft"', 'status = "approved"'))
    assert list(faults) == ["approved_by", "approved_on"]


def test_doubles_in_one_file(tmp_path):
    """Ids of constraints, rules and tiers are unique."""
    constraint = PROTOCOL[PROTOCOL.index("[[constraint]]") :]
    rules = PROTOCOL[PROTOCOL.index("[[eligibility]]") : PROTOCOL.index("[[constraint]]")]
    faults = faults_of(tmp_path, PROTOCOL + "\n" + constraint + "\n" + rules)
    assert set(faults) == {"constraint[2].id", "eligibility[2].id", "tier[2].id", "tier[2].rank"}
    assert "site.toml: constraint[1].id" in faults["constraint[2].id"].found


def test_all_faults_of_a_file_at_once(tmp_path):
    """A faulty key hides no fault of another key, of the same entry or elsewhere."""
    text = PROTOCOL
    edits = [
        ("max_total = 5", "max_total = -1"),
        ('"V20Gy[%]"', '"V20Gy[Gy]"'),
        ("[3, 8]", "[8, 3]"),
        (REQUIRES, "requires = { x = 1 }"),
        ('"SITE-DEFAULT"', '"X"'),
        ('"LF-C" }', '"LF-X" }'),
        ('"mandatory"', '"high"'),
        ('title = "A', 'include = ["no.toml"]\nname = "A'),
        ('id = "site"\n', ""),
    ]
    for old, new in edits:
        text = text.replace(old, new, 1)
    assert set(faults_of(tmp_path, text)) >= {
        "id", "name", "include[1]", "lesions.max_total", "eligibility[1].requires.x", "constraint[1].metric",
        "constraint[1].fractions", "constraint[1].priority", "constraint[1].when.lung_function",
        "constraint[1].source",
    }  # fmt: skip


def test_include_beside_the_file_comes_first(tmp_path):
    """A file beside the including one goes before a shipped file of the same name."""
    write(tmp_path, "coverage.toml", SET.format(id="mine"))
    protocol = read(tmp_path, PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["coverage.toml"]'))
    assert [constraint.id for constraint in protocol.constraints] == ["mine", "V20Gy.LF-C"]
    assert [file.name for file in protocol.files] == ["site.toml", "coverage.toml", "sources.toml"]


def test_digest_covers_every_file(tmp_path):
    """The digest changes with one byte of any file, and is that of names, lengths and bytes."""
    write(tmp_path, "a.toml", SET.format(id="a"))
    text = PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml"]')
    before = read(tmp_path, text)
    expected = hashlib.sha256()
    for path in (tmp_path / "site.toml", tmp_path / "a.toml", constraints_folder() / "sources.toml"):
        content = path.read_bytes()
        expected.update(f"{path.name}\0{len(content)}\0".encode() + content)
    assert before.sha256 == expected.hexdigest()
    write(tmp_path, "a.toml", SET.format(id="a") + "\n")
    after = read(tmp_path, text)
    assert after.sha256 != before.sha256
    assert after.files[0] == before.files[0]
    assert after.files[1].sha256 == hashlib.sha256((SET.format(id="a") + "\n").encode()).hexdigest()


def test_a_file_included_twice_is_read_once(tmp_path):
    """Two sets may share a third."""
    write(tmp_path, "c.toml", SET.format(id="c"))
    for name in "ab":
        write(tmp_path, f"{name}.toml", SET.format(id=name).replace("[[", 'include = ["c.toml"]\n[[', 1))
    protocol = read(tmp_path, PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml", "b.toml"]'))
    assert [constraint.id for constraint in protocol.constraints] == ["c", "a", "b", "V20Gy.LF-C"]
    assert [file.name for file in protocol.files] == ["site.toml", "a.toml", "c.toml", "b.toml", "sources.toml"]


def test_doubles_across_includes(tmp_path):
    """An id used in two files is a fault that names both."""
    write(tmp_path, "a.toml", SET.format(id="V20Gy.LF-C"))
    faults = faults_of(tmp_path, PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml"]'))
    assert list(faults) == ["constraint[1].id"]
    assert "a.toml: constraint[1].id" in faults["constraint[1].id"].found


def test_include_cycle(tmp_path):
    """Files that include each other are refused, not followed."""
    write(tmp_path, "a.toml", SET.format(id="a").replace("[[", 'include = ["site.toml"]\n[[', 1))
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml", "site.toml"]'))
    assert [(Path(fault.file).name, fault.key_path) for fault in caught.value.faults] == [
        ("site.toml", "include[2]"), ("a.toml", "include[1]"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("coverag.toml", "coverage.toml"), ("/etc/passwd", ""), ("..\\\\x.toml", ""), ("C:x.toml", ""), ("coverage", "")],
)
def test_include_not_found(tmp_path, name, suggestion):
    """An included file that is not there, or not relative, is a fault with the nearest name."""
    faults = faults_of(tmp_path, PROTOCOL.replace('id = "site"', f'id = "site"\ninclude = ["{name}"]'))
    assert list(faults) == ["include[1]"]
    assert faults["include[1]"].suggestion == suggestion


def test_names_that_no_file_can_have(tmp_path):
    """A name that is too long and links that lead in a circle are faults, not crashes."""
    long = "a" * 5000 + ".toml"
    assert list(faults_of(tmp_path, PROTOCOL.replace('id = "site"', f'id = "site"\ninclude = ["{long}"]'))) == [
        "include[1]"
    ]
    (tmp_path / "one.toml").symlink_to(tmp_path / "two.toml")
    (tmp_path / "two.toml").symlink_to(tmp_path / "one.toml")
    for name in ("b" * 5000, long, "", "a\0b", "\0.toml", tmp_path / "one.toml", tmp_path):
        with pytest.raises(FileFaultsError):
            read_protocol(name)


def test_faults_of_included_files_are_reported_too(tmp_path):
    """Every file's faults come at once, each with its file."""
    write(tmp_path, "a.toml", SET.format(id="a").replace("<= 30 Gy", "30"))
    text = PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml"]').replace("rank = 3", "rank = 'x'")
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, text)
    assert {(Path(fault.file).name, fault.key_path) for fault in caught.value.faults} >= {
        ("site.toml", "tier[1].rank"), ("a.toml", "constraint[1].goal"),
    }  # fmt: skip


def test_included_protocol_lends_its_rules(tmp_path):
    """Rules of an included protocol are inherited, its approval is not; a table of the including file stands."""
    write(
        tmp_path,
        "base.toml",
        PROTOCOL.replace('status = "draft"', 'status = "approved"\napproved_by = "X"\napproved_on = 2026-01-01'),
    )
    text = 'schema = "rtcheck.protocol/1"\nid = "copy"\ninclude = ["base.toml"]\n[lesions]\nmax_total = 3\n'
    protocol = read(tmp_path, text)
    assert (protocol.id, protocol.title, protocol.status, protocol.approved_by) == ("copy", "", "draft", "")
    assert protocol.lesions == LesionRules(max_total=3)
    assert protocol.trial == TrialRules("NCT06946849", ("2L+RT",))
    assert len(protocol.eligibility) == len(protocol.tiers) == len(protocol.constraints) == 1


def test_tiers_of_another_file_are_known(tmp_path):
    """A set may rest on a tier that the including protocol defines."""
    write(tmp_path, "a.toml", SET.format(id="a") + WHEN + "\n")
    read(tmp_path, PROTOCOL.replace('id = "site"', 'id = "site"\ninclude = ["a.toml"]'))


def test_sources_of_a_site(tmp_path):
    """A site cites its own sources, in the protocol or in a sources.toml beside it."""
    write(
        tmp_path,
        "sources.toml",
        'schema = "rtcheck.sources/1"\n[sources.BESIDE]\ncitation = "A report"\nyear = "2020"\n',
    )
    text = PROTOCOL.replace('"SITE-DEFAULT"', '"OURS"') + '[sources.OURS]\ncitation = "Our own work"\n'
    text += SET.format(id="b").partition("\n")[2].replace("SITE-DEFAULT", "BESIDE")
    protocol = read(tmp_path, text)
    assert protocol.sources["OURS"].citation == "Our own work"
    assert protocol.sources["BESIDE"].citation == "A report (2020)"
    assert [file.name for file in protocol.files] == ["site.toml", "sources.toml", "sources.toml"]


def test_a_source_is_not_redefined(tmp_path):
    """A site's key that is a shipped one with another text is a fault, not a quiet change of citation."""
    faults = faults_of(tmp_path, PROTOCOL + '[sources.SITE-DEFAULT]\ncitation = "Mine"\n')
    assert list(faults) == ["sources.SITE-DEFAULT"]


@pytest.mark.parametrize(
    ("table", "key_path"),
    [
        ("[sources.X]\n", "sources.X.citation"),
        ("[sources.X]\ncitation = ''\n", "sources.X.citation"),
        ("[sources.X]\ncitation = 'a'\ndoi = 'b'\n", "sources.X.doi"),
        ("[sources]\nX = 'a'\n", "sources.X"),
        ("[sources]\n", "sources"),
    ],
)
def test_faults_of_sources(tmp_path, table, key_path):
    """A source needs its citation and nothing unknown."""
    assert list(faults_of(tmp_path, PROTOCOL + table)) == [key_path]


def test_unknown_name():
    """A name that is neither shipped nor a file gets the nearest shipped one."""
    with pytest.raises(FileFaultsError) as caught:
        read_protocol("nct0694684")
    (fault,) = caught.value.faults
    assert fault.suggestion == "nct06946849"
    assert "sbrt-5fx" in fault.expected


def test_a_shipped_name_is_found_from_anywhere(tmp_path, monkeypatch):
    """A shipped name does not depend on the working folder, and a folder separator means a file."""
    monkeypatch.chdir(tmp_path)
    assert read_protocol("nct06946849").id == "nct06946849"
    with pytest.raises(FileFaultsError):
        read_protocol("./nct06946849")
    with pytest.raises(FileFaultsError):
        read_protocol("nct06946849.toml")
    write(tmp_path, "ours", PROTOCOL)
    assert read_protocol("ours").id == "site"


def test_same_files_same_value(tmp_path):
    """Reading twice gives equal values."""
    assert read(tmp_path, PROTOCOL) == read(tmp_path, PROTOCOL)
