"""Report values made by hand, for the golden texts and the renderer tests. The numbers mean nothing clinically."""

from __future__ import annotations

from rtcheck.model.case import InputObject
from rtcheck.model.finding import finding
from rtcheck.report import LesionResult, Outcome, PlanSummary, Provenance, Report

UID = "1.2.826.0.1.3680043.10.999."


def provenance(status="draft", undecided="review"):
    return Provenance(
        software={"rtcheck": "0.1.0", "numpy": "2.0.0", "python": "3.11.7"},
        inputs=(
            InputObject("RTSTRUCT", UID + "3", UID + "c", "c" * 64, "b/struct.dcm", True),
            InputObject("RTPLAN", UID + "1", UID + "a", "a" * 64, "a/plan.dcm", True),
            InputObject("RTDOSE", UID + "2", UID + "b", "b" * 64, "z/dose.dcm", True),
        ),
        protocol={"id": "nct06946849", "version": "0.1.0", "status": status, "sha256": "d" * 64},
        registry={"sha256": "e" * 64},
        conventions={"structure_model": "prism", "undecided": undecided},
    )


def outcome(constraint, structure, metric, state, *, value=None, low=None, high=None, unit="Gy", goal="<= 13 Gy",
            variation=None, priority="mandatory", lesion=None, reason="", margin=None, rois=(), **more):
    return Outcome(constraint, structure, lesion, metric, value, low, high, unit, goal, variation, priority, state,
                   reason, margin, tuple(rois), **more)


def failing():
    """A plan with everything wrong that a table row can say."""
    outcomes = (
        outcome("COV.PTV.D95", "@lesion.ptv", "D95%[Gy]", "MET", value=50.61, low=50.43, high=50.72, goal=">= 50 Gy",
                lesion="L1", margin=0.61, rois=["PTV_L1"], source="NCT06946849", confidence="site-default"),
        outcome("COV.PTV.D95", "@lesion.ptv", "D95%[Gy]", "VIOLATED", value=46.123456, low=45.81, high=46.3,
                goal=">= 50 Gy", lesion="L3", margin=-3.876544, rois=["PTV_L3"], source="NCT06946849",
                confidence="site-default"),
        outcome("UK-2022.5fx.Liver-GTV.Mean", "Liver - @gtv", "Mean[Gy]", "VIOLATED", value=15.9, low=15.8, high=16.0,
                goal="<= 13 Gy", variation="<= 15.2 Gy", margin=-0.7, rois=["Liver", "GTV_L1"], source="UK-2022",
                where="Table 4", confidence="secondary-source"),
        outcome("SITE-DEFAULT.3-8fx.LungsGTV.V20Gy.LF-C", "Lungs - @gtv", "V20Gy[%]", "NOT_EVALUATED", unit="%",
                goal="<= 6.5 %", variation="<= 10 %", source="SITE-DEFAULT", confidence="site-default",
                reason="FEV1 is not recorded: the lung-function tier is unknown (registry: lung.fev1_l)"),
        outcome("TG-101.5fx.SpinalCord.D0.03cc", "SpinalCord", "D0.03cc[Gy]", "UNDECIDED", value=27.96, low=27.7,
                high=28.2, goal="<= 28 Gy", margin=0.04, rois=["SpinalCord"], source="TG-101", where="Table III",
                confidence="primary-text", reason="MET at the value, VIOLATED at the high end of the interval"),
        outcome("TG-101.5fx.Heart.D15cc", "Heart", "D15cc[Gy]", "MET", value=21.3, low=21.2, high=21.5,
                goal="<= 32 Gy", margin=10.7, rois=["Heart"], source="TG-101", confidence="primary-text"),
        outcome("UK-2022.5fx.Kidneys.V10Gy", "Kidneys", "V10Gy[%]", "VARIATION", value=12.0, low=11.8, high=12.3,
                unit="%", goal="<= 10 %", variation="<= 45 %", margin=33.0, rois=["Kidney_L", "Kidney_R"],
                source="UK-2022", confidence="secondary-source"),
        outcome("UK-2022.5fx.Skin.D10cc", "Skin_超长的结构名称_with_a_tail", "D10cc[Gy]", "VIOLATED", value=37.0001,
                low=36.9, high=37.2, goal="<= 36.5 Gy", margin=-0.5001, priority="optimal", rois=["Skin"],
                source="UK-2022", confidence="memory"),
        outcome("REPORT.PTV.Volume", "@ptv", "Volume[cc]", "NOT_APPLICABLE", value=112.3, low=110.0, high=114.9,
                unit="cc", goal=None, priority="report", rois=["PTV_L1", "PTV_L3"]),
        outcome("TG-101.15fx.Heart.D15cc", "Heart", "D15cc[Gy]", "NOT_APPLICABLE", goal="<= 40 Gy",
                reason="the plan has 5 fractions"),
    )
    lesions = (
        LesionResult("L1", "liver", "primary", "COVERED", "", {"gtv": ("GTV_L1",), "ptv": ("PTV_L1",)}, (0,), 50.0, 5),
        LesionResult("L3", "lung", "organ_metastasis", "NOT_COVERED", "", {"gtv": (), "ptv": ("PTV_L3",)}, (1,),
                     50.0, 5),
        LesionResult("L4", "bone", "bone", "NOT_TREATED", 'no structure "PTV_L4" in the set', {"gtv": (), "ptv": ()},
                     (), 50.0, 5),
        LesionResult("L5", "liver", "organ_metastasis", "NOT_REQUIRED", "resolved", {}, ()),
    )
    findings = (
        finding("RTD757", "L4", 'lesion L4 is not treated: no structure "PTV_L4"'),
        finding("RTD701", "COV.PTV.D95 L3", "coverage below goal"),
        finding("RTD703", "UK-2022.5fx.Liver-GTV.Mean", "limit exceeded"),
        finding("RTD706", "SITE-DEFAULT.3-8fx.LungsGTV.V20Gy.LF-C", "not evaluated", cause="RTD753"),
        finding("RTD301", "PTV_L4", 'no ROI is named "PTV_L4"; the set has PTV_L1, PTV_L3 and 23 others', lesion="L4"),
        finding("RTD805", "nct06946849", "the protocol is a draft: have a site copy approved"),
        finding("RTD304", "Kidney_L", "matched through the synonym table", protocol="Kidney_Left"),
        finding("RTD304", "Kidney_R", "matched through the synonym table", protocol="Kidney_Right"),
        finding("RTD214", "RTDOSE", "feet-first grid, handled exactly"),
    )
    return Report("FAIL", 1, "ICC-0002", (PlanSummary("ICC_A", UID + "1", 5, "APPROVED", (UID + "2",)),), lesions,
                  outcomes, findings, provenance(), ("Spleen", "Stomach"), {"UK-2022": "UK SABR Consortium 2022"})


