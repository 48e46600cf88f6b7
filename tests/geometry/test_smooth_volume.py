"""The volume from the areas of contours alone, against closed forms.

That the intervals need it: the islands of tests/analytic/test_accuracy.py.
"""

import numpy as np
import pytest

from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.smooth_volume import smooth_volume
from tests.analytic.phantoms import box, circle, lying_cylinder, roi_of, sphere
from tests.geometry.contours import at, roi_of_rings


@pytest.mark.parametrize("phase", [0.1, 0.37, 0.5, 0.8])
@pytest.mark.parametrize(
    ("phantom", "share"), [(sphere(10), 2e-3), (lying_cylinder(9, 12), 2e-3), (box(8, 6, 10), 0.07)],
    ids=lambda item: getattr(item, "name", ""),
)  # fmt: skip
def test_volumes_of_closed_forms(phantom, share, phase):
    """Round solids to 0.2 %, whatever the phase of their planes; flat ends to half a spacing each."""
    stack, _ = stack_contours(roi_of(phantom, 2.5, phase))
    assert smooth_volume(stack) == pytest.approx(phantom.volume_mm3, rel=share)


def test_missing_slices_are_filled_by_prisms():
    """A gap in a box counts as the slab that its neighbours fill."""
    rings = [at(circle(8), z) for z in (0, 2, 4, 12, 14, 16)]
    stack, _ = stack_contours(roi_of_rings(rings))
    assert stack.gaps
    assert smooth_volume(stack) == pytest.approx(np.pi * 64 * 18, rel=1e-9)


def test_one_plane_is_a_slab():
    """A single contour fills the thickness that is assumed for it."""
    stack, _ = stack_contours(roi_of_rings([at(circle(8), 0.0)]))
    assert smooth_volume(stack) == pytest.approx(np.pi * 64 * stack.thickness_mm, rel=1e-9)
