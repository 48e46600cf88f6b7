"""The one composition: case, record and protocol become a report. Pure: no file, no clock, no network.

The order is that of the physics: link the course, bind lesions and constraints, measure structures, evaluate metrics,
judge outcomes, fold the verdict. A finding of severity F ends it before anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rtcheck.conformity import external_of, targets_of
from rtcheck.crosschecks.absent import absent_finding
from rtcheck.crosschecks.look import (
    Looks,
    distrusted,
    look_at,
    look_at_parts,
    look_over,
    looks_for,
    stored_findings,
    target_maximum,
)
from rtcheck.dvh.engine import DEFAULT_STRUCTURE_MODEL, StructureModel
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import PHYSICAL
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.exhibits import Exhibits
from rtcheck.expected import expected_structures, target_of
from rtcheck.gather.gallery import Gallery, exhibits_of, note_doubts, show_lesions, show_structures, show_targets
from rtcheck.judging import Judged, judge_binding, severest
from rtcheck.measure import (
    Bench,
    Helpers,
    Problem,
    by_solid,
    dose_field,
    frame_findings,
    measure,
    measure_ahead,
    measured_findings,
    release,
)
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.record import PatientRecord
from rtcheck.provenance import plan_summaries, provenance
from rtcheck.reconcile import reconcile_all
from rtcheck.report import Report
from rtcheck.rules.binding import Binding, BindingContext, bind_constraint, needs_dose
from rtcheck.rules.conditions import fact_table
from rtcheck.rules.constraint import Protocol
from rtcheck.rules.counting import group_of
from rtcheck.rules.course import Course
from rtcheck.rules.eligibility import check_eligibility
from rtcheck.rules.groups import join_groups
from rtcheck.rules.lesions import LesionBinding, bind_lesions, lesion_state, unclaimed_targets
from rtcheck.rules.links import select_course, without_consequences
from rtcheck.rules.names import NameTable
from rtcheck.rules.no_limit import organs_without_limit
from rtcheck.rules.person import record_findings
from rtcheck.rules.prescription import check_dose_level, check_grid_level, check_prescriptions
from rtcheck.rules.registration import apply_registration
from rtcheck.rules.result import LesionResult
from rtcheck.rules.roles import role_findings
from rtcheck.rules.verdict import exit_code, fold_verdict
from rtcheck.touching import structure_findings, touched_rois, unconstrained, weaken_by_touch

__all__ = ["Settings", "check", "check_with_exhibits", "with_fail_on"]

_MEDIAN = Metric("Median", None, "", "Gy")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller chooses.

    Attributes:
        structure_model: overrides that of the protocol; None: the protocol's, else the program's default.
        names: the table of aliases; None: that of the protocol.
        software: package to version, for the provenance (the core does not look at its installation).
        fail_on: as ``--fail-on``; changes the exit code only.
        registration: SOP Instance UID of the Spatial Registration to apply; None applies none.
        helpers: compute structures ahead in other processes; None: all in this one. The report is the same.
    """

    structure_model: StructureModel | None = None
    names: NameTable | None = None
    software: Mapping[str, str] = field(default_factory=dict)
    fail_on: Literal["review", "never"] | None = None
    registration: str | None = None
    helpers: Helpers | None = field(default=None, repr=False, compare=False)


def check(case: Case, record: PatientRecord, protocol: Protocol, settings: Settings | None = None) -> Report:
    """Check one patient's plans against the registered lesions and the protocol's limits.

    Args:
        case: the export, as read.
        record: the trial's record of the patient.
        protocol: the limits and rules.
        settings: what the caller chooses.

    Returns:
        The report. Its verdict is None where a finding of severity F stands. The same input gives the same report.
    """
    return _run(case, record, protocol, settings or Settings(), None)[0]


def check_with_exhibits(
    case: Case, record: PatientRecord, protocol: Protocol, settings: Settings | None = None
) -> tuple[Report, Exhibits]:
    """Check as `check` does, and take along what a page shows beside the report; nothing is measured twice.

    Returns:
        The report, the same as that of `check`, and its exhibits. Pictures are not among them: they need images.
    """
    return _run(case, record, protocol, settings or Settings(), Gallery())


