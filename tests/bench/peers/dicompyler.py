"""dicompyler-core: its documented call for each structure, with its default options or with `extents`."""

import sys

import pydicom
from common import case, save
from dicompylercore import dicomparser, dvhcalc

folder, out = case()
struct = pydicom.dcmread(folder / "export" / "struct.dcm")
dose = pydicom.dcmread(folder / "export" / "dose.dcm")
found = {}
for number, region in dicomparser.DicomParser(struct).GetStructures().items():
    dvh = dvhcalc.get_dvh(struct, dose, number, use_structure_extents="extents" in sys.argv)
    doses = {name: float(getattr(dvh, name).value) for name in ("D98", "D95", "D50", "D2")}
    found[region["name"]] = {"Volume": float(dvh.volume), "Mean": float(dvh.mean), **doses}
save(out, found)
