"""A protocol as text: one line for a list, a summary, or every rule and limit with its source."""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.dvh.engine import DEFAULT_STRUCTURE_MODEL
from rtcheck.dvh.notation import print_metric
from rtcheck.render.explain_text import condition_text, fractions_text, limits_text
from rtcheck.render.rows import LEGEND
from rtcheck.render.terminal import cells, pad, visible, wrap
from rtcheck.rules.constraint import Constraint, Protocol

__all__ = ["protocol_lines", "protocol_page", "protocol_summary"]


def protocol_lines(protocols: Sequence[tuple[str, str, Protocol]], unlisted: int = 0) -> str:
    """Return a list of protocols: name, kind, version, status, number of limits, title.

    Args:
        protocols: (name, kind, protocol), in the order to print.
        unlisted: how many files of one source each are not among them; told in a last line.
    """
    width = max(cells(name) for name, _, _ in protocols)
    lines = []
    for name, kind, one in protocols:
        head = f"{pad(name, width)}  {kind:<8} {one.version:<7} {one.status:<8} {len(one.constraints):>3} limits  "
        lines += wrap(visible(head + one.title), hanging=" " * (width + 2))
    if unlisted:
        lines += wrap(f"and {unlisted} files of one source each: rtcheck protocol list --all", "  ")
    return "\n".join(lines) + "\n"


def protocol_summary(name: str, protocol: Protocol) -> str:
    """Return what a valid protocol holds, and whether it may be relied on."""
    priorities = [one.priority for one in protocol.constraints]
    counts = ", ".join(f"{priorities.count(word)} {word}" for word in ("mandatory", "optimal", "report")
                       if word in priorities) or "none"
    lines = wrap(visible(f"{name}: valid. {protocol.id} {protocol.version}, {protocol.title}"), hanging="    ")
    lines += wrap(f"{len(protocol.files)} files, {len(protocol.constraints)} constraints ({counts}), "
                  f"{len(protocol.tiers)} tiers, {len(protocol.eligibility)} eligibility rules"
                  f"{f', {len(protocol.examples)} examples' if protocol.examples else ''}.", "  ")
    if protocol.status == "draft":
        lines += wrap("Draft: a check against it is at best REVIEW (RTD805).", "  ")
    else:
        lines += wrap(visible(f"Approved by {protocol.approved_by} on {protocol.approved_on}."), "  ")
    lines += _decisions(protocol)
    if protocol.pinned is not None:
        lines += wrap(visible(f"A pinned copy of {protocol.pinned.of}, unchanged since it was approved; "
                              f"{len(protocol.pinned.confirmed)} limits confirmed by the approver."), "  ")
        if protocol.pinned.names_sha256 != protocol.names.sha256:
            lines += wrap("The table of structure names is another than when it was approved: look at the names that "
                          "the report matched (RTD304).", "  ")
    return "\n".join(lines) + "\n"


def _decisions(protocol: Protocol) -> list[str]:
    """Return what the file decides that a site should decide knowingly; nothing for a set of limits."""
    if protocol.lesions is None and protocol.trial is None:
        return []
    model = protocol.conventions.structure_model
    said = f"structure model {model or DEFAULT_STRUCTURE_MODEL}"
    if model not in (None, DEFAULT_STRUCTURE_MODEL):
        said += f" (the program's default is {DEFAULT_STRUCTURE_MODEL}; constraints/README.md has both as measured)"
    words = [said, f"a limit inside the interval: {protocol.conventions.undecided}"]
    if protocol.lesions is not None:
        rules = protocol.lesions
        together = "on their structures together" if rules.groups_judged_together else "each by itself"
        words.append(f"coverage of nodes that count as one: {together}")
        counted = "count" if rules.palliative_count else "do not count"
        words.append(f"metastases treated for symptoms {counted}")
    record = sum(rule.bears_on == "record" for rule in protocol.eligibility)
    if record:
        words.append(f"{record} of {len(protocol.eligibility)} eligibility rules warn only (bears_on)")
    lead = "What it decides, and a site may decide otherwise: " if protocol.status == "draft" else "It decides: "
    return wrap(lead + "; ".join(words) + ".", "  ")


