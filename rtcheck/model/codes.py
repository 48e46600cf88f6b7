"""The catalogue of finding codes: what each means, why it matters and what to do.

Codes are stable and never re-used. `rtcheck explain CODE` prints these records; nothing else describes a code.
Severity F: no verdict for the case. E: touched constraints are not evaluated and the case cannot pass.
W: evaluated, must be acknowledged. I: note. Codes with ``fails`` set carry a clinical outcome: the verdict is FAIL.

The hundreds say what a code is about: 0 intake and encoding, 1 identity and links, 2 dose grid, 3 structures,
4 registration, 5 plan and prescription, 6 grid coverage and numerics, 7 clinical outcome, 8 protocol file, 9 operation.
"""

from __future__ import annotations

from rtcheck.model.code import Code
from rtcheck.model.codes_geometry import GEOMETRY_CODES
from rtcheck.model.codes_intake import INTAKE_CODES
from rtcheck.model.codes_judgement import JUDGEMENT_CODES

__all__ = ["CATALOGUE", "Code"]

CATALOGUE: dict[str, Code] = {code.code: code for code in (*INTAKE_CODES, *GEOMETRY_CODES, *JUDGEMENT_CODES)}
"""Every code by its name, in ascending order."""