def _run(
    case: Case, record: PatientRecord, protocol: Protocol, settings: Settings, gallery: Gallery | None
) -> tuple[Report, Exhibits]:
    """Check; where a gallery is given, it is filled on the way."""
    course, moved = apply_registration(select_course(case, record), case.registrations, settings.registration)
    lesions, lesion_findings = bind_lesions(record.lesions, course)
    facts = fact_table(record, protocol.tiers, course.fractions, protocol.lesions)
    prescriptions = check_prescriptions(course, lesions)
    findings = [
        *case.findings, *_identity(case, record), *record_findings(case, record.facts),
        *without_consequences(case, course.findings), *moved,
        *lesion_findings, *prescriptions.findings, *check_eligibility(record, protocol, facts),
        *unclaimed_targets(record.lesions, course), *_status(protocol),
    ]  # fmt: skip
    draft = _Draft(case, record, protocol, settings, course)
    if _fatal(findings):
        return _report(draft, (), (), findings), exhibits_of(gallery, case, course, (), ())
    names = settings.names or protocol.names
    findings += organs_without_limit(protocol, facts, course.fractions, names)
    doubt = _dose_doubt(course)
    groups = join_groups(lesions, protocol.lesions)
    joined = {name: group[0] for name, group in groups.items()}
    context = BindingContext(course, lesions, names, facts, prescriptions.contradicted, doubt, joined)
    bindings = [binding for constraint in protocol.constraints for binding in bind_constraint(constraint, context)]
    bench = Bench(
        dose_field(course.parts), _model(draft), targets=targets_of(lesions), external=external_of(course.rois)
    )
    touched = touched_rois(bindings, lesions)
    findings += weaken_by_touch(frame_findings((roi for roi, _ in touched.values()), bench.dose), touched)
    if not any(binding.applies is not False and binding.constraint.priority != "report" for binding in bindings):
        findings.append(
            finding(
                "RTD806",
                protocol.id,
                "No constraint of the protocol that is judged applies to this "
                "plan and patient. Choose the protocol for this fractionation.",
            )
        )
    if _fatal(findings):
        return _report(draft, (), (), findings), exhibits_of(gallery, case, course, (), ())
    if any(grid.dose_type == "EFFECTIVE" for grid in course.grids):
        findings.append(
            finding(
                "RTD203",
                "dose",
                "The dose is of DoseType EFFECTIVE; the limits are of physical dose "
                "(or an EQD2 or BED made from it). No dose constraint is evaluated.",
            )
        )
    if settings.helpers is not None:
        measure_ahead(bench, expected_structures(lesions, bindings), settings.helpers)
    medians = {binding.lesion.id: _median(bench, binding) for binding in lesions if binding.lesion.consolidative}
    level = check_dose_level(
        [(binding.lesion, medians[binding.lesion.id]) for binding in lesions if binding.lesion.id in medians],
        course.fractions,
    )
    findings += level.findings if medians else check_grid_level(course)
    if level.scale_error:
        bindings = [_distrust(binding, level.scale_error) for binding in bindings]
    if gallery is not None:
        note_doubts(gallery, course, doubt, level.scale_error)
        show_lesions(gallery, lesions, bench, prescriptions.contradicted)
    doubt = doubt or (("RTD219", f"It would be {level.scale_error}.") if level.scale_error else None)
    checks = reconcile_all(lesions, course, bench, names, contradicted=prescriptions.contradicted, doubt=doubt)
    accept = protocol.conventions.undecided == "accept"
    looks = looks_for(course)
    maxima = [target_maximum(bench, binding) for binding in lesions if binding.lesion.consolidative]
    judged = _judge_all(bindings, bench, gallery, looks, accept=accept)
    findings += [item for entry in judged for item in entry.findings]
    results = [
        replace(
            _lesion_result(binding, judged, medians.get(binding.lesion.id)),
            reconciliation=checks.get(binding.lesion.id),
            group=group_of(binding.lesion, protocol.lesions),
            judged_with=tuple(each.lesion.id for each in groups.get(binding.lesion.id, ())[1:]),
        )
        for binding in lesions
    ]
    findings += _untreated(results)
    findings += [
        item for binding in lesions if binding.lesion.consolidative for item in _target_findings(bench, binding)
    ]
    known = [roi for roi, _ in touched.values()]
    doses = [value for value in maxima if value is not None]
    findings += weaken_by_touch(look_over(case, course, bench, lesions, known, doses, names), touched)
    look_at_parts(looks, bench, known)
    findings += weaken_by_touch((item for _, item in stored_findings(looks)), touched)
    warned = {item.code for item in findings if item.severity != "I"}
    findings += absent_finding(
        case, course, known, no_volume=looks.no_volume, no_curve=looks.no_curve, warned=warned
    )
    findings += role_findings(lesions, bindings)
    findings += structure_findings(bench, course, touched)
    report = _report(draft, judged, results, findings, unconstrained(course, bindings))
    if gallery is not None:
        show_targets(gallery, lesions, bench)
    return report, exhibits_of(gallery, case, course, report.outcomes, report.lesions)


