"""The catalogue of finding codes: what each means, why it matters and what to do.

Codes are stable and never re-used. `rtcheck explain CODE` prints these records; nothing else describes a code.
Severity F: no verdict for the case. E: touched constraints are not evaluated and the case cannot pass.
W: evaluated, must be acknowledged. I: note. Codes with ``fails`` set carry a clinical outcome: the verdict is FAIL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CATALOGUE", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    Attributes:
        code: ``RTD`` and three digits.
        severity: the usual severity; a rule may lower or raise it where the catalogue says so.
        title: what was found, in a few words.
        why: what would go wrong if it were ignored.
        fix: what a physicist can do about it.
        reference: clause, paper or design rule behind it.
        fails: whether it makes the verdict FAIL by itself.
    """

    code: str
    severity: Literal["F", "E", "W", "I"]
    title: str
    why: str = ""
    fix: str = ""
    reference: str = ""
    fails: bool = False


_CODES = (
    Code("RTD001", "F", "not readable as DICOM"),
    Code("RTD002", "F", "truncated or inconsistent lengths (element, item, sequence, file)"),
    Code("RTD003", "F", "no Part 10 header (E when explicitly allowed)"),
    Code("RTD004", "F", "transfer syntax unsupported, lossy, or contradicted by content"),
    Code("RTD005", "F", "resource cap hit (inflate, size, depth, count, time)"),
    Code("RTD006", "F", "same SOP Instance UID, different content"),
    Code("RTD007", "I", "byte-identical duplicate ignored"),
    Code("RTD008", "E", "invalid number (NaN, infinite, malformed, underflow, overflow)"),
    Code("RTD009", "E", "wrong multiplicity or empty slot in a vector"),
    Code("RTD010", "E", "duplicate or misordered elements"),
    Code("RTD011", "W", "character set missing, wrong or ambiguous"),
    Code("RTD012", "E", "required attribute absent or empty"),
    Code("RTD013", "E", "value outside enumeration, or unsupported object kind"),
    Code("RTD014", "W", "harmless encoding deviation corrected (padding, over-long DS, trailing bytes)"),
    Code("RTD015", "F", "SOP class, modality and content disagree"),
    Code("RTD101", "F", "patient identity differs between objects"),
    Code("RTD102", "F", "dose refers to a plan that is absent or different"),
    Code("RTD103", "F", "plan refers to a structure set that is absent or different"),
    Code("RTD104", "F", "several candidate doses, none selected by rule"),
    Code("RTD105", "F", "several candidate plans or phases, no course manifest"),
    Code("RTD106", "E", "multi-plan dose with missing members"),
    Code("RTD108", "W", "link made by fallback, not by UID"),
    Code("RTD109", "F", "plan intent is verification/QA/research/service, or no patient geometry"),
    Code("RTD110", "W", "plan not approved or status absent (F when REJECTED)"),
    Code("RTD112", "W", "plan or structures modified after the dose was made"),
    Code("RTD201", "F", "dose units not GY, or dose type ERROR"),
    Code("RTD203", "E", "effective/physical mismatch with the constraint"),
    Code("RTD204", "F", "summation type cannot stand for the evaluated course"),
    Code("RTD205", "E", "per-session dose without a confirmed fraction factor"),
    Code("RTD206", "F", "dose scaling missing, zero, negative or not finite"),
    Code("RTD207", "F", "pixel description violates the dose module"),
    Code("RTD208", "F", "pixel data size differs from the header"),
    Code("RTD209", "F", "plane offsets missing, wrong count, repeated or not monotonic"),
    Code("RTD210", "F", "plane offsets neither relative nor absolute form"),
    Code("RTD212", "W", "uneven plane spacing (exact positions used)"),
    Code("RTD213", "F", "orientation not orthonormal, or spacing not positive"),
    Code("RTD214", "I", "non-default geometry handled exactly (prone, feet-first, decubitus, oblique grid, absolute offsets)"),
    Code("RTD216", "W", "grid spacing or quantisation step coarse for the technique and tolerance"),
    Code("RTD217", "E", "saturated or negative dose values"),
    Code("RTD219", "E", "dose level implausible for the prescription (×100, ×N, ÷N)"),
    Code("RTD221", "W", "heterogeneity correction off, unknown, or dose spatially transformed"),
    Code("RTD222", "W", "embedded DVH disagrees with ours"),
    Code("RTD301", "E", "required ROI not found"),
    Code("RTD302", "E", "name matches more than one ROI"),
    Code("RTD303", "E", "ROI has no closed contour"),
    Code("RTD304", "I", "matched through the synonym table"),
    Code("RTD305", "E", "contour data malformed or count mismatch"),
    Code("RTD306", "E", "contours not planar or not parallel"),
    Code("RTD307", "E", "self-crossing contour, fill rules disagree"),
    Code("RTD308", "I", "keyhole or self-touching contour resolved"),
    Code("RTD309", "E", "overlapping contours read differently by union and XOR, or both closed types mixed"),
    Code("RTD311", "W", "duplicate contour dropped"),
    Code("RTD312", "E", "missing slices change the result (W when they do not)"),
    Code("RTD313", "W", "irregular plane spacing, or near-coincident planes merged"),
    Code("RTD316", "W", "volume differs from the stated ROI volume"),
    Code("RTD317", "W", "ROI small against dose voxels, or single-slice with assumed thickness"),
    Code("RTD319", "W", "contour plane not on its referenced image"),
    Code("RTD320", "W", "interpreted type or containment contradicts the role (target as organ, CTV outside PTV, ROI outside body)"),
    Code("RTD322", "W", "laterality of name and position disagree"),
    Code("RTD401", "F", "dose and ROI frames of reference differ, no registration"),
    Code("RTD402", "W", "rigid registration applied by request"),
    Code("RTD403", "F", "registration not rigid, singular, or direction unclear"),
    Code("RTD404", "E", "ROI frame of reference missing or unlisted"),
    Code("RTD501", "E", "prescription missing or ambiguous"),
    Code("RTD502", "E", "fraction count missing or invalid, or several fraction groups without policy"),
    Code("RTD504", "W", "beam dose × fractions differs from the prescription"),
    Code("RTD505", "F", "dose does not contain exactly the planned treatment beams/setups"),
    Code("RTD506", "E", "protocol prescription or fraction range differs from the plan"),
    Code("RTD508", "F", "phases with different fractionation summed without EQD2, or α/β unknown"),
    Code("RTD510", "W", "prior dose or earlier course not included"),
    Code("RTD601", "E", "ROI outside the dose grid, metric cannot be bounded"),
    Code("RTD602", "W", "ROI partly outside, metric bounded (fraction reported)"),
    Code("RTD603", "W", "limit lies inside the uncertainty interval (borderline); I where the protocol accepts it and the value meets the goal"),
    Code("RTD604", "W", "near-point metric on few voxels"),
    Code("RTD605", "E", "metric undefined (zero volume, D-cc above ROI volume)"),
    Code("RTD606", "E", "the two engines disagree"),
    Code("RTD608", "F", "non-finite value reached the verdict stage"),
    Code("RTD701", "E", "target coverage below goal", fails=True),
    Code("RTD702", "E", "target hot spot or cold spot beyond limit", fails=True),
    Code("RTD703", "E", "organ dose or volume limit exceeded", fails=True),
    Code("RTD705", "W", "inside the protocol's acceptable-variation band"),
    Code("RTD706", "E", "constraint not evaluable"),
    Code("RTD709", "W", "global maximum lies outside the target"),
    Code("RTD751", "E", "more registered lesions than the trial allows, in total or in one organ system", fails=True),
    Code("RTD752", "E", "an eligibility rule that bears on the plan is broken", fails=True),
    Code("RTD753", "E", "a fact that such a rule needs is not recorded"),
    Code("RTD754", "E", "consolidative plan for a patient of an arm without it", fails=True),
    Code("RTD755", "W", "another eligibility rule is broken"),
    Code("RTD756", "I", "a fact of another rule is not recorded"),
    Code("RTD757", "E", "registered lesion not treated", fails=True),
    Code("RTD758", "W", "target-like structure that no registered lesion claims"),
    Code("RTD759", "I", "the report reveals the arm: keep it from blinded outcome assessors"),
    Code("RTD801", "F", "protocol invalid: syntax, duplicate or unknown key, limit without unit"),
    Code("RTD804", "F", "unsafe pattern or expression"),
    Code("RTD805", "W", "protocol is not the approved version"),
    Code("RTD806", "F", "no constraint of the protocol applies to this plan"),
    Code("RTD901", "F", "internal error or killed worker, contained"),
    Code("RTD903", "F", "output could not be stored durably"),
    Code("RTD905", "W", "input incomplete or still arriving, case deferred"),
)

CATALOGUE: dict[str, Code] = {code.code: code for code in _CODES}
"""Every code by its name, in ascending order."""
