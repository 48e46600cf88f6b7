"""What every peer hands back; imported in the peers' own environments, so nothing but NumPy here."""

import json
import sys
from pathlib import Path

import numpy as np

SHARES = {"D98": 98.0, "D95": 95.0, "D50": 50.0, "D2": 2.0}


def from_voxels(dose_gy, volume_cm3):
    """Metrics of voxels that all have the same volume."""
    dose = np.sort(np.asarray(dose_gy, float))
    at = (np.arange(len(dose)) + 0.5) / len(dose)
    out = {name: float(np.interp(1 - share / 100, at, dose)) for name, share in SHARES.items()}
    return {"Volume": float(volume_cm3), "Mean": float(dose.mean()), **out}


def from_cumulative(dose_gy, percent):
    """Doses read off a cumulative curve: percent of the volume that receives at least each ascending dose."""
    dose, percent = np.asarray(dose_gy, float), np.asarray(percent, float)
    keep = np.concatenate([[True], np.diff(percent) < 0])
    falling = percent[keep][::-1], dose[keep][::-1]
    out = {name: float(np.interp(share, *falling)) for name, share in SHARES.items()}
    return {"Mean": float(dose[0] + np.trapezoid(percent / 100, dose)), **out}


def case():
    """The folder of the case and where the result goes, from the command line."""
    return Path(sys.argv[1]), Path(sys.argv[2])


def save(path, found):
    """Write what was found by region name."""
    path.write_text(json.dumps(found))