def _judge_all(
    bindings: Sequence[Binding], bench: Bench, gallery: Gallery | None, looks: Looks, *, accept: bool
) -> tuple[Judged, ...]:
    """Judge every binding, in their order; each structure is measured for all of its metrics and then forgotten."""
    judged: dict[int, Judged] = {}
    for places in by_solid(binding.solid for binding in bindings):
        for place in places:
            judged[place] = judge_binding(bindings[place], bench, accept=accept)
        solid = bindings[places[0]].solid
        if gallery is not None:
            show_structures(gallery, bindings, judged, places, bench)
        doubted = look_at(looks, bench, solid)
        if doubted is not None:
            judged.update({place: distrusted(judged[place], doubted) for place in places})
        if solid is not None:
            release(bench, solid)
    return tuple(judged[place] for place in range(len(bindings)))


def with_fail_on(report: Report, fail_on: Literal["review", "never"] | None) -> Report:
    """Return the report with the exit code that ``--fail-on`` asks for; its verdict stays."""
    return replace(report, exit_code=exit_code(report.verdict, fail_on))


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """What every report of one check has in common."""

    case: Case
    record: PatientRecord
    protocol: Protocol
    settings: Settings
    course: Course


def _fatal(findings: Iterable[Finding]) -> bool:
    return any(item.severity == "F" for item in findings)


def _identity(case: Case, record: PatientRecord) -> list[Finding]:
    """Refuse a record of another patient (RTD101). No identifier is printed here."""
    known = {record.patient_id, *record.dicom_ids}
    if case.patient_ids and known.issuperset(case.patient_ids):
        if len(case.patient_ids) == 1:
            return []
        problem = (
            f"The objects of the export carry {len(case.patient_ids)} different identifiers, all of which the "
            "registry lists as this patient's (patient.id, patient.dicom_ids). Confirm that they are one patient."
        )
        return [finding("RTD101", "patient", problem, "W", identifiers=len(case.patient_ids))]
    if not case.patient_ids:
        what = "is empty"
    elif len(case.patient_ids) == 1:
        what = "differs from the registry's"
    else:
        what = "differs between objects, and the registry does not list every one"
    return [
        finding(
            "RTD101",
            "patient",
            f"The PatientID (0010,0020) of the export {what} (registry: patient.id, "
            "patient.dicom_ids). Use the record of this patient, or list the export's ids in dicom_ids.",
        )
    ]


def _status(protocol: Protocol) -> list[Finding]:
    if protocol.status == "approved":
        return []
    return [
        finding("RTD805", protocol.id, "The protocol is a draft. A site approves its own copy before relying on it.")
    ]


