"""Random structures in random fields, and the truth of their own prisms in the gridded dose, by brute force.

Each contour reaches half way to its neighbours and half a spacing beyond the ends (dvh-method §4); the dose between its
grid points is trilinear. The truth shares no code with rtcheck: polygons by shapely, dose by `scipy.ndimage`, a
random point in each of about a million cells, and extremes from points along every edge, face and dose plane.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.affinity
from scipy.ndimage import map_coordinates

from rtcheck.model.grid import DoseGrid
from rtcheck.model.structure import ROI
from tests.analytic.phantoms import ORIENTATIONS, grid_of
from tests.geometry.contours import at, roi_of_rings

REFERENCE_GY = 50.0
LEAST_CM3, MOST_CM3 = 0.03, 1500.0
SPACINGS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
STEPS = (1.0, 1.5, 2.0, 2.5, 3.0)
ALIGNED = 0.4
"""In this share of the cases dose planes lie in contour planes or half way between, and a vertex on two other ones."""
HALVES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Case:
    """A structure, its rings by plane, and the dose around it.

    Attributes:
        spacing: of the contour planes, mm.
        step: of the dose grid, mm.
        planes: (w, polygon) of every contour plane, ascending.
        volume_cm3: of the prisms.
        half: of the height of the solid that the contours are sections of, mm.
        sections: its rings at a height above its middle, mm.
        centre: its middle.
        dose: as a function of x, y, z about the middle.
    """

    says: str
    spacing: float
    step: float
    roi: ROI
    planes: tuple[tuple[float, shapely.Geometry], ...]
    grid: DoseGrid
    volume_cm3: float
    half: float
    sections: Callable
    centre: np.ndarray
    dose: Callable


def sections(kind, rng):
    """A solid of extent 1: half its height, and a function from height to its rings, which parity joins."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    turn = rng.uniform(0, np.pi)
    flat = rng.uniform(0.3, 1.0)

    def ellipse(a, b, u=0.0, v=0.0):
        x, y = a * np.cos(angle), b * np.sin(angle)
        return np.stack([x * np.cos(turn) - y * np.sin(turn) + u, x * np.sin(turn) + y * np.cos(turn) + v], axis=1)

    def rectangle(a, b):
        x, y = np.array([-a, a, a, -a]), np.array([-b, -b, b, b])
        return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)

    if kind == "ellipsoid":
        half = rng.uniform(0.5, 1.0)
        return half, lambda z: [ellipse(*(np.sqrt(1 - (z / half) ** 2) * np.array([1.0, flat])))]
    if kind == "cylinder":
        return rng.uniform(0.5, 1.5), lambda z: [ellipse(1.0, flat)]
    if kind == "lying cylinder":
        return flat, lambda z: [rectangle(1.0, np.sqrt(flat**2 - z * z))]
    if kind == "box":
        return rng.uniform(0.5, 1.5), lambda z: [rectangle(1.0, flat)]
    if kind == "cone":
        half = rng.uniform(0.5, 1.0)
        return half, lambda z: [ellipse(*((half - z) / (2 * half) * np.array([1.0, flat])))]
    if kind == "oblique tube":
        lean, radius = rng.uniform(-0.6, 0.6, 2), rng.uniform(0.2, 0.5)
        return 1.0, lambda z: [ellipse(radius, radius * flat, *(lean * z))]
    if kind == "torus":
        minor = rng.uniform(0.2, 0.45)

        def ring(z):
            wide = np.sqrt(minor**2 - z * z)
            return [ellipse(1 - minor + wide, 1 - minor + wide), ellipse(1 - minor - wide, 1 - minor - wide)]

        return minor, ring
    assert kind == "two islands with a hole"
    apart = rng.uniform(0.1, 0.4)

    def islands(z):
        size = 0.5 * np.sqrt(max(1 - z * z, 0.0))
        along = np.array([np.cos(turn), np.sin(turn)]) * (size + apart)
        return [ellipse(size, size * flat, *along), ellipse(size, size, *-along), ellipse(size / 2, size / 3, *-along)]

    return 1.0, islands