def protocol_page(protocol: Protocol) -> str:
    """Return a protocol whole: what it is, its rules, its limits."""
    status: str = protocol.status
    if status == "approved":
        status += f" by {protocol.approved_by} on {protocol.approved_on}"
    lines = wrap(visible(f"{protocol.id} {protocol.version} ({status})  {protocol.title}"), hanging="    ")
    conventions = protocol.conventions
    lines += wrap(f"structure model {conventions.structure_model or 'as the program has it'}, "
                  f"undecided: {conventions.undecided}", "  ")
    lines += _rules(protocol)
    lines += ["", "LIMITS"]
    for one in protocol.constraints:
        lines += _constraint(one)
    used = sorted({one.source for one in protocol.constraints})
    if used:
        lines += ["", "SOURCES"]
    for key in used:
        source = protocol.sources.get(key)
        citation = f"{source.citation} {source.reference}".rstrip() if source else "not listed"
        lines += wrap(visible(f"{key}: {citation}"), "  ", "      ")
    return "\n".join(lines) + "\n"


def _rules(protocol: Protocol) -> list[str]:
    lines: list[str] = []
    if protocol.lesions is not None:
        rules = protocol.lesions
        words = [f"at most {rules.max_total} lesions" if rules.max_total is not None else "",
                 f"at most {rules.max_per_organ} in one organ" if rules.max_per_organ is not None else "",
                 "regional nodes count as one" if rules.regional_nodes_count_as_one else "",
                 "groups of nonregional nodes count as one" if rules.groups_count_as_one else "",
                 "" if rules.palliative_count else "palliative lesions do not count",
                 "" if rules.nodes_are_an_organ else "nodes are not limited by organ",
                 f"at least {rules.min_measurable} measurable" if rules.min_measurable is not None else "",
                 "" if rules.primary_can_be_measurable else "the measurable one not the primary",
                 "groups are judged together" if rules.groups_judged_together else "each node is judged by itself"]
        number = f" ({rules.criterion})" if rules.criterion else ""
        lines += wrap(visible(f"lesions{number}: " + ", ".join(word for word in words if word)), "  ", "    ")
    if protocol.trial is not None:
        arms = " or ".join(protocol.trial.consolidative_arms) or "none named"
        lines += wrap(visible(f"trial {protocol.trial.id}, consolidative arm: {arms}"), "  ", "    ")
    for rule in protocol.eligibility:
        when = " and ".join(condition_text(one) for one in rule.when)
        parts = [" and ".join(condition_text(one) for one in group) for group in (rule.requires, *rule.any) if group]
        needs = ", or ".join(parts) if not rule.requires else ", and one of: ".join(
            [parts[0], *([", or ".join(parts[1:])] if rule.any else [])])
        number = f" ({rule.criterion})" if rule.criterion else ""
        where = f", where {when}" if when else ""
        lines += wrap(visible(f"{rule.id}{number}: {needs}{where} (bears on the {rule.bears_on})"), "  ", "    ")
    for tier in protocol.tiers:
        groups = ", or ".join(" and ".join(condition_text(one) for one in group) for group in tier.any)
        lines += wrap(visible(f"{tier.fact} {tier.id} (rank {tier.rank}): {groups}"), "  ", "    ")
    return lines


def _constraint(one: Constraint) -> list[str]:
    limits = dict(limits_text(one))
    mark = LEGEND[one.confidence][0] if one.confidence in LEGEND else ""
    last = f", last {limits['Last acceptable']}" if limits["Last acceptable"] else ""
    when = f", when {' and '.join(condition_text(two) for two in one.when)}" if one.when else ""
    lines = wrap(visible(one.id), "  ")
    lines += wrap(visible(f"{one.structure}  {print_metric(one.metric)}  {limits['Goal']}{mark}{last}"), "      ")
    return lines + wrap(visible(f"{one.priority}, fractions {fractions_text(one)}{when}; {one.source}"), "      ")