def passing():
    """A plan with nothing to remark."""
    base = failing()
    return Report("PASS", 0, "ICC-0001", base.plans,
                  (LesionResult("L1", "liver", "primary", "COVERED", "", {"ptv": ("PTV_L1",)}, (0,), 50.0, 5),),
                  (base.outcomes[0], base.outcomes[5]), (), provenance("approved"))


def refused():
    """An export that cannot be used."""
    return Report(None, 4, "ICC-0003", (), (), (), (
        finding("RTD206", "dose.dcm", "(3004,000E) Dose Grid Scaling: found 0, expected a positive number; export the "
                "dose again", found="0", value=float("nan")),
    ), provenance())


def hostile():
    """Names that try to break out of a terminal, an XML file or a line."""
    nasty = "\x1b[31mPTV\u202egnp\x00\u200b\ud800<&>\"'" + "肝" * 60
    rows = (outcome("X." + "y" * 90, nasty, "D95%[Gy]", "VIOLATED", value=1e5, low=1e-9, high=1e9,
                    goal="<= 13 Gy", margin=-1e5, reason=nasty),
            outcome("Z", nasty, "D95%[Gy]", "MET", value=5e-324, low=0.0, high=1.0, margin=13.0, lesion=nasty,
                    rois=[nasty]))
    return Report("FAIL", 1, nasty, (PlanSummary(nasty, UID + "1", None),),
                  (LesionResult(nasty, nasty, "primary", "NOT_EVALUATED", nasty, {"ptv": (nasty,)}, (1,)),), rows,
                  (finding("RTD011", nasty, nasty, found=nasty), finding("RTD304", nasty, "x"),
                   finding("RTD304", nasty + "2", "x")), provenance(), (nasty,))