def _dose_doubt(course: Course) -> tuple[str, str] | None:
    """Why no dose metric may be evaluated on these doses: (code, sentence)."""
    if any(grid.dose_type == "EFFECTIVE" for grid in course.grids):
        return "RTD203", (
            "The dose is of DoseType EFFECTIVE (a biological correction was applied when it was "
            "exported); it is not compared with a limit on physical dose. Export the physical dose."
        )
    for grid in course.grids:
        for item in grid.findings:
            if item.severity == "E":
                return item.code, f"The dose is in doubt: {item.message}"
    return None


def _model(draft: _Draft) -> StructureModel:
    return draft.settings.structure_model or draft.protocol.conventions.structure_model or DEFAULT_STRUCTURE_MODEL


def _distrust(binding: Binding, explanation: str) -> Binding:
    """Take the dose metrics out where one wrong scale explains the dose of every target."""
    metrics = [binding.metric] + ([binding.constraint.goal_table.by] if binding.constraint.goal_table else [])
    if binding.applies is False or binding.code or not any(needs_dose(metric) for metric in metrics):
        return binding
    return replace(binding, code="RTD219", reason=f"The dose level is implausible: it would be {explanation}.")


# --- lesions ----------------------------------------------------------------------------------------------------------


def _median(bench: Bench, binding: LesionBinding) -> MetricValue:
    """Return the median physical dose in the target of a lesion."""
    target = target_of(binding)
    if target is None:
        return MetricValue(None, None, None, "Gy", "It has no target structure that can be used.", "RTD301")
    dose = measure(bench, *target, PHYSICAL)
    if isinstance(dose, Problem):
        return MetricValue(None, None, None, "Gy", dose.reason, dose.code)
    return evaluate(dose, _MEDIAN, binding.lesion.dose_gy)


def _target_findings(bench: Bench, binding: LesionBinding) -> tuple[Finding, ...]:
    target = target_of(binding)
    return () if target is None else measured_findings(bench, target[1])


def _lesion_result(binding: LesionBinding, judged: Sequence[Judged], median: MetricValue | None) -> LesionResult:
    lesion = binding.lesion
    own = [index for index, entry in enumerate(judged) if entry.outcome.lesion == lesion.id]
    state, reason = lesion_state(binding, [judged[index].outcome for index in own], median)
    structures = {
        role: tuple(roi.name for roi in binding.roles[role].rois) if role in binding.roles else ()
        for role in ("gtv", "ctv", "ptv")
        if role != "ctv" or role in binding.roles
    }
    return LesionResult(
        lesion.id, lesion.organ, lesion.kind, state, reason, structures, tuple(own), lesion.dose_gy, lesion.fractions,
        site=lesion.site,
        intent="resolved" if not lesion.active else "palliative" if lesion.palliative else "consolidative",
    )  # fmt: skip


def _untreated(results: Iterable[LesionResult]) -> list[Finding]:
    return [
        finding("RTD757", result.id, f"Lesion {result.id} is registered but not treated. {result.reason}")
        for result in results
        if result.state == "NOT_TREATED"
    ]


# --- the report -------------------------------------------------------------------------------------------------------


def _report(
    draft: _Draft,
    judged: Sequence[Judged],
    lesions: Sequence[LesionResult],
    findings: Iterable[Finding],
    unconstrained: tuple[str, ...] = (),
) -> Report:
    outcomes = tuple(entry.outcome for entry in judged)
    settled = severest(findings)
    verdict = fold_verdict(outcomes, lesions, settled)
    used = sorted({outcome.source for outcome in outcomes})
    sources = draft.protocol.sources
    return Report(
        verdict=verdict,
        exit_code=exit_code(verdict, draft.settings.fail_on),
        patient_id=draft.case.patient_id or (draft.record.patient_id if draft.case.patient_ids else ""),
        plans=plan_summaries(draft.course),
        lesions=tuple(lesions),
        outcomes=outcomes,
        findings=settled,
        provenance=provenance(
            draft.case,
            draft.record,
            draft.protocol,
            draft.settings.names or draft.protocol.names,
            _model(draft),
            draft.settings.software,
            draft.settings.registration,
        ),
        unconstrained=unconstrained,
        sources={key: sources[key].citation for key in used if key in sources},
        reveals_arm=any(item.code == "RTD759" for item in settled),
    )
