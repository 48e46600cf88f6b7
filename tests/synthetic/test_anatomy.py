"""The synthetic anatomy: contours follow their fields, organs lie where they belong and do not share tissue."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from shapely.geometry import Polygon

from tests.synthetic.isolines import rings
from tests.synthetic.samples import SAMPLES
from tests.synthetic.solids import Plane
from tests.synthetic.torso import lesion_solids, torso_solids

X, Y = np.arange(-199.5, 200, 2.0), np.arange(-139.5, 140, 2.0)
EXCLUSIVE = (
    "Liver", "Stomach", "Duodenum", "Gallbladder", "Spleen", "Kidney_L", "Kidney_R", "GreatVes", "Heart", "Lung_L",
    "Lung_R", "Colon", "Bowel_Small", "SpinalCanal",
)  # fmt: skip


def _plane(z: float) -> Plane:
    return Plane(X[None, :], Y[:, None], z)


@pytest.fixture(scope="module")
def masks():
    """Every solid of the first sample on planes 12 mm apart, as (planes, ny, nx)."""
    solids = torso_solids(SAMPLES[0].shape)
    planes = [_plane(float(z)) for z in range(-180, 187, 12)]
    return {name: np.stack([solid(plane) < 0 for plane in planes]) for name, solid in solids.items()}


def test_a_ring_field_gives_an_outline_and_a_hole():
    """Both circles of an annulus come back, largest first, with their areas and even vertices."""
    field = np.abs(np.hypot(X[None, :] - 3.3, Y[:, None]) - 30) - 8
    outer, inner = rings(field, X, Y, spacing=3.0)
    for ring, radius in ((outer, 38), (inner, 22)):
        assert Polygon(ring).area == pytest.approx(np.pi * radius**2, rel=0.01)
        steps = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
        assert steps.max() < 1.1 * steps.min()


def test_a_field_that_reaches_the_border_is_closed_there():
    """A solid larger than the plane still gives one closed ring."""
    (ring,) = rings(np.full((len(Y), len(X)), -5.0), X, Y)
    assert Polygon(ring).is_valid


def test_organs_lie_where_they_belong(masks):
    """Left is +x, front is −y: liver right, spleen and stomach left, heart left and in front, spine at the back."""
    def centre(name: str) -> tuple[float, float]:
        mask = masks[name].sum(axis=0)
        return float((mask.sum(0) * X).sum() / mask.sum()), float((mask.sum(1) * Y).sum() / mask.sum())

    assert centre("Liver")[0] < -30
    assert centre("Kidney_R")[0] < 0 < centre("Kidney_L")[0]
    assert centre("Lung_R")[0] < 0 < centre("Lung_L")[0]
    assert centre("Spleen")[0] > 60
    assert centre("Stomach")[0] > 20
    assert centre("Heart")[0] > 5
    assert centre("Heart")[1] < -10
    assert centre("SpinalCord")[1] > 40


def test_organs_do_not_overlap(masks):
    """No point belongs to two organs, and none lies outside the body."""
    pairs = itertools.combinations(EXCLUSIVE, 2)
    assert [(first, second) for first, second in pairs if (masks[first] & masks[second]).any()] == []
    assert [name for name in EXCLUSIVE if (masks[name] & ~masks["BODY"]).any()] == []


def test_organ_volumes_are_of_human_size(masks):
    """Volumes in cm³ lie in the range of adults."""
    cc = {name: mask.sum() * 4 * 12 / 1000 for name, mask in masks.items()}
    for name, low, high in (
        ("Liver", 1100, 1900), ("Lung_L", 1200, 2500), ("Lung_R", 1300, 2800), ("Heart", 300, 800),
        ("Spleen", 100, 350), ("Kidney_L", 110, 250), ("Kidney_R", 110, 250), ("Stomach", 150, 600),
        ("BODY", 15000, 35000),
    ):  # fmt: skip
        assert low < cc[name] < high, name


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.folder)
def test_lesions_lie_in_their_organs(sample):
    """The primary lies in the liver, L3 in the left lung, L4 in the spine, and every GTV inside its PTV."""
    organs, targets = torso_solids(sample.shape), lesion_solids(sample.shape)
    for lesion in sample.shape.lesions:
        plane = _plane(lesion.centre[2])
        gtv, ptv = (solid(plane) < 0 for solid in targets[lesion.id])
        assert gtv.any()
        assert not (gtv & ~ptv).any()
        home = {"L1": "Liver", "L3": "Lung_L", "L4": "_spine"}.get(lesion.id)
        if home:
            assert (gtv & ~(organs[home](plane) < 0)).sum() <= 0.02 * gtv.sum()


@pytest.mark.parametrize("z", [-117.0, -42.0, 0.0, 33.0, 93.0, 150.0])
def test_contours_are_simple_and_do_not_cross(z):
    """On a plane every ring of an organ is valid and no two of its rings cross."""
    plane = _plane(z)
    for name, solid in torso_solids(SAMPLES[1].shape).items():
        polygons = [Polygon(ring) for ring in rings(solid(plane), X, Y, spacing=4.0)]
        assert all(polygon.is_valid for polygon in polygons), name
        for first, second in itertools.combinations(polygons, 2):
            assert not first.exterior.intersects(second.exterior), name
