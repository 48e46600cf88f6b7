"""The anatomy of a synthetic torso: every organ a smooth analytic solid, cut so that neighbours do not share tissue.

LPS mm, z = 0 near the lower end of the breastbone; the patient's right is −x, front is −y, head is +z. The solids
are believable in place, size and neighbourhood; they are nobody's anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.synthetic.solids import Field, Plane, Solid, bumpy, cut, ellipsoid, grown, intersection, named, prism, union
from tests.synthetic.tubes import path, tubes

__all__ = ["LesionShape", "TorsoShape", "lesion_solids", "torso_solids"]


@dataclass(frozen=True)
class LesionShape:
    """One lesion: GTV ellipsoid with an uneven surface, PTV the GTV grown by `margin` mm."""

    id: str
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    margin: float = 5.0
    unevenness: float = 1.2
    phase: float = 0.0


@dataclass(frozen=True)
class TorsoShape:
    """What differs between the sample patients: width and depth of the trunk, size of the liver, surfaces, lesions."""

    width: float = 1.0
    depth: float = 1.0
    liver: float = 1.0
    phase: float = 0.0
    lesions: tuple[LesionShape, ...] = ()


def lesion_solids(shape: TorsoShape) -> dict[str, tuple[Solid, Solid]]:
    """GTV and PTV of each lesion by its id."""
    out = {}
    for lesion in shape.lesions:
        smooth = ellipsoid(lesion.centre, lesion.radii, everywhere=True)
        gtv = named(f"gtv {lesion.id}", bumpy(smooth, lesion.unevenness, 2.2 * max(lesion.radii), lesion.phase))
        out[lesion.id] = (gtv, grown(gtv, lesion.margin))
    return out


def torso_solids(shape: TorsoShape) -> dict[str, Solid]:
    """Organs by TG-263 name (lesions not included); ``_name`` is tissue without a contour of its own, for the CT."""
    body = named("body", _trunk(shape))
    solids = _wall(body) | _spine(shape.depth)
    solids["Rib"] = cut(solids["Rib"], grown(solids["_spine"], 5), gap=0)
    solids |= {name: tubes(name) for name in ("Trachea", "Bronchus_Main", "Bronchus_Small", "BrachialPlex")}
    solids["Esophagus"] = named("oesophagus", tubes("Esophagus"))
    solids["GreatVes"] = named("vessels", tubes("aorta", "cava", "portal", blend=3))
    diaphragm = named("diaphragm", _above_diaphragm)
    solids |= _chest(shape, body, diaphragm, solids)
    below = named("below", intersection(grown(body, -25), lambda plane: diaphragm(plane) + 2, blend=8))
    return solids | _abdomen(shape, below, solids)


def _trunk(shape: TorsoShape) -> Solid:
    w, d = shape.width, shape.depth
    knots = ((-200, 172, 104, 4), (-150, 166, 101, 2), (-90, 157, 100, 0), (-20, 160, 104, 0), (50, 166, 109, 0),
             (120, 168, 108, 2), (165, 160, 96, 6), (200, 138, 80, 12))
    return prism([(z, a * w, b * d, centre) for z, a, b, centre in knots], power=2.35)


def _wall(body: Solid) -> dict[str, Solid]:
    """Skin, chest wall and ribs as layers under the surface."""

    def between(outer: float, inner: float, low: float, high: float) -> Solid:
        """From `outer` to `inner` mm under the skin, from z `low` to `high`."""

        def evaluate(plane: Plane) -> Field:
            depth = -body(plane)
            return np.maximum(np.maximum(outer - depth, depth - inner), max(low - plane.z, plane.z - high))

        return evaluate

    def oblique(plane: Plane) -> Field:
        """Bands 10 mm high every 27 mm, falling towards the front as ribs do."""
        height = plane.z - 0.42 * plane.y - 0.05 * np.abs(plane.x)
        return (np.abs(np.mod(height, 27.0) - 13.5) - 5.0) * 0.9

    return {
        "BODY": body,
        "Skin": between(0, 5, -900, 900),
        "Chestwall": between(7, 22, -30, 156),
        "Rib": intersection(between(11, 20, -25, 170), oblique, blend=2),
        "_lean": grown(body, -11),
        "_inner": grown(body, -25),
    }


def _spine(depth: float) -> dict[str, Solid]:
    levels = ((-200, 10), (-150, 2), (-95, -4), (-30, 1), (50, 7), (120, 9), (210, 4))

    def column(y: float, radius: float) -> Solid:
        """A tube of constant radius that follows the curves of the spine, `y` mm behind the middle."""
        return path([(0.0, (y + bend) * depth, z, radius) for z, bend in levels])

    def cord(extra: float) -> Solid:
        """The cord down to its end at the second lumbar vertebra, with a margin."""
        knots = [(0.0, (62 + bend) * depth, z, 5.6 + extra) for z, bend in levels[3:]]
        return path([(0.0, 60.0 * depth, -58.0, 4.8 + extra), *knots])

    cauda = [(0.0, (62 + bend) * depth, z, 6.8) for z, bend in levels[:3]]
    return {
        "SpinalCanal": column(62, 9.5),
        "SpinalCord": cord(0.0),
        "SpinalCord_PRV05": cord(5.0),
        "CaudaEquina": path([*cauda, (0.0, 61.0 * depth, -62.0, 6.8)]),
        "SacralPlex": tubes("SacralPlex"),
        "_spine": named("spine", union(column(38, 17.5), column(62, 15), blend=8)),
        "_process": union(column(84, 5), column(62, 15), blend=6),
    }


def _above_diaphragm(plane: Plane) -> Field:
    """Height above the diaphragm, in mm: two domes and a middle part, lower at the back and the sides."""
    back = ((plane.y + 18) / 9.5) ** 2
    right = 56 - ((plane.x + 76) / 9.5) ** 2 * 0.32 - back * 0.42
    left = 46 - ((plane.x - 78) / 9.5) ** 2 * 0.32 - back * 0.42
    top = right.clip(min=-40)
    for other in (left, 30 - back * 0.30):
        top = top + ((other - top) + ((other - top) ** 2 + 64) ** 0.5) / 2
    return (plane.z - top) * 0.75


def _chest(shape: TorsoShape, body: Solid, diaphragm: Solid, solids: dict[str, Solid]) -> dict[str, Solid]:
    w, d = shape.width, shape.depth
    muscle = bumpy(ellipsoid((24, -34, 82), (47, 41, 50), power=2.2, lean=(-0.25, 0.08)), 2, 70, shape.phase)
    muscle = intersection(muscle, grown(body, -25), blend=8)
    heart = named("heart", cut(muscle, solids["GreatVes"], solids["Esophagus"], gap=1.5))
    middle = union(tubes("mediastinum"), grown(heart, 3), grown(solids["_spine"], 4), blend=12)
    room = ellipsoid((0, 4, 30), (158 * w, 104 * d, 158), power=2.25, everywhere=True)
    room = intersection(grown(body, -26), room, lambda plane: 4 - diaphragm(plane), blend=10)
    airways = (solids["Bronchus_Main"], solids["Bronchus_Small"])
    lungs = named("lungs", cut(room, middle, solids["GreatVes"], *airways, gap=1.0))
    return {
        "Heart": heart,
        "Lung_R": intersection(lungs, lambda plane: plane.x + 0 * plane.y + 3),
        "Lung_L": intersection(lungs, lambda plane: 3 - plane.x + 0 * plane.y),
    }


def _abdomen(shape: TorsoShape, below: Solid, solids: dict[str, Solid]) -> dict[str, Solid]:
    spine, vessels = solids["_spine"], solids["GreatVes"]
    right = bumpy(ellipsoid((-62, 40, -52), (29, 25, 55), power=2.1, lean=(0.12, -0.05)), 1.5, 60, 1)
    left = bumpy(ellipsoid((63, 42, -38), (28, 25, 57), power=2.1, lean=(-0.12, -0.05)), 1.5, 60, 2)
    right, left = named("kidney r", cut(right, spine)), named("kidney l", cut(left, spine))
    pelvis = union(ellipsoid((-48, 34, -52), (13, 9, 24)), ellipsoid((49, 36, -38), (13, 9, 24)))
    spleen = bumpy(ellipsoid((104, 38, 2), (30, 42, 50), lean=(0.1, -0.1)), 2, 80)
    spleen = named("spleen", cut(intersection(spleen, below, blend=6), left, gap=2))
    duct = tubes("BileDuct_Common")
    gall = named("gallbladder", ellipsoid((-62, -52, -34), (15, 17, 30), lean=(-0.1, 0.35)))
    stomach = intersection(tubes("Stomach"), below, blend=5)
    stomach = named("stomach", cut(stomach, spleen, left, vessels, grown(solids["Heart"], 1), gap=2))
    duodenum = named("duodenum", cut(tubes("Duodenum"), stomach, duct, right, vessels, gap=1.0))
    size = shape.liver
    lobes = union(
        ellipsoid((-78, -2, -4), (72 * size, 82 * size, 72 * size), power=2.3),
        ellipsoid((-14, -46, 22), (66 * size, 34, 30), power=2.1, lean=(-0.2, 0.1)),
        blend=26,
    )
    liver = intersection(bumpy(lobes, 2.5, 95, shape.phase), below, blend=10)
    liver = cut(liver, vessels, gall, grown(solids["Heart"], 3), stomach, duodenum, right, grown(spine, 6), duct)
    liver = cut(liver, solids["Esophagus"], ellipsoid((-14, -14, -14), (34, 22, 30)), gap=0.5)
    liver = named("liver", liver)
    others = (liver, stomach, duodenum, gall, spleen, left, right, vessels)
    colon = intersection(bumpy(tubes("Colon"), 2.4, 34, 2), below, blend=5)
    colon = named("colon", cut(colon, *others, spine, gap=1.5))
    loops = intersection(bumpy(ellipsoid((2, -38, -150), (92, 52, 56), power=2.6), 7, 46, 4), below, blend=5)
    return {
        "Kidney_R": right,
        "Kidney_L": left,
        "Kidney_Cortex": cut(union(right, left), pelvis, gap=0),
        "Spleen": spleen,
        "Stomach": stomach,
        "Duodenum": duodenum,
        "BileDuct_Common": duct,
        "Gallbladder": gall,
        "Liver": liver,
        "Colon": colon,
        "Bowel_Small": cut(loops, colon, grown(spine, 5), *others, gap=1.5),
    }
