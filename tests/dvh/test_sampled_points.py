"""Where the samples of a shape lie when its tails are divided, and what the coldest and hottest parts then receive."""

import numpy as np
import pytest

from rtcheck.dvh.local import dose_about
from rtcheck.dvh.sampling import Resolution, sample_prisms, sample_shape
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import box, field_of, grid_of, roi_of, sphere
from tests.geometry.shapes import stack_of

EYE = np.eye(3)


def bowl(x, y, z):
    return np.maximum(60 - 0.1 * (x * x + y * y + z * z), 0)


def about(field, half):
    return dose_about(field_of(grid_of(field, 1.0, half + 1)), EYE, -np.full(3, half), np.full(3, half))


@pytest.mark.parametrize("phase", [0.2, 0.6, 0.8])
def test_divided_samples_of_a_ball_stay_near_it_and_its_tails_are_exact(phase):
    """Rim cells are divided: nothing sticks out by a third of a cell, and ranks are exact to a share of the range."""
    solid = Leaf(stack_of(roi_of(sphere(12), 2.5, phase)))
    leaves = leaves_of(solid)
    samples, _ = sample_shape(
        solid, leaves, variants_of(leaves)[:1], about(bowl, 15.0), Resolution(2.0, 1.25, 0.5), points=True
    )
    order = np.argsort(samples.dose_gy[0])
    points, volume, dose = samples.points_mm[:, order], samples.volume_cm3[order], samples.dose_gy[0, order]
    assert np.sum(volume) == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=1e-3)
    away = np.linalg.norm(points, axis=0)
    assert away.max() < 12 + 2.0 * 0.3
    # at the surface it is 45.6 Gy; a divided sample that sticks out is not colder than an undivided one
    assert dose.min() >= 60 - 0.1 * 144 - 1.0
    at = (np.cumsum(volume) - volume / 2) / np.sum(volume)
    for cold, within in ((0.02, 0.1), (0.05, 0.6), (0.5, 0.2), (0.98, 0.1)):
        exact = 60 - 0.1 * 144 * (1 - cold) ** (2 / 3)
        assert np.interp(cold, at, dose) == pytest.approx(exact, abs=within), cold


@pytest.mark.parametrize("sense", [1, -1])
def test_divided_samples_that_stick_out_have_no_dose_of_their_own(sense):
    """A dose that climbs or falls steeply outwards: divided samples go no further than the surface and the others."""

    def steep(x, y, z):
        return 60 + sense * 4 * (np.sqrt(x * x + y * y + z * z) - 12)

    solid = Leaf(stack_of(roi_of(sphere(12), 2.5, 0.2)))
    leaves = leaves_of(solid)
    variants = variants_of(leaves)[:1]
    at = Resolution(2.0, 1.25, 0.5)
    samples, surface = sample_shape(solid, leaves, variants, about(steep, 15.0), at, points=True)
    away = np.linalg.norm(samples.points_mm, axis=0).max() - 12
    assert away > 0.4
    rim = samples.dose_gy.max() - 60 if sense > 0 else 60 - samples.dose_gy.min()
    assert rim < 4 * away - 0.5
    ends = surface.dose_gy.max() if sense > 0 else surface.dose_gy.min()
    assert ends == pytest.approx(60, abs=0.9)


def test_divided_samples_of_a_box_fill_it():
    """Cells of a box are divided where the dose is extreme: points and volumes fill it evenly, corner to corner."""
    half = np.array([10.0, 8.0, 11.25])
    slope = np.array([1, 0.5, -0.7])
    solid = Leaf(stack_of(roi_of(box(*half), 2.5, 0.5)))
    leaves = leaves_of(solid)
    variants = variants_of(leaves)[:1]
    local = about(lambda x, y, z: 40 + x + 0.5 * y - 0.7 * z, 16.0)
    reach = float(half @ np.abs(slope))
    resolution = Resolution(1.7, 1.25, 0.3)
    for samples, out in (
        (sample_shape(solid, leaves, variants, local, resolution, points=True)[0], 0.3 * 1.7),
        (sample_prisms(prisms_of(solid, leaves, variants), local, resolution, 0.0, points=True)[0], 0.25 * 1.7),
    ):
        order = np.argsort(samples.dose_gy[0])
        points, volume, dose = samples.points_mm[:, order], samples.volume_cm3[order], samples.dose_gy[0, order]
        assert np.sum(volume) == pytest.approx(8 * np.prod(half) / 1000, rel=1e-6)
        assert np.all(np.abs(points.T) <= half + out)
        assert dose == pytest.approx(40 + slope @ points, abs=1e-3)
        assert np.average(points, axis=1, weights=volume) == pytest.approx([0, 0, 0], abs=0.02)
        assert np.average(points**2, axis=1, weights=volume) == pytest.approx(half**2 / 3, rel=6e-3)
        # near a corner (dose - lowest)³ / (48 a b c) of the volume is colder, slopes counted into a, b and c
        at = np.cumsum(volume) / np.sum(volume)
        for share in (1e-3, 1e-2):
            edge = (48 * float(np.prod(half * np.abs(slope))) * share) ** (1 / 3)
            assert np.interp(share, at, dose) == pytest.approx(40 - reach + edge, abs=0.25)
            assert np.interp(1 - share, at, dose) == pytest.approx(40 + reach - edge, abs=0.25)