ROUND = ("ellipsoid", "lying cylinder", "torus", "two islands with a hole")
"""Those without flat ends, of which contours cannot tell where they are."""
KINDS = ("ellipsoid", "cylinder", "lying cylinder", "box", "cone", "oblique tube", "torus", "two islands with a hole")


def field(rng, extent, *, noisy):
    """A dose with a name, from 0 to about 70 Gy over the extent; noise is of 2 Gy, another one at every point."""
    way = rng.normal(size=3)
    way /= np.linalg.norm(way)
    middle = rng.uniform(-0.5, 0.5, 3) * extent
    kind = ("linear", "radial", "Gaussian", "edge", "noisy")[int(rng.integers(5 if noisy else 4))]

    def along(x, y, z):
        return way[0] * (x - middle[0]) + way[1] * (y - middle[1]) + way[2] * (z - middle[2])

    def square(x, y, z):
        return (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2

    if kind == "linear":
        slope = min(rng.uniform(0.1, 2.0), 40 / extent)
        return kind, lambda x, y, z: np.maximum(50 + slope * along(x, y, z), 0)
    if kind == "radial":
        bend = 60 / (3 * extent**2)
        return kind, lambda x, y, z: np.maximum(60 - bend * square(x, y, z), 0)
    if kind == "Gaussian":
        sigma = max(rng.uniform(0.3, 1.5) * extent, 4.0)
        return kind, lambda x, y, z: 60 * np.exp(-square(x, y, z) / (2 * sigma**2))
    if kind == "noisy":
        return kind, lambda x, y, z: 50 + 10 * along(x, y, z) / extent + 2 * np.sin(1e4 * (x + 3 * y + 7 * z))
    width = rng.uniform(2.0, 6.0)

    def edge(x, y, z):
        far = along(x, y, z)
        return np.maximum(25 * (1 + np.tanh(far / width)) + 15 + 3 * far / extent, 0)

    return kind, edge


def case(seed, kinds=KINDS):
    """The case of a number."""
    rng = np.random.default_rng([20261123, seed])
    while True:
        kind = kinds[int(rng.integers(len(kinds)))]
        spacing, step = float(rng.choice(SPACINGS)), float(rng.choice(STEPS))
        half, rings_at = sections(kind, rng)
        target = float(np.exp(rng.uniform(np.log(LEAST_CM3), np.log(MOST_CM3))))
        rough = sum(_region(rings_at(z)).area for z in (np.arange(40) + 0.5) / 20 * half - half) * half / 20
        scale = (1000 * target / rough) ** (1 / 3)
        heights = np.arange(-half * scale + rng.uniform(0.05, 0.95) * spacing, half * scale * (1 - 1e-6), spacing)
        centre = rng.uniform(-150, 150, 3)
        planes = [(float(z), [scale * ring for ring in rings_at(z / scale)]) for z in heights]
        planes = [(z, [ring for ring in rings if np.ptp(ring, axis=0).min() > 0.3]) for z, rings in planes]
        planes = [(z, rings) for z, rings in planes if rings]
        if not 2 <= len(planes) or not np.allclose(np.diff([z for z, _ in planes]), spacing):
            continue
        regions = [(z, _region(rings)) for z, rings in planes]
        volume = sum(region.area for _, region in regions) * spacing / 1000
        if LEAST_CM3 <= volume <= MOST_CM3:
            break
    extent = max(float(np.abs(np.concatenate(rings)).max()) for _, rings in planes)
    extent = max(extent, half * scale + spacing)
    if extent > 40:  # a fine grid of a large structure takes long to build and shows nothing more
        step = max(step, 2.0)
    name, dose = field(rng, extent, noisy=kinds == KINDS)
    orientation = str(rng.choice(sorted(ORIENTATIONS)))
    shift = rng.uniform(-1, 1, 3) * step
    if rng.random() < ALIGNED:
        z, rings = planes[int(rng.integers(len(planes)))]
        vertex = rings[0][int(rng.integers(len(rings[0])))]
        shift = np.array([*vertex, z + rng.choice([0.0, 0.5]) * spacing])
        name += " (aligned)"
        shift -= np.round(shift / step) * step
    grid = grid_of(dose, step, extent + step, shift, orientation, centre)
    roi = roi_of_rings([at(ring + centre[:2], z + centre[2]) for z, rings in planes for ring in rings])
    moved = tuple((z + centre[2], shapely.affinity.translate(region, *centre[:2])) for z, region in regions)
    says = f"seed {seed}: {kind} of {volume:.3g} cm³, planes {spacing}, {name} dose on {step}, {orientation}"
    return Case(
        says, spacing, step, roi, moved, grid, volume, half * scale,
        lambda z: [scale * ring for ring in rings_at(z / scale)], centre, dose,
    )  # fmt: skip


def _region(rings):
    region = shapely.Polygon()
    for ring in rings:
        region = region.symmetric_difference(shapely.Polygon(ring))
    return region


def dose_of(grid):
    """A function of points (3, n) to the trilinear dose in Gy."""
    row, column = np.array(grid.geometry.row), np.array(grid.geometry.column)
    axes = np.stack([np.cross(row, column), column, row])
    steps = np.array([np.diff(grid.geometry.offsets_mm)[0], *grid.geometry.spacing_mm])
    stored = grid.stored * grid.scaling_gy
    origin = np.array(grid.geometry.origin_mm)

    def at_points(points):
        return map_coordinates(stored, axes @ (points - origin[:, None]) / steps[:, None], order=1, mode="nearest")

    return at_points


def truth(one, points=1_000_000):
    """Metrics of the prisms in the trilinear dose; D0.03cc where there is twice that, V at three doses in between."""
    rng = np.random.default_rng(7)
    dose = dose_of(one.grid)
    boxes = [region.bounds for _, region in one.planes]
    whole = sum((b[2] - b[0]) * (b[3] - b[1]) for b in boxes) * one.spacing
    cell = (whole / points) ** (1 / 3)
    layers = max(int(np.ceil(one.spacing / cell)), 8)
    values, weights, ends = [], [], []
    nodes = np.unique(np.round(_node_heights(one.grid), 9))
    for z, region in one.planes:
        shapely.prepare(region)
        x0, y0, x1, y1 = region.bounds
        columns, rows = (max(int(np.ceil((b - a) / cell)), 8) for a, b in ((x0, x1), (y0, y1)))
        k, j, i = np.indices((layers, rows, columns)).reshape(3, -1)
        x = x0 + (i + rng.random(len(i))) * (x1 - x0) / columns
        y = y0 + (j + rng.random(len(i))) * (y1 - y0) / rows
        w = z + ((k + rng.random(len(i))) / layers - 0.5) * one.spacing
        inside = shapely.contains_xy(region, x, y)
        here = dose(np.stack([x, y, w])[:, inside])
        values.append(here)
        weights.append(np.full(len(here), region.area * one.spacing / 1000 / len(here)))
        # extremes: the outline and the cross-section on both faces, on every dose plane between, and at a few heights
        faces = z + np.array([-0.5, 0.5]) * one.spacing
        heights = np.concatenate([faces, nodes[(nodes > faces[0]) & (nodes < faces[1])], z + (np.array(HALVES) - 0.5)
                                  * one.spacing])  # fmt: skip
        # (small ones lie in steep doses: a twentieth of a mm was 0.1 Gy)
        outline = region.segmentize(min(0.1, region.length / 1000)).boundary
        flat = np.concatenate([shapely.get_coordinates(outline).T, _dose_nodes(one.grid, region)], axis=1)
        ends.append(dose(np.stack([np.tile(flat[0], len(heights)), np.tile(flat[1], len(heights)),
                                   np.repeat(heights, flat.shape[1])])))  # fmt: skip
    value, weight, ends = (np.concatenate(each) for each in (values, weights, ends))
    out = _metrics(value, weight)
    out["Volume"] = one.volume_cm3
    out["Max"], out["Min"] = max(float(ends.max()), out["Max"]), min(float(ends.min()), out["Min"])
    return out


def solid_truth(one, points=1_000_000, *, gridded):
    """The same metrics of the solid itself, in the trilinear dose or in the dose itself, but for the extremes."""
    rng = np.random.default_rng(7)
    on_grid = dose_of(one.grid)
    thin = 2 * one.half / 200
    values, weights = [], []
    for k in range(200):
        region = _region(one.sections((k + 0.5) * thin - one.half))
        shapely.prepare(region)
        x0, y0, x1, y1 = region.bounds
        cell = np.sqrt((x1 - x0) * (y1 - y0) * 200 / points)
        columns, rows = (max(int(np.ceil((b - a) / cell)), 8) for a, b in ((x0, x1), (y0, y1)))
        j, i = np.indices((rows, columns)).reshape(2, -1)
        x = x0 + (i + rng.random(len(i))) * (x1 - x0) / columns
        y = y0 + (j + rng.random(len(i))) * (y1 - y0) / rows
        w = (k + rng.random(len(i))) * thin - one.half
        inside = shapely.contains_xy(region, x, y)
        place = np.stack([x, y, w])[:, inside]
        values.append(on_grid(place + one.centre[:, None]) if gridded else one.dose(*place))
        weights.append(np.full(len(values[-1]), region.area * thin / 1000 / len(values[-1])))
    out = _metrics(np.concatenate(values), np.concatenate(weights))
    return {name: value for name, value in out.items() if name not in ("Max", "Min")}


def _metrics(value, weight):
    order = np.argsort(-value)
    value, weight = value[order], weight[order]
    rank = np.cumsum(weight) - weight / 2
    total = float(weight.sum())
    out = {"Volume": total, "Mean": float(np.sum(value * weight) / total)}
    out["Max"], out["Min"] = float(value[0]), float(value[-1])
    for percent in (98, 95, 50, 2):
        out[f"D{percent}%"] = float(np.interp(percent / 100 * total, rank, value))
    if total >= 2 * LEAST_CM3:
        out["D0.03cc"] = float(np.interp(LEAST_CM3, rank, value))
    for percent in (20, 50, 80):
        limit = float(np.interp(percent / 100 * total, rank, value))
        out[f"V{limit!r}Gy"] = float(np.sum(weight[value >= limit]))
    return out


def _node_heights(grid):
    """z of every voxel centre; the grid's axes are those of the patient."""
    return _coordinates(grid)[2]


def _dose_nodes(grid, region):
    """(2, n) x and y of the dose nodes in a region."""
    x, y, _ = _coordinates(grid)
    x, y = (each.ravel() for each in np.meshgrid(x, y))
    inside = shapely.contains_xy(region, x, y)
    return np.stack([x[inside], y[inside]])


def _coordinates(grid):
    """Patient x, y, z of the voxel centres along each patient axis."""
    geometry = grid.geometry
    row, column = np.array(geometry.row), np.array(geometry.column)
    out = [None] * 3
    for way, places in (
        (row, np.arange(geometry.columns) * geometry.spacing_mm[1]),
        (column, np.arange(geometry.rows) * geometry.spacing_mm[0]),
        (np.cross(row, column), np.array(geometry.offsets_mm)),
    ):
        axis = int(np.argmax(np.abs(way)))
        out[axis] = geometry.origin_mm[axis] + way[axis] * places
    return out
