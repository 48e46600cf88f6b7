"""For every finding code an export that raises it and one that comes near and must not: see `test_codes.py`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from pydicom import Dataset

from tests.acceptance.code_kit import (
    Case,
    beams,
    boxes,
    change,
    cord_with,
    dose,
    dvh_sequence,
    image_patient,
    iso,
    other_frame,
    plan,
    raw,
    references,
    registration,
    rois_with,
    struct,
)
from tests.acceptance.kit import ABSENT, LESIONS, constraint, protocol_text, registry_text
from tests.acceptance.trap_tools import CORD_VOLUME, cord_loops
from tests.synthetic.dicom import BeamSpec, RoiSpec, box_grid, rt_dose, rt_plan, set_raw, uid
from tests.synthetic.encode import cut, duplicate_element, encode, shorten_pixels
from tests.synthetic.simple import BOXES, GRID, REGISTRY, box_contours, step

__all__ = ["CASES"]

LOW, HIGH = (-78, -66, -63), (78, 66, 72)
LUNG = protocol_text(constraint("lung", structure="Lung_L", metric="Mean[Gy]", goal="<= 30 Gy"), coverage=False)
MEAN = protocol_text(constraint("mean", metric="Mean[Gy]", goal="<= 10 Gy"), coverage=False)
SHORT = box_grid(LOW, (78, 66, 30))
ALL_IN = box_grid(LOW, (78, 66, 69))


def only(*rows: Any, **options: Any) -> str:
    """A protocol of these constraints alone."""
    return protocol_text(*rows, coverage=False, **options)


def nested(depth: int) -> Any:
    """A structure set with items inside items."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        inner = Dataset()
        for _ in range(depth):
            outer = Dataset()
            outer.ReferencedStudySequence = [inner]
            inner = outer
        datasets["struct"].ReferencedStudySequence = [inner]

    return {"mutate": mutate}


def second_dose(**options: Any) -> Any:
    """Another dose beside the first."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        datasets["other"] = rt_dose(step(low_gy=1.0), GRID, seed="simple", role="other", **options)

    return {"mutate": mutate}


def group_dose(summation: str, number: int) -> Any:
    """The dose of one fraction group, total."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        datasets["dose"] = rt_dose(step(), GRID, seed="simple", summation=summation, fraction_group=number)

    return {"mutate": mutate}


def plans(*counts: int, summed: tuple[str, ...] | None = None, replaced: bool = False) -> Any:
    """Plans P1, P2 ... of these numbers of fractions, each with its dose, or one MULTI_PLAN dose of `summed`."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        kept = datasets["plan"].DoseReferenceSequence
        del datasets["plan"], datasets["dose"]
        each = [BeamSpec(1, "Arc", dose_gy=50.0 / len(counts) / count, meterset=2500.0) for count in counts]
        for index, (count, beam) in enumerate(zip(counts, each, strict=True), 1):
            made = rt_plan(seed="simple", fractions=count, beams=[beam], label=f"P{index}", role=f"plan{index}")
            made.DoseReferenceSequence = copy.deepcopy(kept)
            for item in made.DoseReferenceSequence:
                item.TargetPrescriptionDose = str(50.0 / len(counts))
            if replaced and index == 2:
                item = Dataset()
                item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = made.SOPClassUID, uid("simple", "plan1")
                item.RTPlanRelationship = "PREDECESSOR"
                made.ReferencedRTPlanSequence = [item]
            datasets[f"plan{index}"] = made
            share = (1 + 0.1 * (2 * index - len(counts) - 1)) / len(counts)
            part = step(high_gy=53.0 * share, low_gy=2.0 * share)
            if summed is None:
                datasets[f"dose{index}"] = rt_dose(
                    part, GRID, seed="simple", role=f"dose{index}", plan_uids=[uid("simple", f"plan{index}")]
                )
        if summed is not None:
            uids = [uid("simple", name) for name in summed]
            datasets["dose"] = rt_dose(step(), GRID, seed="simple", summation="MULTI_PLAN", plan_uids=uids)

    return {"mutate": mutate}


def beam_doses(*present: int) -> Any:
    """A plan of two beams with BEAM doses of some of them."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        kept = datasets["plan"].DoseReferenceSequence
        specs = [BeamSpec(number, f"B{number}", dose_gy=5.0, meterset=100.0) for number in (1, 2)]
        datasets["plan"] = rt_plan(seed="simple", fractions=5, beams=specs, label="SIMPLE")
        datasets["plan"].DoseReferenceSequence = kept
        del datasets["dose"]
        for number in present:
            part = step(high_gy=53.0 * number / 3, low_gy=2.0 * number / 3)
            datasets[f"dose{number}"] = rt_dose(
                part, GRID, seed="simple", role=f"dose{number}", beams=(number,), summation="BEAM"
            )

    return {"mutate": mutate}


