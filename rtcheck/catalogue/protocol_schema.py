"""The tables of a protocol or constraint file. Each field's description is what its error message says was expected.

Conditions, goals and metrics are checked where they are read: their rules need more than one key.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from rtcheck.catalogue.faults import Table
from rtcheck.catalogue.registry_schema import Line

__all__ = [
    "ConstraintTable", "ConventionsTable", "EligibilityTable", "ExampleTable", "GoalTableTable", "HeadTable",
    "LesionsTable", "PinnedFileTable", "PinnedTable", "SourceTable", "TierTable", "TrialTable",
]

_Point = Annotated[list[float], Field(min_length=2, max_length=2)]
_Points = Annotated[list[_Point], Field(min_length=2)]
_POINTS = "at least two points, each [x, limit], such as [[1.8, 5.9], [3.8, 5.5]]"


def _optional(expected: str) -> Any:
    return Field(default=None, description=expected)


class HeadTable(Table):
    """The top level of a file, without its tables."""

    id: Line | None = _optional("the protocol's id, a text")
    title: Line | None = _optional("a title, a text")
    version: Line | None = _optional('a version, a text such as "0.1.0"')
    status: Literal["draft", "approved"] | None = _optional('"draft" or "approved"')
    approved_by: Line | None = _optional("who approved it, a text")
    approved_on: date | None = _optional("a date without quotes, such as 2026-03-02")
    include: Annotated[list[Line], Field(min_length=1)] | None = _optional("a list of file names, not empty")


class LesionsTable(Table):
    """``[lesions]``."""

    max_total: int | None = Field(default=None, ge=0, description="a whole number, 0 or more")
    max_per_organ: int | None = Field(default=None, ge=0, description="a whole number, 0 or more")
    regional_nodes_count_as_one: bool = Field(default=True, description="true or false")
    min_measurable: int | None = Field(default=None, ge=0, description="a whole number, 0 or more")
    groups_count_as_one: bool = Field(default=True, description="true or false")
    palliative_count: bool = Field(default=True, description="true or false")
    nodes_are_an_organ: bool = Field(default=True, description="true or false")
    primary_can_be_measurable: bool = Field(default=True, description="true or false")
    groups_judged_together: bool = Field(default=False, description="true or false")
    criterion: Line = Field(default="", description='the number of the trial\'s criterion, such as "inclusion 4"')


class ConventionsTable(Table):
    """``[conventions]``."""

    structure_model: Literal["prism", "shape"] | None = _optional('"prism" or "shape"')
    undecided: Literal["review", "accept"] = Field(default="review", description='"review" or "accept"')


class TrialTable(Table):
    """``[trial]``."""

    id: Line = Field(description="the trial's id, a text")
    consolidative_arms: Annotated[list[Line], Field(min_length=1)] | None = _optional(
        'a list of arms, not empty, such as ["2L+RT"]'
    )


class EligibilityTable(Table):
    """``[[eligibility]]``; ``requires`` and ``when`` are conditions, ``any`` holds alternative groups of them."""

    id: Line = Field(description="an id, a text")
    criterion: Line | None = _optional('the number of the trial\'s criterion, such as "inclusion 8"')
    text: Line | None = _optional("the rule in words, a text")
    requires: dict[str, Any] | None = _optional("a table of conditions, such as { fev1_l = { above = 1.0 } }")
    any: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = _optional(
        "a list of groups of conditions, one of which must hold, such as [{ fev1_l = { above = 1.0 } }]"
    )
    when: dict[str, Any] | None = _optional("a table of conditions, such as { lung_at_risk = true }")
    bears_on: Literal["plan", "record"] = Field(default="record", description='"plan" or "record"')


class TierTable(Table):
    """``[[tier]]``; ``any`` holds groups of conditions."""

    fact: Line = Field(description="the name of the fact that the tier gives a value, a text")
    id: Line = Field(description="the tier's value of the fact, a text")
    rank: int = Field(description="a whole number; the highest rank that applies wins")
    any: Annotated[list[dict[str, Any]], Field(min_length=1)] = Field(
        description="a list of groups of conditions, such as [{ home_oxygen = true }]"
    )


class SourceTable(Table):
    """``[sources.KEY]``."""

    citation: Line = Field(description="the full citation, a text")
    year: Line | None = _optional("the year, a text")
    reference: Line | None = _optional("DOI, PMID or registry number, a text")
    verified: Line | None = _optional("how the citation and its numbers were checked, a text")


class GoalTableTable(Table):
    """``goal_table``."""

    by: Line = Field(description='the metric to look up, such as "Volume[cc]"')
    of: Line = Field(description='the structure of that metric, such as "@lesion.ptv"')
    goal: _Points = Field(description=_POINTS)
    variation: _Points | None = _optional(_POINTS)
    comparator: Literal["<=", "<", ">=", ">"] | None = _optional('"<=", "<", ">=" or ">"')


class ConstraintTable(Table):
    """``[[constraint]]``; metric, goal, structure and conditions are read by their own notation."""

    id: Line = Field(description="an id that no other constraint has, a text")
    structure: Line = Field(description='a structure expression, such as "Liver - @gtv"')
    metric: Line = Field(description='a metric, such as "D0.5cc[Gy]"')
    goal: Line | None = _optional('comparator, number and unit in one text, such as "<= 13 Gy"')
    variation: Line | None = _optional('the last acceptable value, such as "<= 15.2 Gy"')
    goal_table: dict[str, Any] | None = _optional("a table with by, of and goal")
    priority: Literal["mandatory", "optimal", "report"] = Field(description='"mandatory", "optimal" or "report"')
    fractions: Annotated[list[int], Field(min_length=2, max_length=2)] | None = _optional(
        "lowest and highest fraction count, such as [3, 8]"
    )
    alpha_beta: float | None = Field(default=None, gt=0, le=100, description="α/β in Gy, a number above 0")
    when: dict[str, Any] | None = _optional('a table of conditions, such as { child_pugh = "A" }')
    source: Line = Field(description="a key of sources.toml or of [sources.KEY] in this file")
    where: str = Field(default="", description="the place in the source, a text")
    confidence: Literal["primary-text", "secondary-source", "memory", "site-default"] | None = _optional(
        '"primary-text", "secondary-source", "memory" or "site-default"'
    )
    endpoint: str = Field(default="", description="the clinical endpoint, a text")
    note: str = Field(default="", description="a text")


_SHA256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_DIGEST = "a SHA-256 digest, 64 hexadecimal digits; `rtcheck protocol approve` writes it"


class PinnedFileTable(Table):
    """One entry of ``pinned.files``."""

    name: Line = Field(description="the name of a file")
    sha256: _SHA256 = Field(description=_DIGEST)


class PinnedTable(Table):
    """``[pinned]``: what an approved copy was made of. `rtcheck protocol approve` writes it."""

    of: Line = Field(description="the id of the protocol it was made of, a text")
    sha256: _SHA256 = Field(description=_DIGEST)
    names_sha256: _SHA256 = Field(description=_DIGEST)
    content_sha256: _SHA256 = Field(description=_DIGEST)
    files: Annotated[list[PinnedFileTable], Field(min_length=1)] = Field(description="the files it was made of")
    confirmed: list[Line] | None = _optional("ids of limits confirmed by the approver, a list of texts")


class ExampleTable(Table):
    """``[[example]]``: facts and metric values in, outcomes out; `rtcheck protocol test` runs it."""

    name: Line = Field(description="what the example shows, a text")
    facts: dict[str, Any] | None = _optional('a table of facts, such as { child_pugh = "A", fev1_l = 1.45 }')
    lesions: Annotated[list[Line], Field(min_length=1)] | None = _optional(
        'organs of active lesions, such as ["liver", "lung"]'
    )
    fractions: int | None = Field(default=None, ge=1, description="the number of fractions, whole")
    values: dict[str, Any] | None = _optional('constraint ids with a value or [value, low, high]: { "ID" = 12.3 }')
    lookups: dict[str, Any] | None = _optional("as values, of the metric that a goal_table looks up")
    expect: dict[str, Any] | None = _optional('constraint ids with an outcome, such as { "ID" = "MET" }')
    expect_facts: dict[str, Any] | None = _optional(
        'facts or tiers with their value, such as { lung_function = "LF-C" }; "unknown" where it cannot be told'
    )
