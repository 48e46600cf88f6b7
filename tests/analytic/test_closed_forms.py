"""Solids with closed forms in known dose fields: what the engine says against the truth (dvh-method §7)."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import (
    DOSES,
    METRICS,
    ORIENTATIONS,
    box,
    cone,
    cylinder,
    field_of,
    grid_of,
    interval,
    lying_cylinder,
    metric,
    roi_of,
    sphere,
    torus,
    truth,
)

PRESCRIPTION = 50.0
SOLIDS = (
    sphere(6.5),
    sphere(12),
    sphere(20),
    cylinder(8, 10),
    lying_cylinder(10, 14),
    cone(14, 24),
    box(10, 8, 11),
    torus(16, 6),
    torus(14, 9),
)
# brute-force truth is itself good to about this share of the prescription or of the volume
TRUTH = 5e-4


def result_of(phantom, dose, *, spacing, phase, grid_spacing, shift, orientation="HFS", model="prism"):
    stack, _ = stack_contours(roi_of(phantom, spacing, phase))
    grid = grid_of(dose, grid_spacing, max(phantom.extent) + 2, shift, orientation)
    return structure_dose(sample_solid(phantom.name, Leaf(stack), field_of(grid), model), None)


@pytest.mark.parametrize("phantom", SOLIDS, ids=lambda p: p.name)
@pytest.mark.parametrize("dose", sorted(DOSES))
def test_truth_lies_inside_the_interval(phantom, dose):
    """At any slice spacing, phase, dose grid and patient orientation every true metric is in the interval."""
    rng = np.random.default_rng(sum(map(ord, phantom.name + dose)))
    exact = truth(phantom, DOSES[dose], 300_000)
    for model in ("prism", "shape"):
        spacing = float(rng.choice([1.0, 2.0, 2.5, 3.0]))
        result = result_of(
            phantom,
            DOSES[dose],
            spacing=spacing,
            phase=float(rng.uniform(0.02, 0.98)),
            model=model,
            grid_spacing=float(rng.choice([1.0, 1.5, 2.0, 2.5])),
            shift=rng.uniform(-1, 1, 3),
            orientation=str(rng.choice(sorted(ORIENTATIONS))),
        )
        for name in METRICS:
            _, low, high = interval(result, name)
            slack = TRUTH * (PRESCRIPTION if name != "Volume" else 0.0)
            assert low - slack <= exact[name] <= high + slack, (model, name, spacing)


@pytest.mark.parametrize(
    "phantom", [sphere(12), sphere(20), lying_cylinder(10, 14), torus(16, 6)], ids=lambda p: p.name
)
@pytest.mark.parametrize("dose", ["along x", "along z", "oblique"])
def test_shape_model_is_close_to_the_solid(phantom, dose):
    """Tapered solids on 1 mm slices, shape model: volume to 0.5 %, mean to 0.1 % and D to 0.5 % of the prescription."""
    exact = truth(phantom, DOSES[dose], 400_000)
    result = result_of(
        phantom, DOSES[dose], spacing=1.0, phase=0.5, grid_spacing=2.0, shift=(0.3, 0.1, -0.4), model="shape"
    )
    assert metric(result.value, "Volume") == pytest.approx(exact["Volume"], rel=5e-3)
    assert metric(result.value, "Mean") == pytest.approx(exact["Mean"], abs=(1e-3 + TRUTH) * PRESCRIPTION)
    for name in METRICS[2:]:
        assert metric(result.value, name) == pytest.approx(exact[name], abs=5e-3 * PRESCRIPTION), name


@pytest.mark.parametrize("phantom", [cylinder(8, 10), box(10, 8, 10)], ids=lambda p: p.name)
@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("dose", ["along x", "along z", "oblique"])
def test_flat_ends_are_exact_when_planes_bisect_them(phantom, model, dose):
    """Where the end planes lie half a spacing inside a flat end, both models give volume, mean and D of the solid."""
    exact = truth(phantom, DOSES[dose], 400_000)
    result = result_of(
        phantom, DOSES[dose], spacing=2.5, phase=0.5, grid_spacing=2.5, shift=(0.3, 0.1, -0.4), model=model
    )
    assert metric(result.value, "Volume") == pytest.approx(exact["Volume"], rel=2e-3)
    assert metric(result.value, "Mean") == pytest.approx(exact["Mean"], abs=1e-3 * PRESCRIPTION)
    for name in METRICS[2:]:
        assert metric(result.value, name) == pytest.approx(exact[name], abs=5e-3 * PRESCRIPTION), name


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_orientation_of_the_dose_does_not_matter(orientation):
    """The same dose stored in any of the eight patient orientations gives the same metrics, extremes included."""
    shift = (0.0, 0.0, 0.0)
    first, other = (
        result_of(
            box(10, 8, 11), DOSES["oblique"], spacing=2.5, phase=0.4, grid_spacing=2.0, shift=shift, orientation=o
        )
        for o in ("HFS", orientation)
    )
    for name in (*METRICS, "Min", "Max"):
        assert metric(first.value, name) == pytest.approx(metric(other.value, name), abs=1e-3)


@pytest.mark.parametrize("dose", ["along x", "along z", "oblique"])
def test_extremes_of_a_box_are_those_of_its_corners(dose):
    """Minimum and maximum of a box drawn to its true ends are the doses at its corners."""
    result = result_of(box(10, 8, 10), DOSES[dose], spacing=2.5, phase=0.5, grid_spacing=2.0, shift=(0.3, 0.1, -0.4))
    corners = [DOSES[dose](x, y, z) for x in (-10, 10) for y in (-8, 8) for z in (-10, 10)]
    assert result.value.minimum_gy == pytest.approx(min(corners), abs=1e-3)
    assert result.value.maximum_gy == pytest.approx(max(corners), abs=1e-3)


def test_maximum_finds_a_single_hot_node():
    """One hot dose node inside a large structure is the maximum, though no sample lies on it."""
    from dataclasses import replace

    grid = grid_of(lambda x, y, z: 20.0 + 0 * x + 0 * y + 0 * z, 2.5, 25)
    stored = np.array(grid.stored)
    stored[tuple(n // 2 for n in stored.shape)] = 300_000
    stored.setflags(write=False)
    stack, _ = stack_contours(roi_of(sphere(20), 2.5, 0.3))
    result = structure_dose(sample_solid("A", Leaf(stack), field_of(replace(grid, stored=stored)), "prism"), None)
    assert result.value.maximum_gy == pytest.approx(30.0, abs=1e-9)