def named(encoding: str, label: str | None, name: str) -> Any:
    """A label of the structure set in bytes of `encoding` under the character set `label`."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        if label is None:
            del datasets["struct"].SpecificCharacterSet
        else:
            datasets["struct"].SpecificCharacterSet = label
        set_raw(datasets["struct"], "StructureSetLabel", name.encode(encoding))

    return {"mutate": mutate}


def saturated(count: int) -> Any:
    """The first `count` voxels of the hot part stand at the largest integer, with room below."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        values = np.frombuffer(datasets["dose"].PixelData, "<u2").copy()
        values[np.flatnonzero(values > values.max() / 2)[:count]] = 65535
        datasets["dose"]["PixelData"].value = values.tobytes()

    return {"mutate": mutate}


def point_count(extra: int) -> Any:
    """NumberOfContourPoints of one contour of the cord, off by `extra`."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        datasets["struct"].ROIContourSequence[4].ContourSequence[7].NumberOfContourPoints = 4 + extra

    return {"mutate": mutate}


def without_frame(datasets: dict[str, Dataset]) -> None:
    """The cord states no frame of reference."""
    datasets["struct"].StructureSetROISequence[4].ReferencedFrameOfReferenceUID = ""


def shifted_plane(by: float) -> Any:
    """One plane of the cord stands `by` mm higher."""
    return cord_with([loop + np.array([0, 0, by * (k == 9)]) for k, loop in enumerate(cord_loops())])


def tilted(rise: float) -> Any:
    """One contour of the cord leaves its plane by `rise` mm."""
    loops = cord_loops()
    loops[9][0, 2] += rise
    return cord_with(loops, decimals=3)


def bow_tie() -> Any:
    """One contour of the cord crosses itself."""
    loops = cord_loops()
    loops[15] = loops[15][[0, 1, 3, 2]]
    return cord_with(loops)


def keyhole() -> Any:
    """The cord with a hole, drawn as one path."""
    outer = [(-5, 42), (5, 42), (5, 52), (-5, 52), (-5, 42)]
    inner = [(-3, 44), (-3, 50), (3, 50), (3, 44), (-3, 44)]
    return cord_with([np.array([(a, b, loop[0, 2]) for a, b in outer + inner], float) for loop in cord_loops()])


def beside(shift: float) -> Any:
    """A second contour on one plane of the cord, `shift` mm to the left."""
    loops = cord_loops()
    return cord_with([*loops, loops[20] + np.array([shift, 0, 0])])


def revised_beside() -> Any:
    """A later revision of the structure set beside the one that the plan refers to."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        datasets["revised"] = copy.deepcopy(datasets["struct"])
        datasets["revised"].SOPInstanceUID = uid("simple", "struct", "revised")
        datasets["revised"].StructureSetLabel = "REVISED"

    return {"mutate": mutate}


def other_study() -> Any:
    """The dose is in a study of its own; it refers to plan and structures by UID all the same."""
    return change("dose", StudyInstanceUID=uid("other", "study"), SeriesInstanceUID=uid("other", "series"))


def closed_twice() -> Any:
    """One contour of the cord repeats its first vertex at its end."""
    loops = cord_loops()
    loops[7] = np.concatenate([loops[7], loops[7][:1]])
    return cord_with(loops)


def frame_listed_second(datasets: dict[str, Dataset]) -> None:
    """The structure set lists another frame of reference before that of its structures."""
    item = Dataset()
    item.FrameOfReferenceUID = uid("other", "frame")
    datasets["struct"].ReferencedFrameOfReferenceSequence.insert(0, item)


def drawn_bolus() -> Any:
    """A beam with a bolus that it names and that is drawn."""
    roi = RoiSpec("Bolus", 30, box_contours((20, 40), (-66, -60), (-9, 9)), "BOLUS")

    def mutate(datasets: dict[str, Dataset]) -> None:
        beam, item = datasets["plan"].BeamSequence[0], Dataset()
        item.ReferencedROINumber = 30
        beam.NumberOfBoli, beam.ReferencedBolusSequence = 1, [item]

    return {**rois_with(roi), "mutate": mutate}


