"""The pitfalls of DICOM-RT that give a believable wrong answer, with the codes that notice them and their tests."""

from __future__ import annotations

from tests.acceptance.test_traps import ROWS

__all__ = ["ALL_ROWS", "DIFFERENT_SEVERITIES", "NOT_SHOWN", "SYMPTOMS", "row_tests"]

_A = "tests/acceptance/"
_LOOKS, _GEOMETRY = f"{_A}test_second_looks.py::", f"{_A}test_traps_geometry.py::"
_ORIENTATIONS = f"{_GEOMETRY}test_row_39_to_43_where_the_dose_is"

SYMPTOMS: dict[int, str] = {
    1: "structure file cut short", 2: "bit errors in a structure set", 3: "decimal commas, exponents with D, blanks",
    4: "NaN, infinity, underflow in a number", 5: "empty slot in a vector", 6: "contour data longer than 64 KiB",
    7: "fractions that are no positive whole number", 8: "pixel bytes do not fit the header",
    9: "frame count and plane list disagree", 10: "no preamble", 11: "wrong or lossy transfer syntax",
    12: "deflated bomb", 13: "deeply nested sequences", 14: "the same element twice", 15: "one UID, two contents",
    16: "GBK bytes under another label", 17: "ISO 2022 escapes in names", 18: "UTF-8 under GB18030 and the reverse",
    19: "backslash in a name", 20: "padding and other case in coded words", 21: "names emptied by de-identification",
    22: "end slices", 23: "missing slices", 24: "irregular plane spacing", 25: "planes a hair apart",
    26: "oblique contours", 27: "self-crossing contour", 28: "keyhole contour", 29: "partly overlapping contours",
    30: "contour stored twice", 31: "two closed types in one structure", 32: "degenerate contours",
    33: "structure without contours", 34: "structure cut by the dose grid", 35: "structure of a few dose voxels",
    36: "near-point metrics on a coarse grid", 37: "bin rounding at a limit", 38: "dose of the nearest plane",
    39: "half a voxel of shift", 40: "pixel spacings swapped", 41: "feet first, prone, decubitus",
    42: "absolute plane offsets", 43: "falling, uneven or repeated offsets", 44: "different frames of reference",
    45: "dose of another plan or revision", 46: "several doses of one plan", 47: "a beam dose is missing",
    48: "dose of one session", 49: "cGy or per cent written as Gy", 50: "coarse steps, clipped maximum",
    51: "several plans, no list of the course", 52: "phases of other fractionation summed",
    53: "effective dose against physical limits", 54: "name variants", 55: "left and right swapped",
    56: "plan for verification, rejected plan", 57: "missing structure", 58: "half of a study has arrived",
}  # fmt: skip

_MORE: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    2: (("RTD305", "RTD316", "RTD222"), (f"{_LOOKS}test_stored_volume_shows_a_missing_end_contour",
                                         f"{_LOOKS}test_stored_curves_are_compared_and_never_used",
                                         "tests/dicom/test_case.py::test_flipped_bits_are_contained")),
    7: (("RTD502",), (f"{_GEOMETRY}test_row_7_fractions_are_whole_and_positive",)),
    10: (("RTD003", "RTD014"), ("tests/dicom/test_case.py::test_without_preamble_and_without_proof",)),
    11: (("RTD004",), ()),
    12: (("RTD005",), ("tests/dicom/test_limits.py::test_a_deflated_bomb_is_stopped_while_it_grows",)),
    13: (("RTD005",), ("tests/dicom/test_walker.py::test_nesting",)),
    16: (("RTD011",), ("tests/dicom/test_text.py::test_doubtful_name",)),
    17: (("RTD011",), ("tests/dicom/test_text.py::test_name",)),
    18: (("RTD011",), ("tests/dicom/test_text.py::test_doubtful_name",)),
    19: (("RTD014",), ("tests/dicom/test_text.py::test_backslash_in_name",)),
    20: (("RTD013", "RTD014"), ("tests/dicom/test_text.py::test_tab_is_part_of_a_name",)),
    21: (("RTD301",), (f"{_GEOMETRY}test_row_21_names_taken_out",)),
    26: (("RTD306",), ()),
    23: (("RTD312",), (f"{_A}test_traps_contours.py::test_row_23_missing_slices",
                       f"{_A}test_left_out_slices.py::test_every_second_slice_left_out",
                       f"{_A}test_left_out_slices.py::test_stated_slabs")),
    31: (("RTD309",), (f"{_A}test_traps_contours.py::test_row_29_mixed_types",)),
    32: (("RTD305",), (f"{_GEOMETRY}test_row_32_degenerate_contours",)),
    33: (("RTD303", "RTD605"), ()),
    34: (("RTD601", "RTD602"), (f"{_LOOKS}test_a_structure_cut_by_the_dose_grid",)),
    35: (("RTD317", "RTD604"), ()),
    36: (("RTD604", "RTD605"), ()),
    37: (("RTD603",), (f"{_A}test_traps_contours.py::test_row_22_end_slices",)),
    38: (("RTD606",), (_ORIENTATIONS,)),
    39: ((), (_ORIENTATIONS,)),
    40: ((), (_ORIENTATIONS,)),
    41: (("RTD214",), (_ORIENTATIONS,)),
    42: (("RTD210", "RTD214"), (_ORIENTATIONS,)),
    43: (("RTD209", "RTD212"), (_ORIENTATIONS,)),
    44: (("RTD401", "RTD402", "RTD403"), (f"{_LOOKS}test_a_registration_is_applied_in_the_right_direction",
                                          f"{_LOOKS}test_no_registration_is_applied_unasked",
                                          f"{_LOOKS}test_only_rigid_matrices_move_structures")),
    50: (("RTD216", "RTD217"), (f"{_GEOMETRY}test_row_50_coarse_steps",)),
    51: (("RTD105", "RTD508"), ()),
    53: (("RTD203",), ()),
    54: (("RTD302", "RTD304", "RTD320"), (f"{_A}test_contract_structures.py::test_unlisted_names_never_match",
                                          f"{_A}test_identities.py::test_what_is_coded_as_another")),
    55: (("RTD322",), (f"{_LOOKS}test_laterality_is_of_the_patient",)),
    58: (("RTD905",), ()),
}  # fmt: skip

