"""DVHs and metrics of an export, without judgement: what ``rtcheck dvh`` shows.

The course is linked by the same rules as in a check. Only where an export has exactly one dose and one structure set in
one frame of reference, and no plan, are these two taken together, and the table says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtcheck.conformity import AROUND_KINDS, evaluate_index, external_of
from rtcheck.crosschecks.look import look_at, looks_for, stored_findings
from rtcheck.dvh.cumulative import curve_points
from rtcheck.dvh.engine import DEFAULT_STRUCTURE_MODEL, StructureModel
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import PHYSICAL, Quantity
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.notation import print_metric
from rtcheck.judging import severest
from rtcheck.measure import (
    Bench,
    Helpers,
    Problem,
    dose_field,
    frame_findings,
    measure,
    measure_ahead,
    release,
    roi_findings,
)
from rtcheck.model.arrays import FloatArray
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course, CoursePart
from rtcheck.rules.links import select_course, several_patients
from rtcheck.rules.names import NameTable, match_name
from rtcheck.rules.registration import apply_registration
from rtcheck.rules.resolve import BoundROI

__all__ = ["DVHRow", "DVHTable", "dvh_table"]

_VOLUME = Metric("Volume", None, "", "cc")
_WITH_VOLUME = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_LINKS = ("RTD102", "RTD103")


@dataclass(frozen=True, slots=True, eq=False)
class DVHRow:
    """One structure.

    Attributes:
        name, number: of the ROI.
        volume: in cm³ with its interval.
        metrics: canonical text and value, in the order asked.
        dose_gy, volume_cm3: (n,) cumulative curve of the part inside the dose grid; empty where there is none.
    """

    name: str
    number: int
    volume: MetricValue
    metrics: tuple[tuple[str, MetricValue], ...]
    dose_gy: FloatArray
    volume_cm3: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DVHTable:
    """The structures in the order of the export, and what was noticed.

    Attributes:
        exit_code: 0, or 4 where a finding of severity F stands (then there are no rows).
        model: structure model of the values.
    """

    rows: tuple[DVHRow, ...]
    findings: tuple[Finding, ...]
    model: str
    exit_code: int


def dvh_table(
    case: Case,
    names: Sequence[str] = (),
    metrics: Sequence[Metric] = (),
    *,
    model: StructureModel | None = None,
    table: NameTable | None = None,
    points: int = 201,
    registration: str | None = None,
    helpers: Helpers | None = None,
) -> DVHTable:
    """Measure structures of an export.

    Args:
        case: the export.
        names: of the structures wanted, exact or through the table of names; empty: every structure with a volume.
        metrics: asked of each. One that needs a prescription has no value here, with that reason.
        model: structure model; None: the default.
        table: aliases of structure names.
        points: of each curve.
        registration: SOP Instance UID of the Spatial Registration to apply; None applies none.
        helpers: compute structures ahead in other processes; None: all in this one. The table is the same.

    Returns:
        The table. A wanted name that is absent or ambiguous is RTD301 or RTD302 and has no row.
    """
    chosen_model = model or DEFAULT_STRUCTURE_MODEL
    course = select_course(case, None)
    if not case.plans:
        course = _without_plan(case, course)
    course, moved = apply_registration(course, case.registrations, registration)
    findings = [*case.findings, *several_patients(case), *course.findings, *moved]
    rois, missed = _choose(course, names, table or NameTable((), {}))
    findings += missed
    if not any(item.severity == "F" for item in findings):
        findings += frame_findings(rois, dose_field(course.parts))
    if any(item.severity == "F" for item in findings):
        return DVHTable((), severest(findings), chosen_model, 4)
    if any(grid.dose_type == "EFFECTIVE" for grid in course.grids):
        note = "All doses shown are of DoseType EFFECTIVE: a biological correction was applied before the export."
        findings.append(finding("RTD203", "dose", note, "I"))
    bench = Bench(dose_field(course.parts), chosen_model, external=external_of(course.rois))
    if helpers is not None:
        measure_ahead(bench, [(_name(roi), BoundROI(roi)) for roi in rois], helpers)
    rows: list[DVHRow] = []
    looks = looks_for(course)
    for roi in rois:
        row, noticed = _row(bench, course, roi, metrics, points)
        findings += [*noticed, *roi_findings(bench, roi)]
        look_at(looks, bench, BoundROI(roi))
        release(bench, BoundROI(roi))
        if row is not None:
            rows.append(row)
    findings += [item for _, item in stored_findings(looks)]
    return DVHTable(tuple(rows), severest(findings), chosen_model, 0)


def _without_plan(case: Case, course: Course) -> Course:
    """Take one dose and one structure set together where nothing else could be meant (RTD108)."""
    if len(case.doses) != 1 or len(case.structure_sets) != 1:
        return course
    dose, structures = case.doses[0], case.structure_sets[0]
    kept = [item for item in course.findings if item.code not in _LINKS]
    note = finding(
        "RTD108",
        dose.source,
        "There is no plan: the only dose and the only structure set were taken "
        "together because they share a frame of reference. What the dose stands for is not known "
        f"(DoseSummationType {dose.summation_type}).",
    )
    parts = (CoursePart((), (dose,), None),)
    return Course((), parts, (structures,), (), (*kept, note, *dose.findings, *structures.findings))


def _choose(course: Course, names: Sequence[str], table: NameTable) -> tuple[tuple[ROI, ...], list[Finding]]:
    """Return the wanted ROIs, each once, and what was not found."""
    if not names:
        return tuple(roi for roi in course.rois if any(kind in _WITH_VOLUME for kind in roi.contours.kinds)), []
    chosen: dict[int, ROI] = {}
    findings: list[Finding] = []
    for name in names:
        match = match_name(name, course.rois, table)
        if match.kind in ("exact", "alias", "composed"):
            chosen.update({id(roi): roi for roi in match.rois})
        else:
            findings.append(finding(match.code, name, match.reason))
    return tuple(chosen.values()), findings


def _name(roi: ROI) -> str:
    return roi.name or f"ROI {roi.number}"


def _row(
    bench: Bench, course: Course, roi: ROI, metrics: Sequence[Metric], points: int
) -> tuple[DVHRow | None, tuple[Finding, ...]]:
    name = _name(roi)
    dose = measure(bench, name, BoundROI(roi), PHYSICAL)
    if isinstance(dose, Problem):
        return None, (finding(dose.code, name, dose.reason),)
    values = tuple((print_metric(metric), _value(bench, course, roi, metric)) for metric in metrics)
    doses, volumes = curve_points(dose.value, points)
    return DVHRow(name, roi.number, evaluate(dose, _VOLUME, None), values, doses, volumes), dose.findings


def _value(bench: Bench, course: Course, roi: ROI, metric: Metric) -> MetricValue:
    quantity: Quantity = metric.biological
    if quantity is not None:
        if quantity.ab is None:
            return MetricValue(
                None, None, None, metric.unit, "The metric needs its α/β, such as {EQD2;ab=3}.", "RTD508"
            )
        if any(part.fractions is None or len(part.plans) > 1 for part in course.parts):
            return MetricValue(
                None, None, None, metric.unit, f"{quantity.kind} needs the number of fractions of each plan.", "RTD502"
            )
    if metric.kind in ("RxTotal", "BED"):
        return MetricValue(None, None, None, metric.unit, "There is no prescription in this table.", "RTD501")
    if metric.kind in (*AROUND_KINDS, "Veff") and metric.needs_prescription:
        reason = (
            f"{print_metric(metric)} refers to a prescription, and this table has none: ask rtcheck check, with a "
            "constraint on @lesion.ptv and the lesion's dose_gy in the registry."
        )
        return MetricValue(None, None, None, metric.unit, reason, "RTD501")
    if metric.kind in AROUND_KINDS:
        return evaluate_index(bench, roi.name, BoundROI(roi), metric, None).value
    dose = measure(bench, roi.name, BoundROI(roi), quantity)
    if isinstance(dose, Problem):
        return MetricValue(None, None, None, metric.unit, dose.reason, dose.code)
    return evaluate(dose, metric, None)
