"""Taking information away can never improve a verdict.

From a case that passes, everything is removed once: each file, structure, registry fact, required element of plan, dose
and structure set, and inner contours. What was needed must cost the PASS; what was not needed is listed here by name.
From cases that do not pass, no removal may reach a better verdict.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.acceptance.code_kit import cord_with, image_patient
from tests.acceptance.kit import ABSENT, BETTER, LESIONS, RECORD, constraint, cord_limit, protocol_text, registry_text
from tests.acceptance.trap_tools import CORD_VOLUME
from tests.synthetic.encode import element_span
from tests.synthetic.simple import BOXES, box_roi, simple_datasets, step

TIERS = [
    {"fact": "lung_function", "id": "good", "rank": 1, "any": [{"fev1_l": {"above": 1.5}}]},
    {"fact": "lung_function", "id": "poor", "rank": 2, "any": [{"home_oxygen": True}, {"fev1_percent": {"below": 40}}]},
]
RULES = [
    {"id": "R.child", "requires": {"child_pugh": ["A"]}, "bears_on": "plan"},
    {"id": "R.ecog", "requires": {"ecog": {"up_to": 2}}, "when": {"impaired": "no"}, "bears_on": "plan"},
]
PROTOCOL = protocol_text(
    cord_limit("cord", met=True),
    constraint("liver", structure="Liver - @gtv", metric="Mean[Gy]", goal="<= 30 Gy"),
    constraint("lungs", structure="(Lung_L | Lung_R) - @gtv", metric="V20Gy[%]", goal="<= 40 %"),
    cord_limit("strict", met=False, when={"lung_function": "poor"}),
    cord_limit("prior", met=False, when={"prior_irradiation": True}),
    tiers=TIERS,
    eligibility=RULES,
    trial={"id": "NCT06946849", "consolidative_arms": ["2L+RT"]},
    lesions={"max_total": 5, "max_per_organ": 3, "regional_nodes_count_as_one": True, "min_measurable": 1},
)
"""Asks for the cord, the liver, both lungs, FEV1, oxygen, earlier irradiation, Child-Pugh, ECOG and the arm."""

CORD = (
    protocol_text(cord_limit("cord", met=True)),
    registry_text(lesions=[{**lesion, "intent": "palliative"} for lesion in LESIONS]),
)
"""A small protocol and registry for what is removed from the files: only the cord is judged, and it passes."""

NOT_NEEDED_FACTS = {"patient.age", "patient.sex", "lung.interstitial_disease", "trial.id", "lung.impaired"}
"""`lung.impaired` only decides whether the ECOG rule applies, and that rule is kept in any case."""

NOT_NEEDED_ROIS = {"BODY"}


@pytest.fixture(scope="module", autouse=True)
def start(bench):
    """The case from which things are removed passes."""
    for protocol, registry in ((PROTOCOL, None), CORD):
        result = bench.check(protocol=protocol, registry=registry)
        assert result.verdict == "PASS", result.text


def never_passes(result, what):
    assert result.verdict != "PASS", f"PASS although {what} was removed\n{result.text}"


@pytest.mark.parametrize("role", ["struct", "plan", "dose"])
def test_each_file_is_needed(bench, role):
    """Without the structure set, the plan or the dose there is no PASS."""
    case = bench.build()
    case.files[role].unlink()
    result = bench.check(export=case.folder, protocol=PROTOCOL)
    never_passes(result, role)
    assert result.verdict is None or BETTER[result.verdict] < BETTER["REVIEW"]


@pytest.mark.parametrize("name", list(BOXES))
def test_each_structure_is_needed(bench, name):
    """Each structure that a lesion or a limit names is needed; without the body outline somebody must look (RTD320)."""
    rois = [box_roi(other, number) for number, other in enumerate(BOXES, 1) if other != name]
    result = bench.check(export=bench.build(rois=rois).folder, protocol=PROTOCOL)
    if name in NOT_NEEDED_ROIS:
        assert (result.verdict, result.severity("RTD320")) == ("REVIEW", {"W"}), result.text
    else:
        never_passes(result, name)
        assert result.verdict in ("INCOMPLETE", "FAIL"), result.text


FACTS = [f"{table}.{key}" for table, values in RECORD.items() for key in values]


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_is_needed(bench, fact):
    """Each fact that a rule, a tier or a condition asks for is needed; the others are listed."""
    table, key = fact.split(".")
    result = bench.check(protocol=PROTOCOL, registry=registry_text(**{table: {key: ABSENT}}))
    if fact in NOT_NEEDED_FACTS:
        assert result.verdict == "PASS", result.text
    else:
        never_passes(result, fact)


@pytest.mark.parametrize("key", ["id", "organ", "kind", "status", "gtv", "ptv", "dose_gy", "fractions"])
@pytest.mark.parametrize("index", [0, 1])
def test_each_key_of_a_lesion_is_needed(bench, index, key):
    """A lesion without one of its keys is a wrong file or a lesion that cannot be judged."""
    lesions = copy.deepcopy(LESIONS)
    del lesions[index][key]
    never_passes(bench.check(protocol=PROTOCOL, registry=registry_text(lesions=lesions)), f"lesion {index} {key}")


def test_each_lesion_is_needed(bench):
    """A lesion left out of the registry leaves its target unclaimed: no PASS."""
    for index in range(2):
        lesions = [lesion for number, lesion in enumerate(LESIONS) if number != index]
        never_passes(bench.check(protocol=PROTOCOL, registry=registry_text(lesions=lesions)), f"lesion {index}")
    never_passes(bench.check(protocol=PROTOCOL, registry=registry_text(lesions=[])), "all lesions")


NEEDED = {
    "dose": [
        "SOPClassUID", "SOPInstanceUID", "PatientID", "FrameOfReferenceUID", "ImagePositionPatient",
        "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "NumberOfFrames", "GridFrameOffsetVector",
        "FrameIncrementPointer", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
        "PhotometricInterpretation", "DoseUnits", "DoseType", "DoseSummationType", "DoseGridScaling",
        "ReferencedRTPlanSequence", "ReferencedRTPlanSequence/ReferencedSOPInstanceUID", "PixelData",
    ],
    "plan": [
        "SOPClassUID", "SOPInstanceUID", "PatientID", "RTPlanGeometry", "FractionGroupSequence",
        "FractionGroupSequence/NumberOfFractionsPlanned", "ReferencedStructureSetSequence",
        "ReferencedStructureSetSequence/ReferencedSOPInstanceUID", "ApprovalStatus",
    ],
    "struct": [
        "SOPClassUID", "SOPInstanceUID", "PatientID", "StructureSetROISequence", "ROIContourSequence",
        "StructureSetROISequence/ROINumber", "StructureSetROISequence/ROIName",
        "StructureSetROISequence/ReferencedFrameOfReferenceUID", "ROIContourSequence/ReferencedROINumber",
        "ROIContourSequence/ContourSequence",
    ],
}  # fmt: skip
"""Required elements by role; a path names one level of items."""

PLACES = [(role, path) for role, paths in NEEDED.items() for path in paths]


def strip(path, *, empty, cord=5):
    """Delete or empty an element; in a sequence of ROIs that of the cord."""

    def change(datasets, role):
        ds = datasets[role]
        if "/" in path:
            sequence, keyword = path.split("/")
            items = ds[sequence].value
            ds, leaf = items[cord - 1] if len(items) >= cord else items[0], keyword
        else:
            leaf = path
        if empty:
            ds[leaf].value = [] if ds[leaf].VR == "SQ" else b"" if ds[leaf].VR == "OW" else None
        else:
            del ds[leaf]

    return change


def erase(data, keyword, *, empty):
    """Delete or empty a short element in the bytes of a file, which the header names as well."""
    head, start, end = element_span(data, keyword)
    return data[:head] + (data[head : head + 6] + b"\0\0" if empty else b"") + data[end:] if start else data


@pytest.mark.parametrize(("role", "path"), PLACES)
def test_each_required_element_is_needed(bench, role, path):
    """A required element deleted, or left empty, costs the PASS."""
    for empty in (False, True):
        if path in ("SOPClassUID", "SOPInstanceUID"):
            case = bench.build(mutate_bytes={role: lambda data, empty=empty: erase(data, path, empty=empty)})
        else:
            change = strip(path, empty=empty)
            case = bench.build(mutate=lambda datasets, change=change: change(datasets, role))
        result = bench.check(export=case.folder, protocol=CORD[0], registry=CORD[1])
        never_passes(result, f"{role} {path} ({'emptied' if empty else 'deleted'})")


@pytest.mark.parametrize("keyword", ["ContourData", "NumberOfContourPoints", "ContourGeometricType"])
def test_each_element_of_a_contour_is_needed(bench, keyword):
    """One contour without its points, its count or its type costs the PASS."""
    for empty in (False, True):

        def change(datasets, empty=empty):
            contour = datasets["struct"].ROIContourSequence[4].ContourSequence[9]
            if empty:
                contour[keyword].value = None
            else:
                del contour[keyword]

        result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD[0], registry=CORD[1])
        never_passes(result, f"{keyword} ({'emptied' if empty else 'deleted'})")


def inner_contours(count=8, seed=20260302):
    """A seeded sample of (ROI, index) of contours that are neither first nor last of their ROI."""
    random = np.random.default_rng(seed)
    struct = simple_datasets()["struct"]
    places = [
        (str(item.ROIName), index)
        for item, loops in zip(struct.StructureSetROISequence, struct.ROIContourSequence, strict=True)
        for index in range(1, len(loops.ContourSequence) - 1)
        if item.ROIName not in NOT_NEEDED_ROIS
    ]
    return [places[number] for number in sorted(random.choice(len(places), count, replace=False))]


@pytest.mark.parametrize(("name", "index"), inner_contours())
def test_each_inner_contour_is_needed(bench, name, index):
    """An inner contour of a structure that matters costs the PASS."""

    def change(datasets):
        struct = datasets["struct"]
        position = [item.ROIName for item in struct.StructureSetROISequence].index(name)
        del struct.ROIContourSequence[position].ContourSequence[index]

    result = bench.check(export=bench.build(mutate=change).folder, protocol=PROTOCOL)
    never_passes(result, f"contour {index} of {name}")
    assert "RTD312" in result.codes, result.text


STARTS = {
    "REVIEW": ({}, protocol_text(constraint("v", goal="<= 1 Gy", variation="<= 5 Gy"), cord_limit("o", met=True))),
    "INCOMPLETE": ({}, protocol_text(constraint("n", structure="Heart"), cord_limit("c", met=True))),
    "FAIL": ({"dose": step(["PTV_L1"])}, protocol_text(cord_limit("c", met=True))),
}
"""Starting points below PASS: a variation, an organ that is missing, a lesion without dose."""

REMOVALS = ["SpinalCord", "PTV_L2", "GTV_L2", "plan ApprovalStatus", "plan DoseReferenceSequence", "dose DoseUnits",
            "fact trial.arm", "struct RTROIObservationsSequence"]  # fmt: skip


@pytest.mark.parametrize("verdict", STARTS)
@pytest.mark.parametrize("removed", REMOVALS)
def test_no_removal_improves_a_verdict(bench, verdict, removed):
    """From REVIEW, INCOMPLETE or FAIL no removal comes nearer to PASS (what was found wrong may become unknown)."""
    options, protocol = STARTS[verdict]
    kind, _, rest = removed.partition(" ")
    options, registry = dict(options), None
    if not rest:
        options["rois"] = [box_roi(name, number) for number, name in enumerate(BOXES, 1) if name != removed]
    elif kind == "fact":
        table, key = rest.split(".")
        registry = registry_text(**{table: {key: ABSENT}})
    else:
        options["mutate"] = lambda datasets: datasets[kind].__delitem__(rest)
    result = bench.check(export=bench.build(**options).folder, protocol=protocol, registry=registry)
    allowed = BETTER["INCOMPLETE"] if verdict == "FAIL" else BETTER[verdict]
    assert BETTER[result.verdict] <= allowed, f"{verdict} became {result.verdict}\n{result.text}"


def test_what_an_absence_hides_is_a_note(bench):
    """A cross-check whose optional ground is taken away: its warning goes, a note says that nothing was compared."""

    def checked(**options):
        made = bench.build(**options)
        return bench.check(export=made.folder, protocol=CORD[0], registry=CORD[1])

    moved = checked(**image_patient(1.0))
    without = checked(**image_patient(1.0, exported=False))
    assert (moved.verdict, moved.severity("RTD319")) == ("REVIEW", {"W"}), moved.text
    assert (without.verdict, without.severity("RTD319")) == ("PASS", {"I"}), without.text
    large = checked(**cord_with(volume_cc=CORD_VOLUME * 1.1))
    unstated = checked()
    assert (large.verdict, large.severity("RTD316")) == ("REVIEW", {"W"}), large.text
    assert (unstated.verdict, unstated.severity("RTD316")) == ("PASS", {"I"}), unstated.text


def test_every_required_element_is_in_the_builder():
    """The places of this module exist in the files, so that each removal removes something."""
    datasets = simple_datasets()
    for role, path in PLACES:
        parts = path.split("/")
        assert parts[0] in datasets[role], (role, path)
        if len(parts) == 2:
            items = datasets[role][parts[0]].value
            assert all(parts[1] in item for item in items), (role, path)
