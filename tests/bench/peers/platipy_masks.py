"""platipy: masks on the CT by its own converter, then its DVH functions."""

import pydicom
import SimpleITK as sitk
from common import case, save
from platipy.dicom.io.rtdose_to_nifti import convert_rtdose
from platipy.dicom.io.rtstruct_to_nifti import read_dicom_image, transform_point_set_from_dicom_struct
from platipy.imaging.dose.dvh import calculate_d_x, calculate_dvh_for_labels

folder, out = case()
image = read_dicom_image(str(folder / "images"))
struct = pydicom.dcmread(folder / "export" / "struct.dcm", force=True)
masks, names = transform_point_set_from_dicom_struct(image, struct)
dose = sitk.Resample(convert_rtdose(str(folder / "export" / "dose.dcm")), image)
table = calculate_dvh_for_labels(dose, dict(zip(names, masks)))
doses = calculate_d_x(table, [98, 95, 50, 2])
found = {}
for (_, row), (_, at) in zip(table.iterrows(), doses.iterrows()):
    found[row["label"]] = {"Volume": float(row["cc"]), "Mean": float(row["mean"])}
    found[row["label"]].update({name: float(at[name]) for name in ("D98", "D95", "D50", "D2")})
save(out, found)
