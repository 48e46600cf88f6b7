"""``rtcheck explain``: what a finding code, a metric or a constraint means."""

from __future__ import annotations

import re

import click

from rtcheck.cli.streams import print_text
from rtcheck.errors import MetricSyntaxError

__all__ = ["explain"]

_CODE = re.compile(r"RTD\d{3}")


@click.command(short_help="What a code, a metric or a constraint means.")
@click.argument("topic", metavar="CODE|METRIC|CONSTRAINT-ID")
@click.option("--protocol", "protocol_name", metavar="NAME|FILE",
              help="Look the constraint up in this protocol instead of the shipped ones.")
def explain(topic: str, protocol_name: str | None) -> int:
    """Explain a finding code, a metric, a constraint or an eligibility rule: what it means, why it matters, its source.

    Examples: rtcheck explain RTD206; rtcheck explain 'D95%[Gy]'; rtcheck explain UK-2022.5fx.Heart.D0.5cc
    """
    for page in (_code_page, _metric_page):
        text = page(topic)
        if text:
            print_text(text)
            return 0
    text = _rule_page(topic, protocol_name)
    if text:
        print_text(text)
        return 0
    text, ids = _constraint_page(topic, protocol_name)
    if not text:
        raise click.UsageError(_unknown(topic, ids))
    print_text(text)
    return 0


def _code_page(topic: str) -> str:
    from rtcheck.model.codes import CATALOGUE
    from rtcheck.render.explain_text import explain_code

    code = CATALOGUE.get(topic.upper())
    return explain_code(code) if code else ""


def _metric_page(topic: str) -> str:
    from rtcheck.dvh.notation import parse_metric
    from rtcheck.render.explain_text import explain_metric

    try:
        return explain_metric(parse_metric(topic))
    except MetricSyntaxError:
        return ""


def _rule_page(topic: str, protocol_name: str | None) -> str:
    """Return the page of an eligibility rule; empty when no protocol has one of that id."""
    from rtcheck.catalogue.locate import shipped_names
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.explain_text import explain_rule

    if "." not in topic:
        return ""
    trial = topic.partition(".")[0]
    named = [name for name in shipped_names() if name == trial.casefold() or name.endswith("lung-function")]
    for name in [protocol_name] if protocol_name else [*named, "nct06946849"]:
        protocol = read_protocol(name)
        found = next((rule for rule in protocol.eligibility if rule.id.casefold() == topic.casefold()), None)
        if found is not None:
            source = protocol.sources.get(trial) or protocol.sources.get(trial.upper())
            return explain_rule(found, source)
    return ""


def _constraint_page(topic: str, protocol_name: str | None) -> tuple[str, list[str]]:
    """Return the page of a constraint, or nothing and every id there is."""
    from rtcheck.catalogue.lookup import find_constraint, shipped_constraint, shipped_holders, shipped_ids
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.explain_text import explain_constraint

    if protocol_name:
        protocol = read_protocol(protocol_name)
        record = find_constraint(protocol, topic)
        if record is None:
            return "", [constraint.id for constraint in protocol.constraints]
        return explain_constraint(record.constraint, record.source), []
    record = shipped_constraint(topic)
    if record is None:
        return "", list(shipped_ids())
    return explain_constraint(record.constraint, record.source, shipped_holders(record.constraint.id)), []


def _unknown(topic: str, ids: list[str]) -> str:
    """Say what the topic might have been."""
    import difflib

    from rtcheck.dvh.notation import parse_metric
    from rtcheck.model.codes import CATALOGUE

    message = f"{topic!r} is no finding code, no metric and no constraint that is shipped"
    if _CODE.fullmatch(topic.upper()):
        near = difflib.get_close_matches(topic.upper(), CATALOGUE, n=3)
        return f"{topic} is not in the catalogue of finding codes; near it: {', '.join(near)}"
    folded = {one.casefold(): one for one in ids}
    near = [folded[one] for one in difflib.get_close_matches(topic.casefold(), folded, n=3, cutoff=0.5)]
    near += [one for one in ids if topic.casefold() in one.casefold() and one not in near][: 3 - len(near)]
    if near:
        message += f"; did you mean {' or '.join(near)}?"
    try:
        parse_metric(topic)
    except MetricSyntaxError as error:
        if error.suggestion:
            message += f"; as a metric: {error.problem}; did you mean {error.suggestion!r}?"
    return message
