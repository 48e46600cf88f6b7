"""What each kind of metric means, in words. `rtcheck explain METRIC` prints these records."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.dvh.metric import Kind

__all__ = ["CONVENTION", "GLOSSARY", "Meaning"]

_TG263 = "AAPM TG-263 (Mayo 2018, 10.1016/j.ijrobp.2017.12.013)"
_ICRU83 = "ICRU Report 83 (2010)"
_ICRU91 = "ICRU Report 91 (2014)"

CONVENTION = (
    "Doses are of the whole course, summed over all its plans at the sample points. Dose between grid points is "
    "trilinear; outside the grid it is unknown, never zero. The interval is the envelope over what the standards leave "
    "open: end slices, structure model, sampling, rounding of the files."
)
"""How every metric of a structure is computed here."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One kind of metric in words.

    Attributes:
        title: its name.
        definition: what it is; ``{at}`` stands for the number in the metric.
        convention: what is particular about how it is computed here, or empty.
        source: the report or paper that defines it.
        formula: in symbols, or empty.
        fails: where it misleads or has no value, or empty.
    """

    title: str
    definition: str
    source: str
    convention: str = ""
    formula: str = ""
    fails: str = ""


_NEIGHBOURHOOD = (
    "Only the target's own neighbourhood counts: every point belongs to the registered target that it is nearest to, "
    "surface to surface, and a point inside a target to that target. So clouds of several lesions that run into each "
    "other are cut half way between them; each index uses its own lesion's prescription. Where a structure of type "
    "EXTERNAL exists the dose inside it counts, and the interval reaches to all of the cloud (RTD602). The volume is "
    "that of the trilinear dose: exact in whole cells, by exact columns in cells that the surface crosses. Where an "
    "active lesion has no usable target it is not known which dose is its own: then there is no value."
)
_BEYOND = (
    "2 cm or more from the surface of the target in any direction, in three dimensions, not on a ring at 2 cm. Inside "
    "the structure of type EXTERNAL where one exists, and in the target's own neighbourhood: points that are nearer to "
    "another registered target are not looked at (rtcheck dvh knows no lesions: there all are). "
    "Found at dose nodes and, between them, on the surface 2 cm away."
)
_CUT = "An isodose that reaches the edge of the dose grid has no bound: no value, RTD601."

GLOSSARY: dict[Kind, Meaning] = {
    "D": Meaning(
        "dose to the hottest volume",
        "The lowest dose in the {at} of the structure that is irradiated most. D98% is the near-minimum, D50% the "
        "median, D2% the near-maximum dose.",
        f"{_TG263}; {_ICRU83}",
        "Read from sorted samples without bins. A volume larger than the structure has no value.",
    ),
    "DC": Meaning(
        "dose to the coldest volume",
        "The highest dose in the {at} of the structure that is irradiated least.",
        _TG263,
        "Read from sorted samples without bins. A volume larger than the structure has no value.",
    ),
    "V": Meaning(
        "volume receiving at least a dose",
        "The volume of the structure that receives {at} or more.",
        f"{_TG263}; {_ICRU83}",
        "A dose that equals the limit counts as reaching it.",
    ),
    "CV": Meaning(
        "critical volume: volume receiving less than a dose",
        "The volume of the structure that receives less than {at}. A goal for it is a lower limit, and the organ has "
        "to be contoured whole: a cropped organ gives a false answer.",
        f"{_TG263}; AAPM TG-101 (Benedict 2010, 10.1118/1.3438081)",
    ),
    "Mean": Meaning("mean dose", "The dose averaged over the volume of the structure.", _ICRU83),
    "Max": Meaning(
        "maximum dose",
        "The highest dose at any point of the structure.",
        _TG263,
        "Searched apart from the samples, on dose nodes, cell faces and both faces of every slab. A near-maximum such "
        "as D0.03cc[Gy] depends less on the grid.",
    ),
    "Min": Meaning(
        "minimum dose",
        "The lowest dose at any point of the structure.",
        _TG263,
        "Searched apart from the samples, as the maximum is.",
    ),
    "Median": Meaning("median dose", "The dose that half of the structure receives at least: D50%.", _ICRU83),
    "Volume": Meaning(
        "volume",
        "The volume of the structure.",
        _TG263,
        "Exact area of the contours in each plane, times the thickness that the structure model gives the plane.",
    ),
    "CI_Paddick": Meaning(
        "conformity index of Paddick",
        "The square of the target volume inside the prescription isodose, divided by the target volume and by the "
        "volume of that isodose. 1 is perfect.",
        f"Paddick 2000 (10.3171/jns.2000.93.supplement_3.0219); {_ICRU91}",
        _NEIGHBOURHOOD,
        formula="TV_PIV² / (TV × PIV)",
        fails=f"It cannot tell too much dose around the target from too little in it. {_CUT}",
    ),
    "CI_RTOG": Meaning(
        "conformity index of RTOG",
        "The volume of the prescription isodose divided by the target volume. Also written R100.",
        "Shaw 1993 (10.1016/0360-3016(93)90548-A)",
        _NEIGHBOURHOOD,
        formula="PIV / TV",
        fails="An isodose of the right size in the wrong place has the perfect value 1: read it beside the coverage. "
        f"{_CUT}",
    ),
    "GI": Meaning(
        "gradient index",
        "The volume of the half-prescription isodose divided by that of the prescription isodose.",
        f"Paddick and Lippitz 2006 (10.3171/sup.2006.105.7.194); {_ICRU91}",
        _NEIGHBOURHOOD,
        formula="V(half prescription) / PIV",
        fails="It does not know the target: a plan whose prescription isodose is too large has the better index. "
        f"{_CUT}",
    ),
    "R50": Meaning(
        "intermediate dose spillage",
        "The volume of the half-prescription isodose divided by the target volume.",
        "RTOG 0813 and 0915 (secondary: read in transcriptions of their tables)",
        _NEIGHBOURHOOD,
        formula="V(half prescription) / TV",
        fails=f"Limits on it depend on the volume of the target and are written for lung. {_CUT}",
    ),
    "D2cm": Meaning(
        "dose beyond two centimetres",
        "The highest dose at any point of the body 2 cm or more away from the target.",
        "RTOG 0813 and 0915 (secondary: read in transcriptions of their tables)",
        _BEYOND,
        fails="Where the dose grid ends within 2 cm of the target inside the patient, or the highest dose lies on its "
        "edge, there is no value, RTD601. Near another lesion much of the dose can be that lesion's.",
    ),
    "HI_ICRU83": Meaning(
        "homogeneity index",
        "The near-maximum less the near-minimum dose, divided by the median: (D2% - D98%) / D50%. 0 is homogeneous.",
        _ICRU83,
        formula="(D2% - D98%) / D50%",
        fails="It says nothing about where the hot and cold parts are.",
    ),
    "gEUD": Meaning(
        "generalised equivalent uniform dose",
        "The power mean of the dose with exponent a = {at}; a uniform dose of that size is taken to have the same "
        "effect.",
        "Niemierko 1997 (10.1118/1.598063) and 1999 (Med Phys 26, 1100)",
        "The dose is linear between samples. Large a follows hot spots, a = 1 is the mean, negative a "
        "follows cold spots, with 0 wherever the dose reaches 0 Gy.",
        formula="(sum v_i d_i^a / V)^(1/a)",
        fails="Values of a are fits to outcome with wide errors, for conventional fractions unless asked of EQD2. "
        "Partly outside the dose grid a positive a has no bound (RTD601).",
    ),
    "BED": Meaning(
        "biologically effective dose of the prescription",
        "D (1 + (D/n) / (α/β)) for the lesion's prescription of D in n fractions, with α/β = {at}.",
        "Fowler 1989 (10.1259/0007-1285-62-740-679)",
        "It has no interval: the prescription is exact.",
        formula="D (1 + (D/n) / (α/β))",
    ),
    "RxTotal": Meaning(
        "prescribed dose",
        "The lesion's prescription for the whole course, as the registry has it.",
        "the trial's record",
        "It has no interval: the prescription is exact.",
    ),
    "Veff": Meaning(
        "effective volume",
        "The fraction of the organ that, irradiated uniformly to the prescription, is taken to have the same effect as "
        "the dose distribution.",
        "Kutcher and Burman 1989 (10.1016/0360-3016(89)90972-3)",
        "n is 0.97, fitted to the liver (Dawson 2002, 10.1016/S0360-3016(02)02846-8; secondary: recalled, not read "
        "again); the interval reaches to n = 1, the mean dose over the prescription. The original paper refers to the "
        "maximum dose, the limits on the liver to the prescription.",
        formula="100 % × sum (v_i / V) (d_i / prescription)^(1/n)",
        fails="n is the liver's: for another organ the number means nothing. It needs a prescription, so an expression "
        "with a lesion, such as Liver - @lesion.gtv.",
    ),
}
"""Every kind of metric."""
