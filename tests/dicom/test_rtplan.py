"""RT Plan and RT Ion Plan: fractions, beams, prescriptions, links; what is unusable is said, not repaired."""

import pytest
from pydicom import Dataset

from tests.dicom.reading import codes, plan, read
from tests.synthetic.dicom import BeamSpec, DoseReferenceSpec, set_raw


def only_plan(case):
    assert len(case.plans) == 1, codes(case)
    return case.plans[0]


@pytest.mark.parametrize("kind", ["RT", "ION"])
@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big"])
def test_whole_plan(tmp_path, kind, encoding):
    """Every part that is judged comes out as it went in."""
    beams = (BeamSpec(1, "Arc", dose_gy=6.0), BeamSpec(2, "Arc 2", dose_gy=4.0), BeamSpec(9, "CBCT", "SETUP"))
    references = (DoseReferenceSpec(1, 50.0, 7, description="PTV", minimum_gy=47.5, maximum_gy=60.0),)
    case = read(tmp_path, plan(kind=kind, beams=beams, dose_references=references, label="L1"), encoding=encoding)
    assert codes(case) == []
    found = only_plan(case)
    assert (found.kind, found.label, found.intent, found.geometry) == (kind, "L1", "CURATIVE", "PATIENT")
    assert (found.approval_status, found.created) == ("APPROVED", "20260302101500")
    assert [(beam.number, beam.name, beam.delivery_type) for beam in found.beams] == [
        (1, "Arc", "TREATMENT"), (2, "Arc 2", "TREATMENT"), (9, "CBCT", "SETUP"),
    ]  # fmt: skip
    (group,) = found.fraction_groups
    assert (group.fractions_planned, group.beams) == (5, ((1, 6.0), (2, 4.0), (9, None)))
    (reference,) = found.dose_references
    assert (reference.kind, reference.structure_type, reference.roi_number) == ("TARGET", "VOLUME", 7)
    assert (reference.target_prescription_gy, reference.target_minimum_gy, reference.target_maximum_gy) == (
        50.0,
        47.5,
        60.0,
    )
    assert found.structure_set_uid


@pytest.mark.parametrize(
    ("fractions", "expected"),
    [
        (b"30", 30),
        (b" 30 ", 30),
        (b"30.0", None),
        (b"30.5", None),
        (b"-5", None),
        (b"0", None),
        (b"", None),
        (b"5\\5", None),
        (b"1e1", None),
    ],
)
def test_fractions(tmp_path, fractions, expected):
    """A fraction count is a positive whole number or not known (row 7)."""
    ds = plan()
    set_raw(ds.FractionGroupSequence[0], "NumberOfFractionsPlanned", fractions)
    case = read(tmp_path, ds)
    assert only_plan(case).fraction_groups[0].fractions_planned == expected
    assert codes(case) == ([] if expected else ["RTD009E"] if b"\\" in fractions else ["RTD502E"])


@pytest.mark.parametrize("dose", [b"nan", b"50,0", b"inf", b"5_0", b"50 Gy", b"1e400"])
def test_prescription(tmp_path, dose):
    """A prescription that is no number is absent and said so (rows 3, 4)."""
    ds = plan(dose_references=(DoseReferenceSpec(1, 50.0, 1),))
    set_raw(ds.DoseReferenceSequence[0], "TargetPrescriptionDose", dose)
    case = read(tmp_path, ds)
    assert only_plan(case).dose_references[0].target_prescription_gy is None
    assert codes(case) == ["RTD008E"]


def test_beam_dose(tmp_path):
    """A beam dose that is no number is absent and said so."""
    ds = plan()
    set_raw(ds.FractionGroupSequence[0].ReferencedBeamSequence[0], "BeamDose", b"1.0D1")
    case = read(tmp_path, ds)
    assert only_plan(case).fraction_groups[0].beams == ((1, None), (99, None))
    assert codes(case) == ["RTD008E"]


def test_missing_fraction_groups(tmp_path):
    """Without a fraction group the number of fractions is not known."""
    ds = plan()
    del ds.FractionGroupSequence
    assert codes(read(tmp_path, ds)) == ["RTD502E"]


def test_missing_beams(tmp_path):
    """A beam of the fraction group that the plan does not describe is reported."""
    ds = plan()
    del ds.BeamSequence
    assert codes(read(tmp_path, ds)) == ["RTD012E"]


def test_missing_structure_set(tmp_path):
    """A patient plan without structure set may be cut short; one for a device has none."""
    assert codes(read(tmp_path / "patient", plan(structure_set_uid=""))) == ["RTD012F"]
    assert codes(read(tmp_path / "device", plan(structure_set_uid="", geometry="TREATMENT_DEVICE"))) == []


@pytest.mark.parametrize("sequence", ["BeamSequence", "FractionGroupSequence"])
def test_repeated_numbers(tmp_path, sequence):
    """Beams or groups that share a number make the plan unusable."""
    ds = plan()
    getattr(ds, sequence).append(getattr(ds, sequence)[0])
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD010F"]
    assert case.plans == ()


def test_brachy(tmp_path):
    """A brachytherapy group has setups instead of beams."""
    ds = plan()
    del ds.BeamSequence
    setup = Dataset()
    setup.ReferencedBrachyApplicationSetupNumber = 3
    del ds.FractionGroupSequence[0].ReferencedBeamSequence
    ds.FractionGroupSequence[0].NumberOfBeams = 0
    ds.FractionGroupSequence[0].ReferencedBrachyApplicationSetupSequence = [setup]
    assert codes(read(tmp_path.parent / "none", ds)) == ["RTD009E"], "the group says that it has none"
    ds.FractionGroupSequence[0].NumberOfBrachyApplicationSetups = 1
    case = read(tmp_path, ds)
    assert codes(case) == []
    assert only_plan(case).fraction_groups[0].brachy_setups == (3,)


def test_absent_is_empty(tmp_path):
    """Intent and approval that are absent are empty, and the beam without a delivery type counts as treatment."""
    ds = plan(intent=None, approval=None)
    del ds.BeamSequence[0].TreatmentDeliveryType
    case = read(tmp_path, ds)
    assert codes(case) == []
    found = only_plan(case)
    assert (found.intent, found.approval_status, found.beams[0].delivery_type) == ("", "", "TREATMENT")


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("20260302", "101500.123", "20260302101500"),
        ("20260302", "", "20260302"),
        ("2026", "1015", ""),
        ("20260302", "10", "20260302100000"),
    ],
)
def test_dates(tmp_path, date, time, expected):
    """A date is taken when it is whole, with as much of the time as there is."""
    ds = plan()
    set_raw(ds, "RTPlanDate", date.encode())
    set_raw(ds, "RTPlanTime", time.encode())
    assert only_plan(read(tmp_path, ds)).created == expected


def test_wrong_enumeration(tmp_path):
    """A dose reference of an unknown kind is a finding and no target."""
    ds = plan(dose_references=(DoseReferenceSpec(1, 50.0, 1),))
    set_raw(ds.DoseReferenceSequence[0], "DoseReferenceType", b"target")
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD013E"]
    assert only_plan(case).dose_references[0].kind == ""
