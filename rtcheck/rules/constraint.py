"""What a protocol file says, as values: constraints, conditions, tiers, trial rules. `rtcheck.catalogue` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rtcheck.dvh.metric import Metric
from rtcheck.model.record import FactValue
from rtcheck.rules.names import NameTable

__all__ = [
    "Comparator", "Condition", "Constraint", "Conventions", "EligibilityRule", "Example", "Goal", "GoalTable",
    "LesionRules", "Pinned", "Priority", "Protocol", "ProtocolFile", "Source", "Tier", "TrialRules",
]

Comparator = Literal["<=", "<", ">=", ">"]
Priority = Literal["mandatory", "optimal", "report"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A comparator, a number in the unit of its metric, and the text as written (limits in cGy are converted)."""

    comparator: Comparator
    value: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class GoalTable:
    """A goal that depends on another metric: linear between the points, not evaluated outside them.

    Attributes:
        by, of: the metric and the structure expression looked up, such as ``Volume[cc]`` of ``@lesion.ptv``.
        comparator: direction of the limits.
        goal, variation: (x, y) points with ascending x; `variation` is empty when there is none.
    """

    by: Metric
    of: str
    comparator: Comparator
    goal: tuple[tuple[float, float], ...]
    variation: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one fact. Exactly one kind of test is set.

    Attributes:
        fact: key as written: a registry key, qualified where needed (``lung.impaired``), a tier, or a derived fact.
        values: the fact equals one of these; empty when the test is a range.
        above, at_least, below, up_to: bounds of a range: > >= < <=.
    """

    fact: str
    values: tuple[FactValue, ...] = ()
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    up_to: float | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A derived patient fact: `fact` is `id` when any group holds and no tier of higher rank does.

    `any` holds the groups; a group holds when all its conditions do.
    """

    fact: str
    id: str
    rank: int
    any: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """A rule of the trial on the record: where all of `when` hold, all of `requires` must, and a group of `any`.

    Attributes:
        id: with the number of the trial's criterion where it is known.
        requires: conditions, all of which must hold.
        when: conditions, all of which hold where the rule asks at all.
        bears_on: what a broken rule concerns: the plan (RTD752, RTD753) or the record (RTD755, RTD756).
        any: alternatives, each a group of conditions that all hold; one group is enough. Empty: none asked.
        text: the rule in words, for people; empty: its conditions say it.
        criterion: number of the trial's criterion, such as ``inclusion 8``; empty where it is not known.
    """

    id: str
    requires: tuple[Condition, ...] = ()
    when: tuple[Condition, ...] = ()
    bears_on: Literal["plan", "record"] = "record"
    any: tuple[tuple[Condition, ...], ...] = ()
    text: str = ""
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class LesionRules:
    """How registered lesions are counted; None: no such rule. The primary is not counted as a metastasis.

    Attributes:
        max_total, max_per_organ: most metastases, in all and in one organ system.
        regional_nodes_count_as_one: all positive regional nodes together are one lesion.
        min_measurable: fewest measurable lesions.
        groups_count_as_one: nonregional nodes with the same ``group`` are one lesion.
        palliative_count: a metastasis treated with palliative intent counts.
        nodes_are_an_organ: lymph nodes are counted against `max_per_organ` under the organ they are recorded with.
        primary_can_be_measurable: the measurable lesion may be the primary.
        groups_judged_together: the coverage of nodes that count as one is judged on their structures together (see
            `rtcheck.rules.groups`); False: each registered entry by itself, which is stricter.
        criterion: number of the trial's criterion, such as ``inclusion 4``; empty where it is not known.
    """

    max_total: int | None = None
    max_per_organ: int | None = None
    regional_nodes_count_as_one: bool = True
    min_measurable: int | None = None
    groups_count_as_one: bool = True
    palliative_count: bool = True
    nodes_are_an_organ: bool = True
    primary_can_be_measurable: bool = True
    groups_judged_together: bool = False
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class TrialRules:
    """Which trial, and which of its arms may have a consolidative plan."""

    id: str
    consolidative_arms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conventions:
    """Conventions a protocol may choose; None means the default of the program."""

    structure_model: Literal["prism", "shape"] | None = None
    undecided: Literal["review", "accept"] = "review"


@dataclass(frozen=True, slots=True)
class Source:
    """A citation of sources.toml."""

    key: str
    citation: str
    reference: str = ""
    verified: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One limit.

    Attributes:
        id: stable.
        structure: structure expression as written.
        metric: what is asked.
        goal, variation: as written; `variation` is the last acceptable value, None when there is none; `goal` is None
            for a table and possibly for report-only constraints.
        goal_table: instead of goal and variation.
        priority: mandatory, optimal or report.
        fractions: (lowest, highest) fraction count it applies to; None: any.
        alpha_beta: Gy; allows an EQD2 composite of unlike fractionations.
        when: conditions, all of which must hold.
        source: key of a `Source`; where: place in it; confidence: how the number was read; endpoint; note.
        file, key_path: where it was read, for messages.
    """

    id: str
    structure: str
    metric: Metric
    priority: Priority
    source: str
    goal: Goal | None = None
    variation: Goal | None = None
    goal_table: GoalTable | None = None
    fractions: tuple[int, int] | None = None
    alpha_beta: float | None = None
    when: tuple[Condition, ...] = ()
    where: str = ""
    confidence: str = ""
    endpoint: str = ""
    note: str = ""
    file: str = ""
    key_path: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolFile:
    """One file that a protocol was made of, and the digest of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a pinned copy was made of.

    Attributes:
        of: id of the protocol.
        sha256: that protocol's digest over all its files; `files`: each of them.
        names_sha256: of the table of structure names it was approved with.
        confirmed: ids of the limits that the approver confirmed although their number was not read in a source.
    """

    of: str
    sha256: str
    names_sha256: str
    files: tuple[ProtocolFile, ...] = ()
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """An example written inside a protocol: facts and metric values in, outcomes out.

    Attributes:
        name: for people.
        facts: by ``table.key`` of the registry; what is not named is not known.
        lesions: organs of active lesions; empty: nothing is said about lesions.
        fractions: of the course, or None: not known.
        values: constraint id to (value, low, high) in the unit of its metric; a constraint not named has no value.
        lookups: the same for the metric that a goal table looks up.
        expect: constraint id to outcome.
        expect_facts: tier or other fact to its value; the text ``unknown`` where it cannot be told.
        file, key_path: where it was read, for messages.
    """

    name: str
    facts: Mapping[str, FactValue]
    lesions: tuple[str, ...]
    fractions: int | None
    values: Mapping[str, tuple[float, float, float]]
    lookups: Mapping[str, tuple[float, float, float]]
    expect: Mapping[str, str]
    expect_facts: Mapping[str, FactValue]
    file: str = ""
    key_path: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol with everything it includes. `names` is the table of aliases its structure names are looked up in."""

    id: str
    title: str
    version: str
    status: Literal["draft", "approved"]
    constraints: tuple[Constraint, ...]
    lesions: LesionRules | None = None
    trial: TrialRules | None = None
    conventions: Conventions = Conventions()
    eligibility: tuple[EligibilityRule, ...] = ()
    tiers: tuple[Tier, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    approved_by: str = ""
    approved_on: str = ""
    files: tuple[ProtocolFile, ...] = ()
    sha256: str = ""
    names: NameTable = field(default_factory=lambda: NameTable((), {}))
    examples: tuple[Example, ...] = ()
    pinned: Pinned | None = None
