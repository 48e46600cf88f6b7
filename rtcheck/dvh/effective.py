"""What a whole dose distribution is worth as one number: the generalised equivalent uniform dose, the effective volume.

Generalised equivalent uniform dose (Niemierko 1997, 10.1118/1.598063, and 1999): the power mean of the dose over the
volume, ``gEUD = (sum v_i d_i^a / V)^(1/a)``. Large a follows the hot spots (serial organs), a = 1 is the mean,
negative a follows the cold spots (targets).

Effective volume (Kutcher and Burman 1989, 10.1016/0360-3016(89)90972-3): ``Veff = sum (v_i / V) (d_i / D)^(1/n)``, the
part of the organ that, irradiated uniformly to D, is taken to have the same effect. D is the prescription here, not the
maximum dose of the original paper, since limits on the liver are written so. Veff is ``(gEUD / D)^(1/n)`` with a = 1/n.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.cumulative import Cumulative

__all__ = ["VEFF_N", "effective_volume_percent", "power_mean"]

VEFF_N = (0.97, 1.0)
"""The volume parameter n of the liver: the value (Dawson 2002, 10.1016/S0360-3016(02)02846-8, recalled and not read
again), and what the interval reaches to (n = 1, the mean dose over the prescription)."""

_GAUSS = tuple(zip(*(a.tolist() for a in np.polynomial.legendre.leggauss(4)), strict=True))


def power_mean(curve: Cumulative, a: float) -> float:
    """Return the power mean of the dose inside the grid, Gy.

    Args:
        curve: with a volume inside the grid; the dose between its nodes is linear in volume, as everywhere.
        a: the exponent, not 0. For a negative one the mean of a distribution that reaches 0 Gy over a volume is 0.
    """
    first, second, part = curve.dose[:-1], curve.dose[1:], np.diff(curve.volume)
    scale = float(curve.dose[0] if a > 0 else curve.dose[-1])
    if scale <= 0:
        return 0.0
    total = 0.0
    for at, weight in _GAUSS:
        dose = (first + second) / 2 + (at / 2) * (second - first)
        total += float(np.sum(weight / 2 * part * (dose / scale) ** a))
    return float(scale * (total / curve.inside) ** (1 / a))


def effective_volume_percent(mean_gy: float, n: float, prescription_gy: float) -> float:
    """Return Veff in per cent from the power mean with a = 1/n."""
    return float(100.0 * (mean_gy / prescription_gy) ** (1 / n))
