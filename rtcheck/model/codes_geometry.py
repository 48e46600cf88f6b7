"""Finding codes 2xx to 4xx: is the dose grid a dose, are the structures solids, do they share one space."""

from __future__ import annotations

from rtcheck.model.code import Code

__all__ = ["GEOMETRY_CODES"]

GEOMETRY_CODES = (
    Code("RTD201", "F", "dose units not GY, or dose type ERROR",
         why="Relative dose has no absolute scale in the file, and a dose of type ERROR is a difference. Neither can "
             "be compared with a limit in Gy.",
         fix="Export absolute dose in Gy.",
         reference="DICOM PS3.3 §C.8.8.3 (Dose Units, Dose Type)"),
    Code("RTD203", "E", "effective/physical mismatch with the constraint",
         why="A biologically corrected dose (such as Gy RBE) differs from physical dose by ten per cent or more; "
             "limits are stated for one of the two.",
         fix="Use a protocol whose limits are meant for this kind of dose, or export the physical dose.",
         reference="DICOM PS3.3 §C.8.8.3 (Dose Type)"),
    Code("RTD204", "F", "summation type cannot stand for the evaluated course",
         why="The dose covers one control point, one session or a treatment record. Judged as the course, it would "
             "be too low by a large factor.",
         fix="Export the dose with summation type PLAN (or all beams, or MULTI_PLAN with every plan).",
         reference="DICOM PS3.3 §C.8.8.3 (Dose Summation Type; FRACTION means a whole fraction group)"),
    Code("RTD205", "E", "per-session dose without a confirmed fraction factor",
         why="Whether to multiply by the number of fractions cannot be told; either choice could be wrong by that "
             "factor.",
         fix="Export the dose of the whole plan.",
         reference="DICOM PS3.3 §C.8.8.3 (the summation types ending in _SESSION)"),
    Code("RTD206", "F", "dose scaling missing, zero, negative or not finite",
         why="Every dose is the stored integer times this number. Without it there is no dose; with zero every limit "
             "would be kept.",
         fix="Export the dose again; report it to the vendor if it comes back.",
         reference="DICOM PS3.3 §C.8.8.3 (Dose Grid Scaling)"),
    Code("RTD207", "F", "pixel description violates the dose module",
         why="A sign bit or a bit depth that does not belong there is applied silently by readers: 40000 becomes "
             "-25536.",
         fix="Export the dose again as unsigned 16- or 32-bit.",
         reference="DICOM PS3.3 §C.8.8.3.4"),
    Code("RTD208", "F", "pixel data size differs from the header",
         why="Planes are missing or too many, so every plane after the first fault may stand in the wrong place. Where "
             "the size is right but voxels are zero between or behind hot planes (E; W where it may be the end of the "
             "calculated part), a copy was not finished or lost a block, and organs there look spared.",
         fix="Copy or export the dose file again and compare its size with the original.",
         reference="DICOM PS3.3 §C.7.6.3, §C.7.6.6"),
    Code("RTD209", "F", "plane offsets missing, wrong count, repeated or not monotonic",
         why="Where each dose plane lies is then unknown; a wrong position moves the dose along the patient.",
         fix="Export the dose again.",
         reference="DICOM PS3.3 §C.8.8.3.2 (Grid Frame Offset Vector)"),
    Code("RTD210", "F", "plane offsets neither relative nor absolute form",
         why="The standard allows offsets that start at zero, or absolute z positions of an axial grid. Reading one "
             "as the other displaces the whole dose.",
         fix="Export the dose again, preferably on an axial grid with relative offsets.",
         reference="DICOM PS3.3 §C.8.8.3.2"),
    Code("RTD212", "W", "uneven plane spacing (exact positions used)",
         why="Dose planes are not evenly spaced. Their exact positions were used, but an uneven grid may be a sign "
             "that a plane was lost.",
         fix="Compare the number and spacing of dose planes with the planning system.",
         reference="DICOM PS3.3 §C.8.8.3.2"),
    Code("RTD213", "F", "orientation not orthonormal, or spacing not positive",
         why="Positions computed from such a description are distorted or meaningless.",
         fix="Export the dose again.",
         reference="DICOM PS3.3 §C.7.6.2.1.1, §10.7.1.3"),
    Code("RTD214", "I", "non-default geometry handled exactly (prone, feet-first, decubitus, oblique grid, "
         "absolute offsets)",
         why="The grid is not the usual head-first supine one. It was placed by its full geometry, never by the "
             "patient position text; the note is there so that a reader can look twice.",
         fix="Nothing needs to be done.",
         reference="DICOM PS3.3 §C.7.6.2.1.1, §C.8.8.3.2"),
    Code("RTD216", "W", "grid spacing or quantisation step coarse for the technique and tolerance",
         why="On steep gradients the dose between grid points is uncertain by more than the tolerance, most of all "
             "in small targets and for near-maximum doses.",
         fix="Recalculate on a finer grid (2 mm or less for stereotactic plans), or export 32-bit dose.",
         reference="ICRU 91; AAPM MPPG 5.a; dose grid study in the rtcheck method notes §6"),
    Code("RTD217", "E", "saturated or negative dose values",
         why="A value at the largest number its bits can hold is clipped: the true maximum is higher. Negative dose "
             "does not exist.",
         fix="Export with 32-bit values or another scaling.",
         reference="DICOM PS3.3 §C.8.8.3.4"),
    Code("RTD219", "E", "dose level implausible for the prescription (×100, ×N, ÷N)",
         why="The dose in the target is off by a factor such as 100 (cGy written as Gy) or the number of fractions. "
             "Limits would look kept, or broken, by the unit alone.",
         fix="Compare the target dose with the planning system; check prescription, units and fraction count in plan "
             "and registry.",
         reference="rtcheck plausibility rule: target median 0.8 to 1.3 of the prescription"),
    Code("RTD221", "W", "heterogeneity correction off, unknown, or dose spatially transformed",
         why="A dose calculated in water, or moved by a registration, may differ by several per cent in lung and "
             "near cavities.",
         fix="Recalculate with heterogeneity correction on the planning image.",
         reference="DICOM PS3.3 §C.8.8.3 (Tissue Heterogeneity Correction, Spatial Transform of Dose)"),
    Code("RTD222", "W", "embedded DVH disagrees with ours",
         why="The planning system stored its own DVH, and it differs from the one computed here by more than the "
             "conventions explain. One of the two rests on other contours, another dose or another rule.",
         fix="Compare volume, mean and maximum in the planning system; check that structures did not change after "
             "the dose was calculated.",
         reference="DICOM PS3.3 §C.8.8.4; Pepin 2022 (10.1002/mp.15916)"),
    Code("RTD301", "E", "required ROI not found",
         why="A limit or a lesion names a structure that is not in the structure set. A missing structure is never "
             "taken for a kept limit.",
         fix="Contour the structure, export it, or correct its name in the registry (lesions) or in the site's names "
             "(organs). `rtcheck inspect` lists the names there are.",
         reference="AAPM TG-263; rtcheck rule: missing data never passes"),
    Code("RTD302", "E", "name matches more than one ROI",
         why="Two structures fit the same name. Choosing one would be a guess, and the spared one may be chosen.",
         fix="Rename or remove one of them in the planning system, or give the exact name in the registry.",
         reference="AAPM TG-263"),
    Code("RTD303", "E", "ROI has no closed contour",
         why="An empty structure has no volume; a limit on it would be kept by nothing.",
         fix="Draw the structure, or delete the empty entry so that it is reported as missing.",
         reference="DICOM PS3.3 §C.8.8.6 (Contour Geometric Type)"),
    Code("RTD304", "I", "matched through the synonym table",
         why="The structure's name is not the protocol's or the registry's own, but a listed synonym of it, or equal "
             "to it but for case, character width or blanks.",
         fix="Check that the match shown is right.",
         reference="AAPM TG-263; constraints/names.toml"),
    Code("RTD305", "E", "contour data malformed or count mismatch",
         why="The number of points does not agree with the stated count, or coordinates are not numbers: part of the "
             "structure may be lost or shifted.",
         fix="Export the structure set again; redraw the contour if it comes back.",
         reference="DICOM PS3.3 §C.8.8.6 (Number of Contour Points)"),
    Code("RTD306", "E", "contours not planar or not parallel",
         why="Slices that do not lie in parallel planes have no unambiguous thickness, so there is no volume to "
             "compute.",
         fix="Redraw or interpolate the structure on one image series.",
         reference="DICOM PS3.3 §C.8.8.6.1"),
    Code("RTD307", "E", "self-crossing contour, fill rules disagree",
         why="A contour that crosses itself, such as a figure eight, encloses different areas under the two common "
             "fill rules; software silently keeps one.",
         fix="Correct the contour on the slice named in the message.",
         reference="DICOM PS3.3 §C.8.8.6.1; rtcheck method notes §3"),
    Code("RTD308", "I", "hole drawn as keyhole or as inner contour, or self-touching contour, resolved",
         why="A hole was drawn as one closed path with a thin channel, which is legal: both fill rules agree on its "
             "area. Or it was drawn as a contour inside another, which is read as a hole by common practice only: the "
             "standard has no rule for it.",
         fix="Nothing needs to be done where it is meant as a hole.",
         reference="DICOM PS3.3 §C.8.8.6.3"),
    Code("RTD309", "E", "overlapping contours read differently by union and XOR, or contour types mixed",
         why="The standard gives no rule for contours of one structure that partly overlap on a slice: union and "
             "exclusive-or give different volumes. Nor does it say what open contours among closed ones enclose.",
         fix="Merge the contours on the slice named in the message.",
         reference="DICOM PS3.3 §C.8.8.6.1, §C.8.8.6.3"),
    Code("RTD311", "W", "duplicate contour dropped",
         why="The same contour is stored twice. Under exclusive-or the slice would be empty; it was counted once.",
         fix="Delete the duplicate in the planning system.",
         reference="DICOM PS3.3 §C.8.8.6.3"),
    Code("RTD312", "E", "missing slices change the result (W when they do not)",
         why="There is a gap in the structure. Whether tissue lies in it changes the result, and the file does not "
             "say. Slices left out all along are as regular as thick ones; images between the contours, or stated "
             "slabs that do not meet, give them away.",
         fix="Interpolate or draw the missing slices, or confirm that the structure has two separate parts.",
         reference="Stuhr 2021 (PMC8901531); DICOM PS3.3-2020 §C.8.8.6.2 (Contour Slab Thickness)"),
    Code("RTD313", "W", "irregular plane spacing, or near-coincident planes merged",
         why="Contour planes are unevenly spaced, or nearer to each other than the thickness their contours state. "
             "Each was given its own thickness; one common thickness would weight them wrongly.",
         fix="Check the structure for slices drawn on another image series.",
         reference="rtcheck method notes §4"),
    Code("RTD316", "W", "volume differs from the stated ROI volume",
         why="The volume stored by the exporting system is not the one the contours enclose: contours may be lost or "
             "altered, or the conventions differ. Structures of which the export states neither volume nor DVH are one "
             "note (I): of them a lost end contour would not be seen.",
         fix="Compare the volume and the number of slices with the planning system.",
         reference="DICOM PS3.3 §C.8.8.5 (ROI Volume)"),
    Code("RTD317", "W", "ROI small against dose voxels, or single-slice with assumed thickness",
         why="In a structure of a few voxels the contour and grid conventions decide the numbers; systems differ by "
             "a third of the volume for the smallest spheres.",
         fix="Judge the row by its interval, not by its value. Use thinner slices and a finer dose grid where it "
             "matters.",
         reference="Stanley 2021 (PMC8248418); ICRU 91"),
    Code("RTD319", "W", "contour plane not on its referenced image",
         why="A contour does not lie where the image it refers to lies: the structure set may have been moved or "
             "drawn on another series. An export without images, which is usual, is a note (I): nothing was compared.",
         fix="Open the structure on its planning image and look at the slice named in the message.",
         reference="DICOM PS3.3 §C.8.8.6 (Contour Image Sequence)"),
    Code("RTD320", "W", "interpreted type or containment contradicts the role (target as organ, CTV outside PTV, "
         "ROI outside body)",
         why="The structure is used in a role that its own description (type, coded identity, label) or position "
             "contradicts; perhaps the wrong one was named. Without an outline of the body in the frame of the dose "
             "nothing tells whether targets lie in the patient (W). A lesion outside its organ is a note (I) where no "
             "constraint uses that organ.",
         fix="Check the names in the registry against the planning system.",
         reference="DICOM PS3.3 §C.8.8.8; ICRU 83"),
    Code("RTD322", "W", "laterality of name and position disagree",
         why="A structure named left lies on the right. The limit of the other side may be the one that was judged.",
         fix="Correct the name or the contour.",
         reference="AAPM TG-263; Stuhr 2021; DICOM PS3.3 §C.7.6.2.1.1 (LPS)"),
    Code("RTD401", "F", "dose and ROI frames of reference differ, no registration",
         why="Coordinates from two spaces have no common meaning; combined, they give a plausible number of nothing.",
         fix="Export dose and structures on the same planning image.",
         reference="DICOM PS3.3 §C.7.4.1.1.1, §C.8.8.5"),
    Code("RTD402", "W", "rigid registration applied by request",
         why="Structures were moved into the frame of the dose; the accuracy of the registration bounds that of "
             "every number.",
         fix="Have the registration reviewed.",
         reference="DICOM PS3.3 §C.20.2; AAPM TG-132"),
    Code("RTD403", "F", "registration not rigid, singular, or direction unclear",
         why="Scaling or deforming changes volumes, and the wrong direction shifts the answer without any sign of it.",
         fix="Provide a rigid registration, or plan on one frame of reference.",
         reference="DICOM PS3.3 §C.20.2"),
    Code("RTD404", "E", "ROI frame of reference missing or unlisted",
         why="Each structure carries its own frame of reference. Without it there is no licence to combine it with "
             "the dose.",
         fix="Export the structure set again; redraw the structure on the planning image if it comes back.",
         reference="DICOM PS3.3 §C.8.8.5 (Referenced Frame of Reference UID of each ROI)"),
)
