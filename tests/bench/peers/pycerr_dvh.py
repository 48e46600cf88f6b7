"""pyCERR: the whole folder as a plan container, then its DVH of each structure."""

import shutil
import tempfile
from pathlib import Path

from cerr import dvh
from cerr import plan_container as container
from common import case, save

folder, out = case()
with tempfile.TemporaryDirectory() as scratch:
    # beams are of no use here, and some of their attributes are required
    for path in (*(folder / "images").glob("*.dcm"), folder / "export" / "struct.dcm", folder / "export" / "dose.dcm"):
        shutil.copy(path, Path(scratch, path.name))
    plan = container.loadDcmDir(scratch)
found = {}
for index, structure in enumerate(plan.structure):
    doses, volumes, _ = dvh.getDVH(index, 0, plan)
    bins, histogram = dvh.doseHist(doses, volumes, 0.05)
    found[structure.structureName] = {
        "Volume": float(volumes.sum()),
        "Mean": float(dvh.meanDose(bins, histogram)),
        **{f"D{share}": float(dvh.Dx(bins, histogram, share, 1)) for share in (98, 95, 50, 2)},
    }
save(out, found)
