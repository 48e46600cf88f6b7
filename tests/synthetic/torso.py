"""The anatomy of a synthetic torso: every organ a smooth analytic solid, cut so that no two organs share tissue.

LPS mm, z = 0 near the lower end of the breastbone; the patient's right is −x, front is −y, head is +z. The solids
are believable in place, size and neighbourhood; they are nobody's anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.synthetic.solids import Field, Plane, Solid, bumpy, cut, ellipsoid, grown, intersection, named, prism, tube, union

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
    """What differs between the sample patients: overall width and depth, organ sizes, lesions."""

    width: float = 1.0
    depth: float = 1.0
    liver: float = 1.0
    phase: float = 0.0
    lesions: tuple[LesionShape, ...] = ()


def lesion_solids(shape: TorsoShape) -> dict[str, tuple[Solid, Solid]]:
    """GTV and PTV of each lesion by its id."""
    out = {}
    for lesion in shape.lesions:
        gtv = bumpy(ellipsoid(lesion.centre, lesion.radii, everywhere=True), lesion.unevenness, 2.2 * max(lesion.radii), lesion.phase)
        gtv = named(f"gtv {lesion.id}", gtv)
        out[lesion.id] = (gtv, grown(gtv, lesion.margin))
    return out


def torso_solids(shape: TorsoShape) -> dict[str, Solid]:
    """Organs by TG-263 name (lesions not included), and ``_name`` for tissues that are drawn in the CT only."""
    w, d = shape.width, shape.depth
    body = named("body", prism(
        [(-200, 172 * w, 104 * d, 4), (-150, 166 * w, 101 * d, 2), (-90, 157 * w, 100 * d, 0), (-20, 160 * w, 104 * d, 0),
         (50, 166 * w, 109 * d, 0), (120, 168 * w, 108 * d, 2), (165, 160 * w, 96 * d, 6), (200, 138 * w, 80 * d, 12)], power=2.35))
    solids = _spine(d)
    solids |= _vessels_and_airways()
    vessels, oesophagus = solids["GreatVes"], solids["Esophagus"]
    spine = solids["_spine"]
    cavity = grown(body, -25)
    heart = named("heart", cut(
        intersection(bumpy(ellipsoid((24, -34, 82), (47, 41, 50), power=2.2, lean=(-0.25, 0.08)), 2, 70, shape.phase), cavity, blend=8),
        vessels, oesophagus, gap=1.5))
    heart_bag = grown(heart, 3)
    diaphragm = named("diaphragm", _diaphragm)
    mediastinum = named("mediastinum", union(
        tube([(2, 5, 210), (2, 0, 150), (4, -5, 100), (6, 0, 40)], [24, 27, 33, 33]), heart_bag, grown(spine, 4), blend=12))
    chest = named("chest", intersection(grown(body, -26), ellipsoid((0, 4, 30), (158 * w, 104 * d, 158), power=2.25), blend=10))
    airways = [solids["Bronchus_Main"], solids["Bronchus_Small"]]
    lung = intersection(chest, lambda plane: 4 - diaphragm(plane), blend=10)
    lung = named("lung", cut(lung, mediastinum, *airways, gap=1.0))
    solids["Lung_R"] = intersection(lung, lambda plane: plane.x + 0 * plane.y + 3)
    solids["Lung_L"] = intersection(lung, lambda plane: 3 - plane.x + 0 * plane.y)
    below = named("below", intersection(cavity, lambda plane: diaphragm(plane) + 2, blend=8))
    solids["Heart"] = heart

    kidney_r = named("kidney r", cut(bumpy(ellipsoid((-62, 40, -52), (29, 25, 55), power=2.1, lean=(0.12, -0.05)), 1.5, 60, 1), spine))
    kidney_l = named("kidney l", cut(bumpy(ellipsoid((63, 42, -38), (28, 25, 57), power=2.1, lean=(-0.12, -0.05)), 1.5, 60, 2), spine))
    pelvis = union(ellipsoid((-48, 34, -52), (13, 9, 24)), ellipsoid((49, 36, -38), (13, 9, 24)))
    solids |= {"Kidney_R": kidney_r, "Kidney_L": kidney_l, "Kidney_Cortex": cut(union(kidney_r, kidney_l), pelvis, gap=0)}
    spleen = named("spleen", cut(intersection(bumpy(ellipsoid((104, 38, 2), (30, 42, 50), lean=(0.1, -0.1)), 2, 80), below, blend=6), kidney_l, gap=2))
    duct = tube([(-20, -18, 14), (-27, -12, -10), (-36, -8, -38), (-40, -6, -58)], [3.4, 3.6, 3.8, 3.2], step=3)
    gall = named("gallbladder", ellipsoid((-62, -52, -34), (15, 17, 30), lean=(-0.1, 0.35)))
    stomach = named("stomach", cut(intersection(union(
        tube([(14, 4, 40), (34, -4, 44), (64, -14, 34), (72, -34, 8), (60, -54, -18), (28, -60, -34), (0, -56, -38), (-14, -50, -38)],
             [10, 20, 33, 31, 26, 20, 14, 11])), below, blend=5), spleen, kidney_l, vessels, gap=2))
    duodenum = named("duodenum", cut(
        tube([(-20, -49, -39), (-38, -38, -42), (-50, -22, -52), (-52, -8, -74), (-42, -2, -96), (-14, -14, -102), (14, -20, -98), (26, -26, -80)],
             [11, 12, 13, 13, 13, 11, 11, 11]), stomach, duct, kidney_r, gap=1.0))
    liver_lobes = union(
        ellipsoid((-78, -2, -4), (72 * shape.liver, 82 * shape.liver, 72 * shape.liver), power=2.3),
        ellipsoid((-14, -46, 22), (66 * shape.liver, 34, 30), power=2.1, lean=(-0.2, 0.1)), blend=26)
    liver = cut(intersection(bumpy(liver_lobes, 2.5, 95, shape.phase), below, blend=10),
                vessels, gall, heart_bag, stomach, duodenum, kidney_r, grown(spine, 6), oesophagus, duct, gap=1.0)
    hilum = ellipsoid((-14, -14, -14), (34, 22, 30))
    solids["Liver"] = named("liver", cut(liver, hilum, gap=0))
    solids |= {"Spleen": spleen, "Stomach": stomach, "Duodenum": duodenum, "BileDuct_Common": duct, "Gallbladder": gall}
    return solids | _bowel(solids, below) | _wall(body, spine)


def _diaphragm(plane: Plane) -> Field:
    """Height of the plane above the diaphragm, in mm: two domes, lower at the back and the sides."""
    right = 56 - ((plane.x + 76) / 9.5) ** 2 * 0.32 - ((plane.y + 18) / 9.5) ** 2 * 0.42
    left = 46 - ((plane.x - 78) / 9.5) ** 2 * 0.32 - ((plane.y + 18) / 9.5) ** 2 * 0.42
    middle = 30 - ((plane.y + 18) / 9.5) ** 2 * 0.30 + 0 * plane.x
    top = right.clip(min=-40)
    for other in (left, middle):
        top = top + ((other - top) + ((other - top) ** 2 + 64) ** 0.5) / 2
    return (plane.z - top) * 0.75


def _spine(depth: float) -> dict[str, Solid]:
    def curve(y: float) -> list[tuple[float, float, float]]:
        back = [(-200, 10), (-150, 2), (-95, -4), (-30, 1), (50, 7), (120, 9), (210, 4)]
        return [(0.0, (y + offset) * depth, float(z)) for z, offset in back]

    canal_curve = curve(62)
    cord = [point for point in canal_curve if point[2] >= -95]
    cord[0] = (0.0, cord[0][1] + 2, -58.0)
    conus = (0.0, canal_curve[2][1] + 3, -62.0)
    cauda = [*(point for point in canal_curve if point[2] < -90), conus]
    return {
        "SpinalCanal": tube(canal_curve, 9.5),
        "SpinalCord": tube(cord, [4.8, 5.4, 5.6, 5.6, 6.0]),
        "SpinalCord_PRV05": tube(cord, [9.8, 10.4, 10.6, 10.6, 11.0]),
        "CaudaEquina": tube(cauda, [6.8] * len(cauda)),
        "SacralPlex": union(tube([(-26, 48, -200), (-30, 44, -172), (-26, 44, -150)], 6), tube([(26, 48, -200), (30, 44, -172), (26, 44, -150)], 6)),
        "_spine": named("spine", union(tube(curve(38), 17.5), tube(canal_curve, 15), blend=8)),
        "_process": union(tube(curve(84), 5), tube(canal_curve, 15), blend=6),
    }


def _vessels_and_airways() -> dict[str, Solid]:
    aorta = tube([(6, 2, -200), (7, -4, -140), (9, 0, -95), (9, 4, -30), (11, 9, 40), (17, 14, 90), (20, 12, 118), (15, -4, 132), (0, -18, 122), (-6, -22, 104)],
                 [8, 9, 9.5, 10, 11, 11.5, 12, 12.5, 13, 14])
    cava = tube([(-16, 4, -200), (-18, 0, -140), (-20, 4, -60), (-21, 4, 0), (-20, -2, 40), (-16, -12, 58)], [9.5, 10.5, 11, 11.5, 12.5, 12.5])
    portal = tube([(6, -24, -30), (-6, -20, -12), (-20, -18, 4), (-34, -18, 14)], [6.0, 6.5, 6.5, 5.5])
    superior = tube([(-22, -14, 66), (-22, -12, 110), (-20, -8, 150)], 9.5)
    return {
        "GreatVes": named("vessels", union(aorta, cava, portal, superior, blend=3)),
        "Esophagus": named("oesophagus", tube([(3, 24, 210), (2, 24, 150), (3, 22, 110), (4, 16, 70), (8, 10, 46), (13, 5, 36)], [7, 7.5, 8, 8, 8.5, 8])),
        "Trachea": tube([(0, 6, 210), (0, 6, 160), (-1, 8, 122)], [9, 9, 9.5]),
        "Bronchus_Main": union(tube([(-3, 9, 118), (-20, 10, 106), (-38, 12, 96)], [7, 7, 6.5]), tube([(2, 9, 118), (22, 12, 104), (42, 14, 94)], [6.5, 6.2, 6])),
        "Bronchus_Small": union(
            tube([(-44, 13, 92), (-60, 17, 76), (-70, 20, 58)], [4.5, 4, 3.6]), tube([(-44, 12, 96), (-58, 8, 108), (-66, 6, 122)], [4, 3.8, 3.5]),
            tube([(48, 15, 90), (64, 19, 74), (72, 22, 56)], [4.5, 4, 3.6]), tube([(48, 14, 94), (60, 8, 106), (66, 6, 118)], [4, 3.8, 3.5])),
        "BrachialPlex": union(tube([(-24, 30, 210), (-42, 22, 182), (-76, 10, 168)], 4), tube([(24, 30, 210), (42, 22, 182), (76, 10, 168)], 4)),
    }


def _bowel(solids: dict[str, Solid], below: Solid) -> dict[str, Solid]:
    others = [solids[name] for name in ("Liver", "Stomach", "Duodenum", "Gallbladder", "Spleen", "Kidney_L", "Kidney_R", "GreatVes", "_spine")]
    colon_shape = union(
        tube([(-102, 14, -200), (-108, 8, -150), (-112, 2, -108), (-100, -30, -98), (-64, -66, -100), (-10, -76, -106), (44, -72, -92),
              (84, -48, -54), (104, -16, -30), (112, 14, -54), (110, 22, -110), (106, 22, -160), (96, 14, -200)],
             [24, 23, 21, 20, 19, 19, 18, 18, 17, 17, 16, 16, 16]))
    colon = named("colon", cut(intersection(bumpy(colon_shape, 2.4, 34, 2), below, blend=5), *others, gap=1.5))
    loops = bumpy(ellipsoid((2, -38, -150), (92, 52, 56), power=2.6), 7, 46, 4)
    small = cut(intersection(loops, below, blend=5), colon, grown(solids["_spine"], 5), *others[:-1], gap=1.5)
    return {"Colon": colon, "Bowel_Small": named("small bowel", small)}


def _wall(body: Solid, spine: Solid) -> dict[str, Solid]:
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
        "Rib": cut(intersection(between(11, 20, -25, 170), oblique, blend=2), grown(spine, 5), gap=0),
        "_lean": grown(body, -11),
        "_inner": grown(body, -25),
    }