_MODULES = {
    **dict.fromkeys((1, 3, 4, 5, 6, 8, 9, 14, 15), "test_traps_encoding.py"),
    **dict.fromkeys((22, 23, 24, 25, 27, 28, 29, 30), "test_traps_contours.py"),
}

ALL_ROWS: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **{
        row: (codes, (f"{_A}{_MODULES.get(row, 'test_traps_links.py')}::{test}",))
        for row, (codes, test) in ROWS.items()
    },
    **_MORE,
}
"""Codes and tests of every row; each code has its own two tests beside these (`test_codes.py`)."""


def row_tests() -> set[str]:
    """Every test named in the table."""
    return {test for _, tests in ALL_ROWS.values() for test in tests}


DIFFERENT_SEVERITIES: tuple[tuple[str, str], ...] = (
    ("RTD008, RTD009, RTD010, RTD012, RTD013", ("E in the catalogue; F where the whole object cannot be used: what is "
     "left out leaves no verdict.")),
    ("RTD101", ("F for another PatientID, birth date or sex; W for another name under one id, for names change and are "
     "transcribed, for ids that the registry lists as one patient's, and for a sex or age that is not that recorded.")),
    ("RTD104, RTD204", ("I for a dose that is not needed because a better one stands for the plan, or never used. "
     "RTD104 is W where such a dose contradicts those that are used, and for doses that are summed and are the same "
     "voxel for voxel.")),
    ("RTD009, RTD010", ("W for control points that are not as many as their beam says or do not reach its final "
     "weight, and for a number that several dose references have: no number of a verdict comes from them.")),
    ("RTD015", "W for a reference that gives an object another SOP class than it has."),
    ("RTD103", ("W where the dose names another structure set than the plan, or the plan prescribes to a structure "
     "that its set does not have: the links themselves are whole.")),
    ("RTD109", "W for a PlanIntent that is none of the standard's terms, and for one that verifies another."),
    ("RTD110", "F when REJECTED, plan or structures; I for structures that are not approved, as in most systems."),
    ("RTD203", "W for a physical dose of protons or ions: the number is right, the limit is of photons."),
    ("RTD217", "I for a single voxel at the largest integer: systems that scale each grid to its full range have one."),
    ("RTD219", ("W where the mean dose of a structure that the plan prescribes to is beyond 0.8 or 1.3 of it, E beyond "
     "0.5 or 2.")),
    ("RTD222", "I for the stored curves that agree: one note with their names."),
    ("RTD305", ("W for contours of fewer than three points or without area, which enclose nothing and are left out, "
     "for a contour that lies beside both of its neighbours, and for observations of a structure that is not there.")),
    ("RTD312", ("W where filling the gap or leaving it empty changes neither volume nor dose; of slices left out all "
     "along, where it changes the volume by at most 2 %.")),
    ("RTD316, RTD319, RTD320, RTD322, RTD606", ("as the priority of the constraint that uses the structure; nothing "
     "for one that nothing uses. RTD320 about a lesion outside its organ is I where no constraint uses the organ.")),
    ("RTD316, RTD319, RTD504, RTD513", "I where nothing could be compared; the note says what (see below)."),
    ("RTD501", ("I where the plan states no prescription: the registry's is used and not confirmed. W for two "
     "prescriptions to one structure, and for a dose reference that contradicts itself.")),
    ("RTD505", ("W for treatment beams that no fraction group delivers, setup beams with a dose, and plans without a "
     "treatment beam.")),
    ("RTD512", "I for couch and immobilisation that are drawn."),
    ("RTD016, RTD511, RTD512, RTD513", ("added: what could not be compared, isocentre, bolus and density overrides had "
     "no code.")),
)
"""Where a severity is not that of the catalogue alone, and why."""