def second_level(dose_gy: float) -> Any:
    """The second target receives another dose than the first."""
    first, second = step(["PTV_L1"], low_gy=2.0), step(["PTV_L2"], dose_gy, 0.0)
    return {"dose": lambda points: np.maximum(first(points), second(points))}


def override(x: tuple[float, float]) -> Any:
    """A box of assigned density beside or in the target of L1."""
    return rois_with(RoiSpec("Artefact", 30, box_contours(x, (-20, 0), (-24, -9)), "CONTROL",
                             relative_electron_density=1.0))  # fmt: skip


def everything_stated() -> Any:
    """An override in a target and a prior plan, which are warnings of their own, and all else that is optional."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = datasets["plan"].SOPClassUID, uid("earlier")
        item.RTPlanRelationship = "PRIOR"
        datasets["plan"].ReferencedRTPlanSequence = [item]
        datasets["plan"].PlanIntent = "CURATIVE"
        datasets["dose"].SpatialTransformOfDose = "NONE"
        for ds in datasets.values():
            ds.PatientSex = "F"
        structures = datasets["struct"]
        every = zip(structures.StructureSetROISequence, structures.RTROIObservationsSequence, strict=True)
        for definition, observation in every:
            identity = Dataset()
            identity.CodeValue, identity.CodingSchemeDesignator = "1", "99TEST"
            identity.CodeMeaning = observation.ROIObservationLabel = definition.ROIName
            observation.RTROIIdentificationCodeSequence = [identity]

    return {**override((-40, -30)), "mutate": mutate}


def hot_spot(x: float, y: float, z: float) -> Any:
    """60 Gy in a few voxels about a point."""

    def field(points: Any) -> Any:
        return np.where(np.all(np.abs(points - [x, y, z]) < 5, axis=-1), 60.0, step()(points))

    return {"dose": field}


def comb(*, in_step: bool) -> Any:
    """The cord as strips across ten planes; in step with the lines of the second engine, or evenly filled.

    The lines of plane k lie at ``(line + 0.618 k mod 1)`` of their distance, 48 or 12 on a plane: strips that are put
    there alone make half-empty planes look full.
    """
    loops, pitch = [], 1.0
    for k in range(10):
        at, z = k * 0.6180339887498949 % 1.0, 3.0 * k
        centres = sorted({at, 4 * at % 1.0})
        if not in_step:
            spans = [(0.0, 0.5)]
        elif centres[-1] - centres[0] < 0.25:
            spans = [(max(centres[0] - 0.1, 0.02), min(centres[-1] + 0.1, 0.98))]
        else:
            spans = [(max(centre - 0.1, 0.02), min(centre + 0.1, 0.98)) for centre in centres]
        spans_of = [[(0.0, 0.01), *spans]] + [spans] * 46 + [[*spans, (0.99, 1.0)]]
        for strip, edges in enumerate(spans_of):
            for low, high in edges:
                loops += box_contours((-5, 5), (-20 + (strip + low) * pitch, -20 + (strip + high) * pitch), (z, z))
    return cord_with(loops, decimals=6)


def rule(bears_on: str, key: str) -> str:
    """A protocol with one rule of the trial."""
    requires = {key: {"above": 3.0}}
    return only(constraint("cord"), eligibility=[{"id": "T.rule", "requires": requires, "bears_on": bears_on}])


def lesions(*changes: dict[str, Any]) -> str:
    """The registry with changed lesions."""
    made = [{**lesion, **change_} for lesion, change_ in zip(LESIONS, changes, strict=False)]
    return registry_text(lesions=made)


PTV = constraint("ptv", structure="@lesion.ptv", metric="Max[Gy]", goal="<= 52 Gy")
DRAFT = {"status": "draft", "approved_by": ABSENT, "approved_on": ABSENT}
GRID_6, GRID_4 = box_grid(LOW, HIGH, (6, 6, 6)), box_grid(LOW, HIGH, (4, 4, 4))
NEARLY_EVEN = box_grid(LOW, HIGH, plane_positions=[-63.0, -60.0, -56.9995, *np.arange(-54.0, 73.0, 3.0).tolist()])
TRAILING_PADDING = b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\0\0\0\0"
UNEVEN = box_grid(LOW, HIGH, plane_positions=[-63.0, -60.0, *np.arange(-55.0, 73.0, 3.0).tolist()])

CASES: dict[str, Case] = {
    # --- intake: what must not raise the code is looked at with `inspect`, which reports the same reading -----------
    "RTD001": Case("F", {"mutate_bytes": {"dose": lambda _: b"no image and no dose " * 40}},
                   {"mutate_bytes": {"dose": lambda data: b"II*\0".ljust(128, b"x") + data[128:]}}),
    "RTD002": Case("F", {"mutate_bytes": {"struct": lambda data: cut(data, len(data) - 41)}},
                   {"undefined_lengths": True}),
    "RTD003": Case("F", {"header": False, **struct(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.99")}, {"header": False}),
    "RTD004": Case(
        "F",
        {"mutate_bytes": {"dose": lambda data: data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0", 1)}},
        {"encoding": "implicit"},
    ),
    "RTD005": Case("F", nested(40), nested(9)),
    "RTD006": Case(
        "F", near=second_dose(summation="RECORD"),
        extra={"twin.dcm": lambda _: encode(rt_dose(step(low_gy=1.0), GRID, seed="simple"))},
    ),
    "RTD007": Case("I", near=second_dose(summation="RECORD"), extra={"copy.dcm": lambda files: files["dose"]}),
    "RTD008": Case("F", raw("dose", "PixelSpacing", b"3\\1.0D0"), raw("dose", "PixelSpacing", b"3.0\\+30E-1")),
    "RTD009": Case("F", raw("dose", "PixelSpacing", b"3\\3\\"), raw("dose", "PixelSpacing", b"3 \\3 ")),
    "RTD010": Case("E", {"mutate_bytes": {"dose": lambda data: duplicate_element(data, "SeriesNumber", b"2 ")}},
                   {"mutate": lambda datasets: setattr(datasets["dose"].ReferencedRTPlanSequence[0], "SeriesNumber",
                                                       2)}),
    "RTD011": Case("W", named("gb18030", "ISO_IR 100", "肝脏组织"), named("utf-8", "ISO_IR 192", "肝脏组织")),
    "RTD012": Case("E", change("dose", PatientID=""), raw("dose", "PatientID", b"TEST-0001   ")),
    "RTD013": Case("F", dose(DoseSummationType="TOTAL"), raw("dose", "DoseSummationType", b"PLAN  ")),
    "RTD014": Case("W", {"mutate_bytes": {"dose": lambda data: data + b"\0\0"}},
                   {"mutate_bytes": {"dose": lambda data: data + TRAILING_PADDING}}),
    "RTD015": Case("F", dose(Modality="CT"), raw("dose", "Modality", b"RTDOSE  ")),
    "RTD016": Case("I", near=everything_stated(), registry=REGISTRY),
    # --- identity and links ----------------------------------------------------------------------------------------
    "RTD101": Case("F", dose(PatientBirthDate="19700101"),
                   dose(PatientName="SYNTHETIC^phantom^^", PatientBirthDate="")),
    "RTD102": Case("F", group_dose("PLAN", 3), group_dose("PLAN", 1)),
    "RTD103": Case("F", struct(SOPInstanceUID=uid("simple", "struct", "revised")), revised_beside()),
    "RTD104": Case("F", second_dose(), second_dose(summation="RECORD")),
    "RTD105": Case("F", plans(5, 5, replaced=True), plans(5, 5)),
    "RTD106": Case("E", plans(5, 5, summed=("plan1", "elsewhere")), plans(5, 5, summed=("plan1", "plan2"))),
    "RTD108": Case("W", {"mutate": lambda datasets: datasets.pop("plan")}, args=("--roi", "SpinalCord"),
                   near=other_study(), near_args=("--roi", "SpinalCord"), command="dvh"),
    "RTD109": Case("F", plan(PlanIntent="VERIFICATION"), plan(PlanIntent="PALLIATIVE")),
    "RTD110": Case("W", plan(ApprovalStatus="UNAPPROVED"), raw("plan", "ApprovalStatus", b"APPROVED  ")),
    "RTD112": Case("W", plan(RTPlanDate="20260303", ReviewDate="20260304"), plan(RTPlanDate="20260301")),
    # --- dose grid -------------------------------------------------------------------------------------------------
    "RTD201": Case("F", dose(DoseUnits="RELATIVE"), raw("dose", "DoseUnits", b"GY  ")),
    "RTD203": Case("E", dose(DoseType="EFFECTIVE"), beams(BeamDoseType="EFFECTIVE")),
    "RTD204": Case("F", dose(DoseSummationType="CONTROL_POINT"), group_dose("FRACTION", 1)),
    "RTD205": Case("E", dose(DoseSummationType="FRACTION_SESSION"), group_dose("FRACTION", 1)),
    "RTD206": Case("F", dose(DoseGridScaling="0"), raw("dose", "DoseGridScaling", b"1.0000E-3")),
    "RTD207": Case("F", dose(PixelRepresentation=1), {"bits": 32}),
    "RTD208": Case("F", {"mutate": lambda datasets: shorten_pixels(datasets["dose"], 2)}, {"bits": 32}),
    "RTD209": Case(
        "F", dose(GridFrameOffsetVector=[0, 0, *range(6, 136, 3)][:46]), {"grid": box_grid(LOW, HIGH, descending=True)}
    ),
    "RTD210": Case(
        "F", {"grid": box_grid(LOW, HIGH, position="HFP", absolute=True)}, {"grid": box_grid(LOW, HIGH, absolute=True)}
    ),
    "RTD212": Case("W", {"grid": UNEVEN}, {"grid": NEARLY_EVEN}),
    "RTD213": Case("F", dose(ImageOrientationPatient=[1, 0, 0, 0.1, 1, 0]),
                   {"grid": box_grid(LOW, HIGH, position="HFP")}),
    "RTD214": Case("I", {"grid": box_grid(LOW, HIGH, position="FFS")}, {"grid": box_grid(LOW, HIGH, descending=True)}),
    "RTD216": Case("W", {"grid": GRID_6}, {"grid": box_grid(LOW, HIGH, (3.5, 3.5, 3.5))}, registry=REGISTRY),
    "RTD217": Case("E", saturated(40), saturated(1), near_note=True),
    "RTD219": Case("E", {"dose": step(high_gy=10.6, low_gy=0.4)}, {"dose": step(high_gy=60.0)}, registry=REGISTRY),
    "RTD221": Case("W", dose(TissueHeterogeneityCorrection="WATER"),
                   dose(TissueHeterogeneityCorrection=["IMAGE", "ROI_OVERRIDE"])),
    # --- structures ------------------------------------------------------------------------------------------------
    "RTD301": Case("E", rois_with(SpinalCord="Marrow"), rois_with(SpinalCord="SPINALCORD")),
    "RTD302": Case("E", rois_with(RoiSpec("SpinalCord", 30, cord_loops())),
                   rois_with(RoiSpec("Cord_PRV", 30, cord_loops()))),
    "RTD303": Case("E", cord_with([]), cord_with(cord_loops()[:1])),
    "RTD304": Case("I", rois_with(SpinalCord="Spinal cord"),
                   rois_with(RoiSpec("Spinal cord", 30, box_contours((-5, 5), (-40, -30), (-54, 63))))),
    "RTD305": Case("E", point_count(1), closed_twice()),
    "RTD306": Case("E", tilted(2.0), tilted(0.02)),
    "RTD307": Case("E", bow_tie(), keyhole()),
    "RTD308": Case("I", keyhole(), beside(12.0)),
    "RTD309": Case("E", beside(5.0), beside(12.0)),
    "RTD311": Case("W", beside(0.0), beside(12.0)),
    "RTD312": Case("E", cord_with([loop for k, loop in enumerate(cord_loops()) if k not in (12, 13)]),
                   cord_with(cord_loops()[:-2])),
    "RTD313": Case("W", shifted_plane(1.0), shifted_plane(0.1)),
    "RTD316": Case("W", cord_with(volume_cc=CORD_VOLUME * 1.026), cord_with(volume_cc=CORD_VOLUME * 0.99)),
    "RTD317": Case("W", cord_with(cord_loops()[:1]), cord_with(cord_loops()[:6])),
    "RTD319": Case("W", image_patient(1.0), image_patient(0.1)),
    "RTD320": Case("W", boxes(GTV_L1=((-51, -33), (-18, 0), (-24, -9))), boxes(GTV_L1=BOXES["PTV_L1"][1:]),
                   registry=REGISTRY),
    "RTD322": Case("W", rois_with(Lung_L="Lung_R", Lung_R="Lung_L"),
                   boxes(Lung_L=((-35, 17), *BOXES["Lung_L"][2:])), protocol=LUNG),
    "RTD222": Case("W", dvh_sequence(3.0, CORD_VOLUME), dvh_sequence(2.0, CORD_VOLUME), near_note=True),
    # --- registration ----------------------------------------------------------------------------------------------
    "RTD401": Case("F", other_frame(reg=registration()), other_frame(reg=registration()),
                   near_args=("--registration", uid("simple", "registration"))),
    "RTD402": Case("W", other_frame(reg=registration()), registration(),
                   args=("--registration", uid("simple", "registration"))),
    "RTD403": Case("F", other_frame(reg=registration("AFFINE", 1.02)), other_frame(reg=registration()),
                   args=("--registration", uid("simple", "registration")),
                   near_args=("--registration", uid("simple", "registration"))),
    "RTD404": Case("E", {"mutate": without_frame}, {"mutate": frame_listed_second}),
    # --- plan and prescription -------------------------------------------------------------------------------------
    "RTD501": Case("E", protocol=only(constraint("v", metric="V50%[%]", goal="<= 50 %")),
                   registry=REGISTRY,
                   near_protocol=only(constraint("v", structure="@lesion.ptv", metric="V50%[%]", goal=">= 50 %"))),
    "RTD502": Case("E", {"fractions": None}, {"mutate": lambda datasets: set_raw(
        datasets["plan"].FractionGroupSequence[0], "NumberOfFractionsPlanned", b"+5")}),
    "RTD504": Case("W", beams(BeamDose="12"), beams(BeamDose="10.2")),
    "RTD505": Case("F", beam_doses(1), beam_doses(1, 2)),
    "RTD506": Case("E", references(TargetPrescriptionDose="60"), references(TargetPrescriptionDose="50.1"),
                   registry=REGISTRY),
    "RTD508": Case("E", plans(5, 3), plans(5, 5)),
    "RTD510": Case("W", references(NominalPriorDose="20"), references(NominalPriorDose="0")),
    "RTD511": Case("W", iso(90, 0, 0), iso(70, 0, 0)),
    "RTD512": Case("W", beams(NumberOfBoli=1), drawn_bolus()),
    "RTD513": Case("W", override((-40, -30)), override((-70, -50)), registry=REGISTRY),
    # --- coverage of the grid and numerics -------------------------------------------------------------------------
    "RTD601": Case("E", {"grid": SHORT}, {"grid": ALL_IN}, protocol=MEAN),
    "RTD602": Case("W", {"grid": SHORT}, {"grid": ALL_IN},
                   protocol=only(constraint("v", metric="V20Gy[%]", goal="<= 50 %"))),
    "RTD603": Case("W", protocol=only(constraint("v", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.001!r} cc")),
                   near_protocol=only(constraint("v", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.5!r} cc"))),
    "RTD604": Case("W", {"grid": GRID_4}, {"grid": box_grid(LOW, HIGH, (3.2, 3.2, 3.4))}),
    "RTD605": Case("E", protocol=only(constraint("d", metric="D20cc[Gy]", goal="<= 10 Gy")),
                   near_protocol=only(constraint("d", metric="D11cc[Gy]", goal="<= 10 Gy"))),
    "RTD606": Case("E", comb(in_step=True), comb(in_step=False)),
    # No export gives a number that is not finite past the readers; a protocol whose α/β is denormal does.
    "RTD608": Case("F", protocol=only(constraint("b", metric="Mean{BED}[Gy]", alpha_beta=1e-310)),
                   near_protocol=only(constraint("b", metric="Mean{BED}[Gy]", alpha_beta=1.0))),
    # --- clinical outcome ------------------------------------------------------------------------------------------
    "RTD701": Case("E", {"dose": step(high_gy=44.0)}, {"dose": step(high_gy=50.5)}, registry=REGISTRY),
    "RTD702": Case("E", registry=REGISTRY, protocol=only(PTV), near_protocol=only({**PTV, "goal": "<= 53.5 Gy"})),
    "RTD703": Case("E", protocol=only(constraint("c", goal="<= 1 Gy")),
                   near_protocol=only(constraint("c", goal="<= 2 Gy"))),
    "RTD705": Case("W", protocol=only(constraint("c", goal="<= 1 Gy", variation="<= 3 Gy")),
                   near_protocol=only(constraint("c", goal="<= 2 Gy", variation="<= 3 Gy"))),
    "RTD706": Case("E", protocol=only(constraint("c", goal="<= 1 Gy", when={"fev1_l": {"above": 1.0}})),
                   registry=registry_text(lung={"fev1_l": ABSENT}), near_registry=registry_text(lung={"fev1_l": 0.9}),
                   near_protocol=only(constraint("d"),
                                      constraint("c", goal="<= 1 Gy", when={"fev1_l": {"above": 1.0}}))),
    "RTD709": Case("W", hot_spot(40, 40, 0), hot_spot(-33, -9, -15), registry=REGISTRY),
    "RTD751": Case("E", protocol=only(constraint("c"), lesions={"max_total": 1}),
                   registry=lesions({"kind": "organ_metastasis"}, {}), near_registry=REGISTRY),
    "RTD752": Case("E", protocol=rule("plan", "fev1_l"), near_registry=registry_text(lung={"fev1_l": 3.1})),
    "RTD753": Case("E", protocol=rule("plan", "fev1_l"), registry=registry_text(lung={"fev1_l": ABSENT}),
                   near_registry=registry_text(lung={"fev1_l": 3.1})),
    "RTD754": Case("E", protocol=only(constraint("c"), trial={"id": "NCT06946849", "consolidative_arms": ["2L+RT"]}),
                   registry=registry_text(trial={"arm": "2L"}), near_registry=REGISTRY),
    "RTD755": Case("W", protocol=rule("record", "fev1_l"), near_registry=registry_text(lung={"fev1_l": 3.1})),
    "RTD756": Case("I", protocol=rule("record", "fev1_l"), registry=registry_text(lung={"fev1_l": ABSENT}),
                   near_registry=registry_text(lung={"fev1_l": 3.1})),
    "RTD757": Case("E", rois_with(GTV_L2="Nodule", PTV_L2="Area"), second_level(25.1), registry=REGISTRY),
    "RTD758": Case("W", rois_with(RoiSpec("GTV_new", 30, box_contours((-40, -30), (10, 20), (0, 9)), "GTV")),
                   rois_with(RoiSpec("Nodule", 30, box_contours((-40, -30), (10, 20), (0, 9)), "CONTROL")),
                   registry=REGISTRY),
    "RTD759": Case("I", protocol=only(constraint("c"), trial={"id": "NCT06946849", "consolidative_arms": ["2L+RT"]}),
                   near_protocol=only(constraint("c")), near_registry=registry_text(trial={"arm": ABSENT})),
    "RTD760": Case("W", registry=registry_text(patient={"sex": "M", "childbearing_potential": True}),
                   near_registry=registry_text(patient={"sex": "M", "childbearing_potential": False})),
    # --- protocol file ---------------------------------------------------------------------------------------------
    "RTD801": Case("F", protocol=only(constraint("c", goal="<= 10")),
                   near_protocol=only(constraint("c", goal="<= 1000 cGy"))),
    "RTD804": Case("F", protocol=only(constraint("c", structure="(" * 40 + "SpinalCord" + ")" * 40)),
                   near_protocol=only(constraint("c", structure="(" * 10 + "SpinalCord" + ")" * 10))),
    "RTD805": Case("W",
                   protocol=only(constraint("c"), top=DRAFT),
                   near_protocol=only(constraint("c"), top={"title": "Draft", "version": "0.1.0-draft"})),
    "RTD806": Case("F", protocol=only(constraint("c", fractions=[30, 40])),
                   near_protocol=only(constraint("c", fractions=[5, 8]))),
    # --- operation -------------------------------------------------------------------------------------------------
    "RTD903": Case("F", args=("-o", "json=/dev/null/result.json"), near_args=("-o", "json={read_only}")),
}  # fmt: skip
"""One case for each code that an export, a registry or a protocol can raise."""

ELSEWHERE: dict[str, tuple[str, str]] = {
    "RTD901": ("tests/cli/test_command_line.py", "a fault of the program, put in for the test: no file may raise it"),
    "RTD905": ("", "for exports that are watched as they arrive, which no command does yet"),
}
"""Codes that no file can raise, with the module of their test and the reason."""
