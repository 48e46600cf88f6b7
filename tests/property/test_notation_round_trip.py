"""Laws of the notation of metrics."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.dvh.metric import Biological, Metric
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.errors import MetricSyntaxError

number = st.floats(min_value=1e-4, max_value=1e5)
percent = st.floats(min_value=1e-4, max_value=100.0)
quantity = st.none() | st.builds(Biological, st.sampled_from(["EQD2", "BED"]), st.none() | number)


@st.composite
def metrics(draw):
    """Any metric that means something."""
    kind = draw(
        st.sampled_from(
            [
                "D",
                "DC",
                "V",
                "CV",
                "Mean",
                "Max",
                "Min",
                "Median",
                "Volume",
                "gEUD",
                "BED",
                "RxTotal",
                "Veff",
                "D2cm",
                "GI",
                "R50",
                "CI_Paddick",
                "CI_RTOG",
                "HI_ICRU83",
            ]
        )
    )
    biological = draw(quantity)
    if kind in ("D", "DC"):
        at_unit = draw(st.sampled_from(["%", "cc"]))
        unit = "Gy" if biological else draw(st.sampled_from(["Gy", "%"]))
        return Metric(kind, draw(percent if at_unit == "%" else number), at_unit, unit, biological)
    if kind in ("V", "CV"):
        at_unit = "Gy" if biological else draw(st.sampled_from(["Gy", "%"]))
        return Metric(
            kind, draw(percent if at_unit == "%" else number), at_unit, draw(st.sampled_from(["%", "cc"])), biological
        )
    if kind in ("Mean", "Max", "Min", "Median"):
        return Metric(kind, None, "", "Gy" if biological else draw(st.sampled_from(["Gy", "%"])), biological)
    if kind == "gEUD":
        return Metric(kind, draw(number) * draw(st.sampled_from([1, -1])), "", "Gy", biological)
    unit = {"Volume": "cc", "BED": "Gy", "RxTotal": "Gy", "Veff": "%", "D2cm": "Gy"}.get(kind, "")
    return Metric(kind, draw(number) if kind == "BED" else None, "", unit)


@settings(derandomize=True, max_examples=400)
@given(metrics())
def test_parsing_a_printed_metric_gives_it_back(metric):
    """Printing and parsing are inverse, and the printed text is canonical."""
    text = print_metric(metric)
    assert parse_metric(text) == metric
    assert print_metric(parse_metric(text)) == text


@settings(derandomize=True, max_examples=400)
@given(st.text(alphabet="DVCcMeanxGygbd%[](){}=;0123456789. -_@#EQBTa", max_size=14))
def test_any_text_is_read_or_refused_with_its_place(text):
    """No text makes anything but a metric or a refusal whose position lies in the text."""
    with contextlib.suppress(MetricSyntaxError):
        try:
            parse_metric(text)
        except MetricSyntaxError as fault:
            assert 0 <= fault.position <= len(text)
            assert fault.suggestion is None or parse_metric(fault.suggestion)
            raise
