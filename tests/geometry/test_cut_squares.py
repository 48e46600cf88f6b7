"""The part of a cell on one side of a straight surface: its area and centroid against polygons."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.coverage import cut_cells, section_areas
from rtcheck.geometry.occupancy import Lattice


@pytest.mark.parametrize("size", [(1.0, 1.0), (0.5, 2.0)])
@pytest.mark.parametrize("seed", range(4))
def test_a_straight_surface_cuts_each_cell_as_a_polygon(size, seed):
    """In any direction and at any distance area and centroid of each cell's part are those of the clipped square."""
    rng = np.random.default_rng(seed)
    du, dv = size
    lattice = Lattice(-3 * du, -2.5 * dv, du, dv, 6, 5)
    u, v = lattice.u0 + du * (np.arange(6) + 0.5), lattice.v0 + dv * (np.arange(5) + 0.5)
    angles = np.concatenate([rng.uniform(0, 2 * np.pi, 12), np.arange(4) * np.pi / 2, [np.pi / 4, 3.0 * np.pi / 4]])
    offsets = rng.uniform(-1.2, 1.2, len(angles)) * min(size)
    for angle, offset in zip(angles, offsets, strict=True):
        a, b = np.cos(angle), np.sin(angle)
        level = (a * u + b * v[:, None] + offset)[None]
        found = cut_cells(level, lattice)
        far = 50.0
        normal, along = np.array([a, b]), np.array([-b, a])
        foot = -offset * normal
        half = shapely.Polygon([foot + far * along, foot - far * along, foot - far * along + far * normal,
                                foot + far * along + far * normal])  # fmt: skip
        total = 0.0
        cells = {(r, c): k for k, (r, c) in enumerate(zip(found.row.tolist(), found.column.tolist(), strict=True))}
        for r in range(1, 4):
            for c in range(1, 5):
                square = shapely.box(u[c] - du / 2, v[r] - dv / 2, u[c] + du / 2, v[r] + dv / 2)
                part = shapely.intersection(square, half)
                total += part.area
                if part.area < 1e-6 * du * dv:
                    assert (r, c) not in cells or found.share[cells[r, c]] < 1e-5
                    continue
                k = cells[r, c]
                assert found.share[k] * du * dv == pytest.approx(part.area, abs=2e-6)
                if part.area > 1e-3 * du * dv:
                    place = (u[c] + du * (found.x[k] - 0.5), v[r] + dv * (found.y[k] - 0.5))
                    assert place == pytest.approx((part.centroid.x, part.centroid.y), abs=2e-3)
        assert section_areas(level, lattice)[0] == pytest.approx(total, abs=1e-4)
