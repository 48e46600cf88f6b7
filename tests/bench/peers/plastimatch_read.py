"""plastimatch: its table of cumulative voxel counts to metrics; the work itself is done by its own commands before."""

import csv
import sys

import numpy as np
from common import case, from_cumulative, save

_, out = case()
voxel_cm3 = float(np.prod([float(side) for side in sys.argv[3].split(",")])) / 1000
with out.with_suffix(".csv").open(newline="") as file:
    head, *rows = list(csv.reader(file))
table = np.array([[float(cell) for cell in row] for row in rows if row])
found = {}
for name, count in zip(head[1:], table[:, 1:].T):
    found[name] = {"Volume": count[0] * voxel_cm3, **from_cumulative(table[:, 0], 100 * count / count[0])}
save(out, found)
