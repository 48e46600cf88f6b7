"""Pictures: which points are shown, and that dose, CT and outlines lie where they are."""

import numpy as np
import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import check_with_exhibits
from rtcheck.dicom.case import read_case
from rtcheck.dicom.images import read_images
from rtcheck.gather.planes import picture_frame, with_pictures
from tests.synthetic.dicom import box_grid, ct_images, grid_points
from tests.synthetic.simple import BOXES, GRID, linear, simple_case

GRADIENT = (-0.1, 0.02, 0.01)
DOSE = linear(50.0, GRADIENT)
AXES = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}


def hounsfield(points):
    return np.rint(points @ [1.0, 2.0, 3.0]).astype(np.int16)


def pictured(folder, *, ct=True, position="HFS", mutate=None):
    """Exhibits with pictures of the box patient; the dose falls towards the patient's left, so L2 is cold."""
    low, high = GRID.origin, np.array(GRID.origin) + np.array(GRID.shape[::-1]) * 3.0 - 3.0
    grid = box_grid(low, high, position=position)
    images = box_grid((-90, -80, -80), (90, 80, 80), (4.0, 4.0, 5.0))

    def add(datasets):
        if mutate is not None:
            mutate(datasets)
        for number, image in enumerate(ct_images(hounsfield(grid_points(images)), images, seed="simple")):
            datasets[f"ct{number}"] = image

    case_files = simple_case(folder, dose=DOSE, grid=grid, mutate=add if ct else mutate)
    case, record = read_case([case_files.folder]), read_record(case_files.registry)
    with pytest.MonkeyPatch.context() as patch:
        # pictures need no index of conformity, and of a dose that fills the body these take long
        patch.setattr("rtcheck.gather.gallery.indexed_lesion", lambda row, *_, **__: row)
        report, exhibits = check_with_exhibits(case, record, read_protocol(str(case_files.protocol)))
    image, note = read_images([case_files.folder], case, picture_frame(case))
    return with_pictures(exhibits, report, case, record, image, note)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return pictured(tmp_path_factory.mktemp("patient"))


def test_the_failing_lesion_and_the_worst_organ_are_shown(shown):
    """Three planes of the lesion that fails, three of the organ with the least margin; a covered lesion has none."""
    assert [(one.kind, one.subject) for one in shown.pictures[::3]] == [("lesion", "L2"), ("organ", "SpinalCord")]
    assert [one.orientation for one in shown.pictures] == ["axial", "coronal", "sagittal"] * 2
    assert shown.pictures_missing == ""


def test_the_points_are_the_worst(shown):
    """The lesion's point is its coldest corner, the organ's its hottest."""
    lesion, organ = shown.pictures[0].point_mm, shown.pictures[3].point_mm
    _, x, y, z = BOXES["PTV_L2"]
    assert lesion[0] == pytest.approx(x[1], abs=0.5)
    assert lesion[1] == pytest.approx(y[0], abs=0.5)
    assert abs(lesion[2] - z[0]) <= 3.0
    assert organ[0] == pytest.approx(BOXES["SpinalCord"][1][0], abs=0.5)


def test_dose_and_ct_lie_where_they_are(shown):
    """At every sample of every plane the dose and the Hounsfield unit are those of its point; beyond the grid none."""
    for one in shown.pictures:
        across, along, normal = AXES[one.orientation]
        points = np.empty((len(one.rows_mm), len(one.columns_mm), 3))
        points[..., across], points[..., along] = one.columns_mm[None, :], one.rows_mm[:, None]
        points[..., normal] = one.point_mm[normal]
        low, high = np.array(GRID.origin), np.array(GRID.origin) * [-1, -1, 0] + [0, 0, 72]
        inside = np.all((points >= low) & (points <= high), axis=-1)
        known = ~np.isnan(one.dose_gy)
        assert np.array_equal(known, inside)
        assert np.abs(one.dose_gy - (50 + points @ GRADIENT))[known].max() < 2e-3
        seen = ~np.isnan(one.ct_hu)
        assert np.abs(one.ct_hu - points @ [1.0, 2.0, 3.0])[seen].max() < 1.0
        assert np.array_equal(seen, np.all(np.abs(points) <= [90.0, 80.0, 80.0], axis=-1))


def test_outlines_are_those_of_the_boxes(shown):
    """Each structure that crosses a plane is drawn where its box is, and no other."""
    for one in shown.pictures:
        across, along, normal = AXES[one.orientation]
        drawn = {contour.name: np.concatenate(contour.lines_mm) for contour in one.contours}
        for name, (_, *box) in BOXES.items():
            box[2] = (box[2][0] - 1.5, box[2][1] + 1.5)
            crosses = box[normal][0] < one.point_mm[normal] < box[normal][1]
            if not crosses:
                continue
            lines = drawn.get(name)
            if lines is None:
                lowest, highest = one.columns_mm[0], one.columns_mm[-1]
                assert box[across][0] < lowest or box[across][1] > highest
                continue
            assert lines[:, 0].min() >= max(box[across][0], one.columns_mm[0]) - 0.01
            assert lines[:, 1].max() <= min(box[along][1], one.rows_mm[-1]) + 0.01
    roles = {contour.name: contour.role for one in shown.pictures for contour in one.contours}
    assert roles["PTV_L2"] == "target"
    assert roles.get("BODY", "other") == "other"
    assert roles["Liver"] == "organ"


def test_the_storage_order_of_the_dose_does_not_turn_the_pictures(shown, tmp_path):
    """A dose stored feet first and prone gives the same pictures."""
    other = pictured(tmp_path, position="FFP")
    for here, there in zip(shown.pictures, other.pictures, strict=True):
        assert here.letters == there.letters
        assert here.point_mm == pytest.approx(there.point_mm, abs=1e-6)
        assert np.nanmax(np.abs(here.dose_gy - there.dose_gy)) < 2e-3


def test_without_ct(tmp_path):
    """Without CT the pictures are of the dose alone, and the page says so."""
    shown = pictured(tmp_path, ct=False)
    assert len(shown.pictures) == 6
    assert all(one.ct_hu is None for one in shown.pictures)
    assert "no CT" in shown.pictures_missing


def test_a_lesion_without_structure_is_named(tmp_path):
    """A lesion that fails and has no structure has no picture, and that is said."""
    def forget(datasets):
        sequence = datasets["struct"].StructureSetROISequence
        for item in sequence:
            if item.ROIName.endswith("_L2"):
                item.ROIName = "other"

    shown = pictured(tmp_path, ct=False, mutate=forget)
    assert "No picture of L2" in shown.pictures_missing
    assert {one.subject for one in shown.pictures} == {"SpinalCord"}
