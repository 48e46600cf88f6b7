"""dosemetrics: masks on the dose grid, in the folders it expects, then its metrics."""

import shutil
import tempfile
from pathlib import Path

from common import case, save
from dosemetrics.dose import Dose
from dosemetrics.io.dicom_io import load_dicom_folder
from dosemetrics.metrics import dvh

folder, out = case()
with tempfile.TemporaryDirectory() as scratch:
    for role, name in (("RTDOSE", "dose.dcm"), ("RTSTRUCT", "struct.dcm")):
        Path(scratch, role).mkdir()
        shutil.copy(folder / "export" / name, Path(scratch, role, name))
    loaded = load_dicom_folder(scratch, load_ct=False)
dose = Dose.from_dicom(folder / "export" / "dose.dcm")
found = {}
for name in loaded.structure_names:
    structure = loaded.get_structure(name)
    doses = {f"D{at}": float(dvh.compute_dose_at_volume(dose, structure, at)) for at in (98, 95, 50, 2)}
    mean = float(dvh.compute_mean_dose(dose, structure))
    found[name] = {"Volume": float(structure.volume_cc()), "Mean": mean, **doses}
save(out, found)