LOST_COMPARISONS: tuple[tuple[str, str, str], ...] = (
    ("all planning images", "contours off their image (RTD319 W), slices left out all along (RTD312 E or W)",
     "RTD319 I: nothing was compared. With some images left, a missing one is W."),
    ("ContourImageSequence", "contours off their image (RTD319 W)", "RTD319 I names the structures."),
    ("ContourSlabThickness, retired since 2021", "slabs that do not meet or overlap (RTD312 E or W, RTD313 W)",
     "nothing: contours without it are the rule."),
    ("RTROIIdentificationCodeSequence, ROIObservationLabel", "a structure coded or labelled as another (RTD320 W)",
     "RTD016 I names the structures."),
    ("ROIVolume and the stored DVH", "a volume or a DVH that disagrees (RTD316, RTD222 W)",
     "RTD316 I names the structures of which neither could be compared, those inside expressions too."),
    ("ROIVolume or the stored DVH", "the same, by the one that is removed", "RTD016 I names the structures."),
    ("BeamDose", "a sum that is no prescription (RTD504 W)", "RTD504 I."),
    ("ROIPhysicalPropertiesSequence, or the structure that has it", "a density override on a target (RTD513 W)",
     "RTD016 I; RTD513 I where the dose tells of overrides (ROI_OVERRIDE)."),
    ("FrameOfReferenceUID of the plan", "an isocentre outside the body (RTD511 W)",
     "without one it is compared as if it were the dose's; with another, RTD511 W."),
    ("IsocenterPosition, NumberOfBoli", "an isocentre outside the body, bolus that is not drawn (RTD511, RTD512 W)",
     "RTD016 I."),
    ("NominalPriorDose, a reference to a prior plan", "earlier dose that is not included (RTD510 W)", "RTD016 I."),
    ("dates, or the time of day", "structures or plan changed after the dose or approval (RTD112 W)", "RTD016 I."),
    ("PlanIntent", "a plan that is not for treatment (RTD109 F)", "RTD016 I."),
    ("birth date, sex, name of the patient", "objects of another person under one id (RTD101 F or W)", "RTD016 I."),
    ("RTROIInterpretedType", "a type that contradicts the role (RTD320 W)", "RTD016 I names the structures."),
    ("SpatialTransformOfDose", "a dose that was moved (RTD221 W)", "RTD016 I."),
    ("TargetPrescriptionDose", "a prescription that is not the registry's (RTD506 E)", "RTD501 I."),
    (("the thing itself that is wrong: one of two objects or structures that contradict each other, a contour drawn "
      "twice or crossing another, a target that no lesion claims, bolus that no beam uses, a plan to be summed with "
      "its dose"), "what was said of it (RTD006, 101, 104, 105, 302, 309, 311, 512, 758)",
     "nothing: what is left agrees with itself, and nothing in it tells that there was more."),
)
"""What the standard lets an export leave out although a comparison needs it: what was removed, which warning goes with
it, what is said instead. Each warning has its severity from the catalogue, so that its absence can be no worse than a
note without asking for review of every export that is merely sparse; what a limit needs is never among these."""

NOT_SHOWN: tuple[str, ...] = (
    ("whether the images are of this patient and of the right day, and whether the planning scan was taken in the "
    "position of treatment"),
    "whether the contours are right: only that they are solids, lie where their names say, and agree with themselves",
    "a lost end contour of a structure without ROIVolume and without a stored DVH",
    "a top-level end of a file that was cut exactly between two elements after everything that is used",
    "whether the CT-to-density table and the beam model of the machine are right, and which algorithm gave the dose",
    "whether the couch was part of the calculation: a couch structure may be drawn and not used, or used and not drawn",
    "the right density of an override, only that there is one",
    "optimisation objectives, robustness, motion management, gating and the margin recipe",
    "machine limits, collisions, deliverability, and the result of patient-specific quality assurance",
    "the RBE model behind an effective dose",
    "earlier radiotherapy that neither the plan nor the registry tells of",
    "the setup: shifts from the tattoos, image guidance and its tolerances, bolus as it will be placed",
    "whether approval was given by those who may give it, and after looking",
    ("second-generation objects (RT Physician Intent, RT Segment Annotation, RT Radiation Set): they are listed and "
    "refused (RTD013), not read"),
)
"""What no check of exported files can see: it stays with the people who check the plan."""
