"""pymedphys: the dose within each structure by its own mask."""

import pydicom
from common import case, from_voxels, save
from pymedphys._dicom.dose import find_dose_within_structure

folder, out = case()
struct = pydicom.dcmread(folder / "export" / "struct.dcm")
dose = pydicom.dcmread(folder / "export" / "dose.dcm")
spacing = [float(value) for value in dose.PixelSpacing]
voxel = spacing[0] * spacing[1] * abs(dose.GridFrameOffsetVector[1] - dose.GridFrameOffsetVector[0]) / 1000
found = {}
for roi in struct.StructureSetROISequence:
    values = find_dose_within_structure(roi.ROIName, struct, dose)
    found[str(roi.ROIName)] = from_voxels(values, len(values) * voxel)
save(out, found)
