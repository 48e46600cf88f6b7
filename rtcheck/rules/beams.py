"""What a plan says of its beams against itself and against its dose (RTD203, RTD504, RTD505)."""

from __future__ import annotations

from collections.abc import Iterable

from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Beam, Plan
from rtcheck.rules.course import describe_plan
from rtcheck.rules.dose_links import NOT_DELIVERED, treatment_beams

__all__ = ["beam_findings", "radiation_findings"]

_HEAVY = ("PROTON", "ION", "NEUTRON")
"""RadiationType (PS3.3 §C.8.8.14) of beams whose dose is weighted with an RBE before it is compared with a limit."""


def beam_findings(plan: Plan) -> list[Finding]:
    """Look for beams that are left out of the delivery although they have a dose, and for those that deliver none.

    Returns:
        RTD505 (W) for treatment beams that no fraction group delivers, for beams that are no treatment and state a
        dose, and for a plan without any treatment beam; RTD504 (W) for a treatment beam without monitor units.
    """
    delivered = treatment_beams(plan, plan.fraction_groups)
    if not plan.fraction_groups or any(group.brachy_setups for group in plan.fraction_groups):
        return []
    name = describe_plan(plan)
    out: list[Finding] = []
    idle = sorted(beam.number for beam in plan.beams if _treats(beam) and beam.number not in delivered)
    if idle:
        message = (
            f"Beam {_listed(idle)} of the plan is a treatment beam, but no fraction group delivers it: whether its "
            "dose belongs to the treatment is not known. Look at the beams of the plan; export plan and dose together."
        )
        out.append(finding("RTD505", name, message, "W", beams=idle))
    doses = [dose for group in plan.fraction_groups for dose in group.beam_doses]
    silent = sorted({dose.number for dose in doses if dose.number not in delivered and (dose.dose_gy or 0) > 0})
    if silent:
        message = (
            f"Beam {_listed(silent)} is no treatment beam (TreatmentDeliveryType (300A,00CE)), but states a BeamDose "
            "(300A,0084): its dose may be missing where doses are summed by beam. Check the type of the beam."
        )
        out.append(finding("RTD505", name, message, "W", beams=silent))
    if not delivered:
        message = "No beam of the plan delivers treatment. Check that this is the plan that is treated."
        out.append(finding("RTD505", name, message, "W"))
    empty = sorted({dose.number for dose in doses if dose.number in delivered and dose.meterset == 0})
    if empty:
        message = (
            f"Treatment beam {_listed(empty)} has a BeamMeterset (300A,0086) of 0: as planned it delivers nothing. "
            "Check that the plan was calculated and normalised before the export."
        )
        out.append(finding("RTD504", name, message, beams=empty))
    return out


def radiation_findings(plan: Plan, grids: Iterable[DoseGrid]) -> list[Finding]:
    """RTD203 (W) for a plan of protons, ions or neutrons with a physical dose: no RBE is in what the limits judge."""
    delivered = treatment_beams(plan, plan.fraction_groups)
    heavy = {beam.radiation for beam in plan.beams if beam.number in delivered} & set(_HEAVY)
    if not (heavy or plan.kind == "ION") or not any(grid.dose_type == "PHYSICAL" for grid in grids):
        return []
    message = (
        f"The plan treats with {' and '.join(sorted(heavy)).lower() or 'ion'} beams and its dose is physical (DoseType "
        "(3004,0004)): limits are of photons, and the RBE would raise the dose. Have a physicist judge it."
    )
    return [finding("RTD203", describe_plan(plan), message, "W", radiation=sorted(heavy))]


def _treats(beam: Beam) -> bool:
    return beam.delivery_type not in NOT_DELIVERED


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
