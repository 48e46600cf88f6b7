"""The notation of metrics: parse and print ``D95%[Gy]``, ``V20Gy[%]``, ``Mean{EQD2;ab=3}[Gy]`` and so on.

The order is that of TG-263 (section 9 of the report): type, value with its unit, output unit in brackets; a dose
quantity other than physical dose stands in braces before the brackets. Printing gives the canonical spelling;
parsing takes that and the usual synonyms, and refuses whatever could mean two things, with a suggestion and the
position of the faulty character.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from decimal import Decimal
from typing import Literal, NamedTuple, NoReturn

from rtcheck.dvh.metric import Biological, Kind, Metric
from rtcheck.errors import MetricSyntaxError
from rtcheck.units import fold_unit, format_number, match_number, match_unit, scale_number, skip_blanks

__all__ = ["parse_metric", "print_metric"]

_MAX_LENGTH = 80
_MAX_PERCENT_DOSE = 1000.0

_PLAIN: dict[str, Kind] = {
    "mean": "Mean", "dmean": "Mean", "d_mean": "Mean", "mld": "Mean", "mhd": "Mean",
    "max": "Max", "dmax": "Max", "d_max": "Max",
    "min": "Min", "dmin": "Min", "d_min": "Min",
    "median": "Median", "dmedian": "Median", "d_median": "Median",
    "volume": "Volume", "vol": "Volume",
    "ci_paddick": "CI_Paddick", "ci_rtog": "CI_RTOG", "gi": "GI", "r50": "R50", "hi_icru83": "HI_ICRU83",
    "d2cm": "D2cm", "rxtotal": "RxTotal", "veff": "Veff",
}  # fmt: skip
"""Metrics without a number of their own, by their name in lower case; mean lung, liver and heart dose are means."""

_AMBIGUOUS = {
    "ci": ("CI alone does not say which conformity index", "CI_Paddick"),
    "hi": ("HI alone does not say which homogeneity index", "HI_ICRU83"),
    "r100": ("the prescription isodose ratio is written CI_RTOG", "CI_RTOG"),
    "bed": ("BED needs its α/β", "BED10[Gy]"),
    "eqd2": ("EQD2 is a dose quantity of a metric, in braces", "Mean{EQD2;ab=3}[Gy]"),
    "eud": ("the generalised equivalent uniform dose needs its parameter", "gEUD(a=8)[Gy]"),
    "rx": ("the lesion's prescription is written RxTotal", "RxTotal[Gy]"),
}
"""Names that are often written and could mean more than one thing, with what to write instead."""

_UNITS_OF: dict[Kind, tuple[str, ...]] = {
    "D": ("Gy", "%"), "DC": ("Gy", "%"), "V": ("%", "cc"), "CV": ("cc", "%"),
    "Mean": ("Gy", "%"), "Max": ("Gy", "%"), "Min": ("Gy", "%"), "Median": ("Gy", "%"), "D2cm": ("Gy", "%"),
    "Volume": ("cc",), "gEUD": ("Gy",), "BED": ("Gy",), "RxTotal": ("Gy",), "Veff": ("%",),
    "CI_Paddick": (), "CI_RTOG": (), "GI": (), "R50": (), "HI_ICRU83": (),
}  # fmt: skip
"""Output units of each kind; the first is meant where none is written."""

_DOSE_KINDS = ("D", "DC", "V", "CV", "Mean", "Max", "Min", "Median", "gEUD")
"""Kinds that can be asked of EQD2 or BED."""

_KNOWN = ("D95%[Gy]", "DC99%[Gy]", "V20Gy[%]", "CV15Gy[cc]", "Mean[Gy]", "Max[Gy]", "Min[Gy]", "Median[Gy]",
          "Volume[cc]", "CI_Paddick", "CI_RTOG", "GI", "R50", "HI_ICRU83", "D2cm[Gy]", "gEUD(a=8)[Gy]", "BED10[Gy]",
          "RxTotal[Gy]", "Veff[%]")  # fmt: skip

_NUMBERED = re.compile(r"(dc|cv|d|v)_?(?=[0-9.\-+])", re.IGNORECASE)


class _At(NamedTuple):
    """The number and unit of a metric as read, where it starts, and where reading goes on."""

    kind: Kind
    at: float | None
    unit: str
    end: int


def parse_metric(text: str) -> Metric:
    """Read one metric.

    Args:
        text: such as ``D95%[Gy]``; case and blanks between its parts do not matter.

    Returns:
        The metric; ``print_metric`` of it is the canonical spelling.

    Raises:
        MetricSyntaxError: it is not a metric, or could mean more than one; names the position and a suggestion.
    """
    if len(text) > _MAX_LENGTH:
        raise MetricSyntaxError(text, _MAX_LENGTH, f"a metric has at most {_MAX_LENGTH} characters")
    start = skip_blanks(text, 0)
    read = _read_plain(text, start) or _read_numbered(text, start) or _read_parameter(text, start)
    if read is None:
        _refuse_unknown(text, start)
    position = skip_blanks(text, read.end)
    biological, brace_at = None, position
    if text[position : position + 1] == "{":
        biological, position = _read_quantity(text, position, read)
    unit, bracket_at, position = _read_output(text, skip_blanks(text, position), read)
    position = skip_blanks(text, position)
    metric = Metric(read.kind, read.at, read.unit, unit, biological)
    if position < len(text):
        _refuse_rest(text, position, metric)
    if biological is not None and read.kind not in ("V", "CV") and unit == "%":
        problem = f"{biological.kind} in percent of a physical prescription has no meaning; expected [Gy]"
        raise MetricSyntaxError(text, bracket_at, problem, print_metric(replace(metric, unit="Gy")))
    if biological is not None and read.kind in ("V", "CV") and read.unit == "%":
        problem = f"{biological.kind} needs a dose in Gy: a percentage of the physical prescription is no such dose"
        raise MetricSyntaxError(text, brace_at, problem, print_metric(replace(metric, biological=None)))
    return metric


def print_metric(metric: Metric) -> str:
    """Return the canonical spelling of `metric`, such as ``D0.03cc[Gy]``."""
    if metric.kind in ("CI_Paddick", "CI_RTOG", "GI", "R50", "HI_ICRU83"):
        return metric.kind
    number = "" if metric.at is None else format_number(metric.at)
    head = f"gEUD(a={number})" if metric.kind == "gEUD" else f"{metric.kind}{number}{metric.at_unit}"
    return f"{head}{_print_quantity(metric.biological)}[{metric.unit}]"


def _print_quantity(biological: Biological | None) -> str:
    if biological is None:
        return ""
    parameter = "" if biological.ab is None else f";ab={format_number(biological.ab)}"
    return f"{{{biological.kind}{parameter}}}"


def _read_plain(text: str, start: int) -> _At | None:
    """Read a metric that is a name alone; the name must end there: ``D2cm`` yes, ``D2cm3`` no."""
    for name in sorted(_PLAIN, key=len, reverse=True):
        end = start + len(name)
        if text[start:end].lower() == name and not (end < len(text) and (text[end].isalnum() or text[end] in "_^.%³")):
            return _At(_PLAIN[name], None, "", end)
    return None


def _read_numbered(text: str, start: int) -> _At | None:
    """Read ``D``, ``DC``, ``V`` or ``CV`` with a number and its unit."""
    head = _NUMBERED.match(text, start)
    if head is None:
        return None
    kind: Kind = head.group(1).upper()  # type: ignore[assignment]  # the pattern matches D, DC, V and CV only
    begin = head.end()
    found = match_number(text, begin)
    if found is None:
        raise MetricSyntaxError(text, begin, f"expected a plain number after {kind}", _example(kind))
    number, end = found
    unit_at = skip_blanks(text, end)
    unit = match_unit(text, unit_at)
    if unit is None:
        return _read_bare(text, kind, number, begin, unit_at)
    canonical, power, end = unit
    return _check_number(text, _At(kind, scale_number(number, power), canonical, end), begin, unit_at)


def _read_bare(text: str, kind: Kind, number: Decimal, begin: int, unit_at: int) -> _At:
    """Read a number without a unit: ``D95`` is D95%; anything else is refused because it could mean two things."""
    shown = format_number(float(number))
    ends_here = unit_at == len(text) or text[unit_at] in "[{"
    if text[unit_at : unit_at + 1] == "," and text[unit_at + 1 : unit_at + 2].isdigit():
        mended = f"{text[:unit_at]}.{text[unit_at + 1 :]}"
        raise MetricSyntaxError(text, unit_at, "decimals are written with a point", mended)
    if not ends_here:
        expected = "% or cc" if kind in ("D", "DC") else "Gy, cGy or %"
        raise MetricSyntaxError(text, unit_at, f"expected the unit of {shown}: {expected}", _example(kind, shown))
    if kind == "D":
        # ICRU 83 writes D2, D50, D98 for percent; a small or broken number more likely lacks its "cc"
        if number >= 50 or (number >= 1 and number == number.to_integral_value()):
            return _check_number(text, _At(kind, float(number), "%", unit_at), begin, unit_at)
        raise MetricSyntaxError(text, unit_at, f"D{shown} does not say whether % or cc", f"D{shown}cc[Gy]")
    if kind == "DC":
        raise MetricSyntaxError(text, unit_at, f"DC{shown} does not say whether % or cc", _example(kind, shown))
    suggestion = _example(kind, shown)
    if text[unit_at:].replace(" ", "").lower() == "[cc]":
        suggestion = suggestion.split("[")[0] + "[cc]"
    raise MetricSyntaxError(text, unit_at, f"{kind}{shown} does not say whether Gy or %", suggestion)


def _check_number(text: str, read: _At, number_at: int, unit_at: int) -> _At:
    """Refuse a unit that does not fit the kind, and a number that cannot be meant; else return `read`."""
    kind, value, unit, _ = read
    assert value is not None
    shown = format_number(value)
    if kind in ("D", "DC"):
        if unit == "Gy":
            other = "V" if kind == "D" else "CV"
            problem = f"{kind} takes a volume (% or cc), not a dose; the volume at a dose is {other}"
            raise MetricSyntaxError(text, unit_at, problem, _example(other, shown))
        if unit == "mm":
            problem = f"{kind} takes a volume (% or cc), not a length"
            raise MetricSyntaxError(text, unit_at, problem, "D2cm[Gy]" if kind == "D" else None)
        if value == 0:
            instead = "Max[Gy]" if kind == "D" else "Min[Gy]"
            raise MetricSyntaxError(text, number_at, "the volume must be greater than 0", instead)
        if unit == "%" and value > 100:
            raise MetricSyntaxError(text, number_at, "a structure has no more than 100 % of its volume", _example(kind))
        return read
    if unit in ("cc", "mm"):
        problem = f"{kind} takes a dose (Gy, cGy or %), not a {'volume' if unit == 'cc' else 'length'}"
        fits = unit == "cc" and value > 0
        raise MetricSyntaxError(text, unit_at, problem, f"D{shown}cc[Gy]" if fits else _example(kind))
    if value == 0:
        raise MetricSyntaxError(text, number_at, "the dose must be greater than 0", "Volume[cc]")
    if unit == "%" and value > _MAX_PERCENT_DOSE:
        problem = f"more than {_MAX_PERCENT_DOSE:g} % of a prescription cannot be meant"
        raise MetricSyntaxError(text, number_at, problem, f"{kind}{shown}cGy")
    return read


def _read_parameter(text: str, start: int) -> _At | None:
    """Read ``gEUD(a=8)`` or ``BED10``."""
    head = re.compile(r"geud|bed(?=[0-9.])", re.IGNORECASE).match(text, start)
    if head is None:
        return None
    if head.group().lower() == "bed":
        found = match_number(text, head.end())
        if found is None or found[0] == 0:
            raise MetricSyntaxError(text, head.end(), "expected α/β in Gy, greater than 0, after BED", "BED10[Gy]")
        return _At("BED", float(found[0]), "", found[1])
    found_a = re.compile(r"\s*\(\s*a\s*=\s*(-?)", re.IGNORECASE).match(text, head.end())
    if found_a is None:
        raise MetricSyntaxError(text, head.end(), "gEUD needs its parameter in parentheses", "gEUD(a=8)[Gy]")
    found = match_number(text, found_a.end())
    if found is None or found[0] == 0:
        raise MetricSyntaxError(text, found_a.end(), "expected a number other than 0", "gEUD(a=8)[Gy]")
    a = -float(found[0]) if found_a.group(1) else float(found[0])
    close = skip_blanks(text, found[1])
    if text[close : close + 1] != ")":
        raise MetricSyntaxError(text, close, "expected )", f"gEUD(a={format_number(a)})[Gy]")
    return _At("gEUD", a, "", close + 1)


def _read_quantity(text: str, position: int, read: _At) -> tuple[Biological, int]:
    """Read ``{EQD2}``, ``{EQD2;ab=3}`` or ``{BED;ab=10}`` at `position`."""
    found = re.compile(r"\{\s*(eqd2|bed)\s*", re.IGNORECASE).match(text, position)
    if found is None:
        example = f"{_head(read)}{{EQD2;ab=3}}{_tail(read.kind)}" if read.kind in _DOSE_KINDS else None
        raise MetricSyntaxError(text, position + 1, "expected EQD2 or BED in the braces", example)
    kind: Literal["EQD2", "BED"] = "EQD2" if found.group(1).lower() == "eqd2" else "BED"
    if read.kind not in _DOSE_KINDS:
        instead = "BED10[Gy]" if read.kind == "RxTotal" else None
        raise MetricSyntaxError(text, position, f"{read.kind} cannot be asked of {kind}", instead)
    end, ab = found.end(), None
    if text[end : end + 1] == ";":
        parameter = re.compile(r";\s*ab\s*=\s*", re.IGNORECASE).match(text, end)
        if parameter is None:
            example = f"{_head(read)}{{{kind};ab=3}}{_tail(read.kind)}"
            raise MetricSyntaxError(text, end + 1, "expected ab= with α/β in Gy", example)
        number = match_number(text, parameter.end())
        if number is None or number[0] == 0:
            raise MetricSyntaxError(text, parameter.end(), "expected α/β in Gy, a number greater than 0")
        ab, end = float(number[0]), skip_blanks(text, number[1])
    if text[end : end + 1] != "}":
        example = f"{_head(read)}{_print_quantity(Biological(kind, ab))}{_tail(read.kind)}"
        raise MetricSyntaxError(text, end, "expected }", example)
    return Biological(kind, ab), end + 1


def _read_output(text: str, position: int, read: _At) -> tuple[str, int, int]:
    """Read the output unit, the usual one where none is written, with the positions of its bracket and after it."""
    units = _UNITS_OF[read.kind]
    if text[position : position + 1] != "[":
        return (units[0] if units else ""), position, position
    if not units:
        raise MetricSyntaxError(text, position, f"{read.kind} has no unit", read.kind)
    expected = " or ".join(f"[{unit}]" for unit in units)
    close = text.find("]", position)
    if close < 0:
        raise MetricSyntaxError(text, len(text), "expected ]", f"{_head(read)}[{units[0]}]")
    inner = text[position + 1 : close].strip()
    percent_of_rx = inner.lower() == "%rx" and read.kind in ("D", "DC", "Mean", "Max", "Min", "Median", "D2cm")
    unit = "%" if percent_of_rx else (fold_unit(inner) or ("", 0))[0]
    if unit not in units:
        problem = f"{read.kind} gives {expected}, not [{inner}]"
        raise MetricSyntaxError(text, position + 1, problem, f"{_head(read)}[{units[0]}]")
    return unit, position, close + 1


def _head(read: _At) -> str:
    """Return the canonical spelling of a metric up to its output unit."""
    return print_metric(Metric(read.kind, read.at, read.unit, "")).removesuffix("[]")


def _tail(kind: Kind) -> str:
    """Return the usual output unit of `kind` in brackets."""
    return f"[{_UNITS_OF[kind][0]}]"


def _example(kind: str, number: str | None = None) -> str:
    """Return a metric of `kind` that would have been accepted, with the number that was written where it fits."""
    tails = {"D": ("95", "%[Gy]"), "DC": ("99", "%[Gy]"), "V": ("20", "Gy[%]"), "CV": ("15", "Gy[cc]")}
    usual, tail = tails[kind]
    fits = number is not None and float(number) > 0 and (tail[0] != "%" or float(number) <= 100)
    return f"{kind}{number if fits else usual}{tail}"


def _refuse_unknown(text: str, start: int) -> NoReturn:
    """Say what is wrong with a text that does not start like any metric."""
    rest = text[start:]
    if not rest.strip():
        raise MetricSyntaxError(text, start, "expected a metric", "D95%[Gy]")
    head = re.split(r"[\[{(\s]", rest, maxsplit=1)[0]
    folded = head.lower()
    if folded in _AMBIGUOUS:
        problem, suggestion = _AMBIGUOUS[folded]
        raise MetricSyntaxError(text, start, problem, suggestion)
    if folded in ("d", "dc", "v", "cv"):
        problem = f"expected a number after {head.upper()}"
        raise MetricSyntaxError(text, start + len(head), problem, _example(head.upper()))
    spellings = {known.split("[")[0].lower(): known for known in _KNOWN}
    for name, kind in _PLAIN.items():
        spellings.setdefault(name, next(known for known in _KNOWN if known.split("[")[0] == kind))
    near = difflib.get_close_matches(folded, sorted(spellings), n=1, cutoff=0.6)
    problem = "unknown metric; expected D, DC, V, CV, Mean, Max, Min, Median, Volume or an index"
    raise MetricSyntaxError(text, start, problem, spellings[near[0]] if near else None)


def _refuse_rest(text: str, position: int, metric: Metric) -> NoReturn:
    """Say that something stands behind a complete metric."""
    bare = "[" not in text[:position] and metric.unit
    problem = "expected an output unit in brackets or nothing more" if bare else "expected nothing more"
    raise MetricSyntaxError(text, position, f"{problem}, found {text[position]!r}", print_metric(metric))
