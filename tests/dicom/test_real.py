"""Real exports: everything that is read equals what pydicom reads, and odd files get the code they deserve."""

import warnings

import numpy as np
import pydicom
import pytest

from rtcheck.dicom.case import read_case
from tests.dicom.reading import REAL, all_findings, codes

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real exports are not part of this repository")


def by_pydicom(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, force=True)
        if not hasattr(ds, "file_meta") or "TransferSyntaxUID" not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
        return ds


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("eclipse-breast-dvh", []),
        ("eclipse-feet-first", ["RTD214I"]),
        ("mim-struct", []),
        ("monaco-plans", ["RTD014W", "RTD014W"]),
        ("raystation-proton-slope", ["RTD217I", "RTD217I", "RTD217I"]),
    ],
)
def test_findings(folder, expected):
    """Each clinical export is read whole; what is said about it is known."""
    assert codes(read_case([REAL / folder])) == expected


@pytest.mark.parametrize(
    "path",
    ["eclipse-breast-dvh/rtss.dcm", "mim-struct/rs.dcm", "raystation-proton-slope/rs.dcm", "pydicom-odd/rtstruct.dcm"],
)
def test_contours_equal_those_of_pydicom(path):
    """Names, numbers, types and every coordinate agree with the second reader."""
    case = read_case([REAL / path])
    (found,) = case.structure_sets
    ds = by_pydicom(REAL / path)
    names = {int(item.ROINumber): str(item.ROIName) for item in ds.StructureSetROISequence}
    types = {int(item.ReferencedROINumber): item.RTROIInterpretedType for item in ds.RTROIObservationsSequence}
    assert {roi.number: roi.name for roi in found.rois} == names
    assert {roi.number: roi.interpreted_type for roi in found.rois} == {number: types[number] or "" for number in names}
    by_number = {roi.number: roi.contours for roi in found.rois}
    for item in ds.ROIContourSequence:
        contours = by_number[int(item.ReferencedROINumber)]
        expected = [contour.ContourData for contour in item.get("ContourSequence") or []]
        points = np.array([float(value) for data in expected for value in data]).reshape(-1, 3)
        assert np.array_equal(contours.points_mm, points)
        assert np.diff(contours.starts).tolist() == [len(data) // 3 for data in expected]
        assert contours.kinds == tuple(contour.ContourGeometricType for contour in item.get("ContourSequence") or [])


@pytest.mark.parametrize(
    "path",
    [
        "eclipse-breast-dvh/rtdose.dcm",
        "eclipse-feet-first/rd-ffs.dcm",
        "raystation-proton-slope/rd-plan.dcm",
        "raystation-proton-slope/rd-beam2.dcm",
    ],
)
def test_dose_equals_that_of_pydicom(path):
    """Integers, scaling and geometry agree with the second reader."""
    (found,) = read_case([REAL / path]).doses
    ds = by_pydicom(REAL / path)
    assert np.array_equal(found.stored, ds.pixel_array)
    assert found.scaling_gy == float(ds.DoseGridScaling)
    assert found.geometry.origin_mm == tuple(map(float, ds.ImagePositionPatient))
    assert (*found.geometry.row, *found.geometry.column) == tuple(map(float, ds.ImageOrientationPatient))
    assert found.geometry.spacing_mm == tuple(map(float, ds.PixelSpacing))
    assert found.geometry.offsets_mm == tuple(map(float, ds.GridFrameOffsetVector))
    assert found.plan_uids == tuple(item.ReferencedSOPInstanceUID for item in ds.ReferencedRTPlanSequence)
    assert len(found.dvh_sequence) == len(ds.get("DVHSequence", []))
    for curve, item in zip(found.dvh_sequence, ds.get("DVHSequence", []), strict=True):
        assert curve.roi_numbers == tuple(int(ref.ReferencedROINumber) for ref in item.DVHReferencedROISequence)
        assert curve.data.ravel().tolist() == [float(value) for value in item.DVHData]
        assert (curve.kind, curve.dose_units, curve.volume_units) == (item.DVHType, item.DoseUnits, item.DVHVolumeUnits)
        assert curve.mean == float(item.DVHMeanDose)


@pytest.mark.parametrize(
    "path",
    [
        "eclipse-breast-dvh/rtplan.dcm",
        "monaco-plans/rp-vmat.dcm",
        "monaco-plans/rp-static.dcm",
        "raystation-proton-slope/rp-ion.dcm",
        "pydicom-odd/rtplan.dcm",
    ],
)
def test_plan_equals_that_of_pydicom(path):
    """Fractions, beams, prescriptions and links agree with the second reader."""
    (found,) = read_case([REAL / path]).plans
    ds = by_pydicom(REAL / path)
    beams = ds.get("BeamSequence") or ds.get("IonBeamSequence")
    assert [(beam.number, beam.name) for beam in found.beams] == [
        (int(b.BeamNumber), b.get("BeamName", "")) for b in beams
    ]
    assert [group.fractions_planned for group in found.fraction_groups] == [
        int(g.NumberOfFractionsPlanned) for g in ds.FractionGroupSequence
    ]
    for group, item in zip(found.fraction_groups, ds.FractionGroupSequence, strict=True):
        expected = [
            (int(b.ReferencedBeamNumber), float(b.BeamDose) if "BeamDose" in b else None)
            for b in item.ReferencedBeamSequence
        ]
        assert list(group.beams) == expected
    references = ds.get("DoseReferenceSequence", [])
    prescriptions = [float(r.TargetPrescriptionDose) if "TargetPrescriptionDose" in r else None for r in references]
    assert [reference.target_prescription_gy for reference in found.dose_references] == prescriptions
    assert found.structure_set_uid == ds.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID
    assert (found.label, found.approval_status) == (ds.RTPlanLabel, ds.ApprovalStatus)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rtplan_truncated.dcm", ["RTD002F"]),
        ("rtdose.dcm", ["RTD201F"]),
        ("rtdose_rle.dcm", ["RTD201F"]),
        ("rtdose_expb.dcm", ["RTD201F"]),
        ("rtdose_1frame.dcm", ["RTD201F"]),
        ("badVR.dcm", ["RTD201F"]),
        ("ExplVR_LitEndNoMeta.dcm", ["RTD012E", "RTD012F", "RTD014W", "RTD502E"]),
        ("ExplVR_BigEndNoMeta.dcm", ["RTD012E", "RTD012F", "RTD014W", "RTD502E"]),
        ("rtstruct.dcm", ["RTD014W"]),
        ("rtplan.dcm", ["RTD014W"]),
    ],
)
def test_odd_files(name, expected):
    """Files made to be odd get their codes; the files without preamble are proved by their content."""
    assert codes(read_case([REAL / "pydicom-odd" / name])) == expected


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtdose_rle.dcm", "rtdose_expb.dcm"])
def test_relative_dose_once_it_is_in_gray(tmp_path, name):
    """The same files with units of Gy are read, whatever their encoding, as pydicom reads them."""
    data = (REAL / "pydicom-odd" / name).read_bytes()
    assert data.count(b"RELATIVE") == 1
    (tmp_path / name).write_bytes(data.replace(b"RELATIVE", b"GY      "))
    case = read_case([tmp_path])
    # RTD014: another UID in the meta information.
    assert {note.code for note in all_findings(case)} - {"RTD014"} == {"RTD221"}
    assert np.array_equal(case.doses[0].stored, by_pydicom(tmp_path / name).pixel_array)


def test_bad_frame_count(tmp_path):
    """A frame count of "1A" is refused once nothing else is wrong."""
    data = (REAL / "pydicom-odd" / "badVR.dcm").read_bytes()
    (tmp_path / "bad.dcm").write_bytes(data.replace(b"RELATIVE", b"GY      "))
    assert codes(read_case([tmp_path])) == ["RTD209F"]


def test_patients_of_real_exports():
    """The RayStation plan names another patient than its dose and structures: both identifiers are kept."""
    assert len(read_case([REAL / "raystation-proton-slope"]).patient_ids) == 2
    assert len(read_case([REAL / "eclipse-breast-dvh"]).patient_ids) == 1
