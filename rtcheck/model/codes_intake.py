"""Finding codes 0xx to 1xx: can the files be read, and do they belong together."""

from __future__ import annotations

from rtcheck.model.code import Code

__all__ = ["INTAKE_CODES"]

INTAKE_CODES = (
    Code("RTD001", "F", "not readable as DICOM",
         why="A file that claims to be part of the export cannot be opened, so what it holds is unknown: it may be "
             "the plan, a dose, or structures that limits apply to.",
         fix="Export the object again from the planning system, or take the file away if it does not belong to the "
             "case.",
         reference="DICOM PS3.10 §7"),
    Code("RTD002", "F", "truncated or inconsistent lengths (element, item, sequence, file)",
         why="A structure set cut short can still be opened without any error; contours are then simply missing and "
             "an organ looks spared. In a trial, 1578 of 3482 cut points lost contours silently.",
         fix="Copy or export the file again and compare its size with the original. Do not repair it by hand.",
         reference="DICOM PS3.5 §7.1 and §7.5"),
    Code("RTD003", "F", "no Part 10 header (E when explicitly allowed)",
         why="Without preamble and file meta information the transfer syntax is a guess, and a wrong guess gives "
             "other numbers. Such a file is read only where its content proves to be a DICOM-RT object.",
         fix="Export again as DICOM Part 10 files.",
         reference="DICOM PS3.10 §7.1"),
    Code("RTD004", "F", "transfer syntax unsupported, lossy, or contradicted by content",
         why="Lossy compression changes dose values; a wrongly labelled byte order or value representation turns "
             "them into other plausible numbers.",
         fix="Export uncompressed, as Explicit VR Little Endian.",
         reference="DICOM PS3.5 §10 and Annex A"),
    Code("RTD005", "F", "resource cap hit (inflate, size, depth, count, time)",
         why="The file is larger, deeper or more densely compressed than any real plan export. Reading on could "
             "exhaust the machine and leave other cases unchecked.",
         fix="Check where the file comes from. If it is genuine, export a smaller dose grid or fewer objects at a "
             "time.",
         reference="rtcheck limits, each checked before memory is spent: 2 GiB a file and its decoded pixels; a "
                   "deflated data set 200 times its size and 1 GiB; 32 levels of sequences, 5 million elements, 20 "
                   "million contour points, 10,000 ROIs, 64 KiB a text, 120 s of processor time a case (--time-limit)"),
    Code("RTD006", "F", "same SOP Instance UID, different content",
         why="Two objects claim to be the same one. Which of them was treated cannot be told, and the order of files "
             "on disk would decide the result.",
         fix="Keep only the version that was approved, and find out how two versions came to share one UID.",
         reference="DICOM PS3.3 §C.12.1 (SOP Instance UIDs are unique)"),
    Code("RTD007", "I", "byte-identical duplicate ignored",
         why="The same file is there twice. It was read once, so nothing is counted twice.",
         fix="Nothing needs to be done.",
         reference="rtcheck intake rule"),
    Code("RTD008", "E", "invalid number (NaN, infinite, malformed, underflow, overflow)",
         why="A text such as 0,001 or nan in a number field becomes zero, another value, or something that is never "
             "greater than any limit. A limit would then look kept.",
         fix="Export again; if it comes back, report the element named in the message to the vendor.",
         reference="DICOM PS3.5 §6.2 (DS and IS)"),
    Code("RTD009", "E", "wrong multiplicity or empty slot in a vector",
         why="One number too many or too few in a list of coordinates shifts all that follow: x becomes y, y becomes "
             "z.",
         fix="Export the object again; look for manual edits of the file.",
         reference="DICOM PS3.5 §6.4"),
    Code("RTD010", "E", "duplicate or misordered elements",
         why="When an element stands twice in one data set, most readers keep the last one without a word: a second "
             "dose scaling changes every dose.",
         fix="Export again; the file was written or edited by software that breaks the standard.",
         reference="DICOM PS3.5 §7.1 (ascending tags, each once)"),
    Code("RTD011", "W", "character set missing, wrong or ambiguous",
         why="Structure names in Chinese or with accents may be read as other characters, so that a name is not "
             "found, or a different one is. A declaration or a text that is damaged tells of damage elsewhere.",
         fix="Compare the names shown with those in the planning system. List the names as they appear in the "
             "registry, or set the right character set in the export.",
         reference="DICOM PS3.5 §6.1; PS3.3 §C.12.1.1.2"),
    Code("RTD012", "E", "required attribute absent or empty",
         why="Something the standard requires, and that numbers or links rest on, is missing. It is never replaced "
             "by a default.",
         fix="Export again with the attribute filled in; the message names the object and the tag.",
         reference="DICOM PS3.3, the module named in the message (type 1 and 2 attributes)"),
    Code("RTD013", "E", "value outside enumeration, or unsupported object kind",
         why="A word that the standard does not define here, or an object of a kind that is not read (such as second "
             "generation radiotherapy objects), may carry what the verdict needs.",
         fix="Check the value named in the message in the planning system; export first generation RT Plan, Dose and "
             "Structure Set.",
         reference="DICOM PS3.3 (enumerated values of the attribute); PS3.4 Annex B (SOP classes)"),
    Code("RTD014", "W", "harmless encoding deviation corrected (padding, over-long DS, trailing bytes)",
         why="The file departs from the standard in a way that leaves one reading only. That reading was used.",
         fix="Nothing for this case. Tell the vendor when it is regular.",
         reference="DICOM PS3.5 §6.2"),
    Code("RTD015", "F", "SOP class, modality and content disagree",
         why="An object that says it is a plan but holds a dose may have been mislabelled or altered; nothing in it "
             "can be trusted to mean what it says.",
         fix="Export the object again from its source.",
         reference="DICOM PS3.3 §A and §C.7.3.1.1.1; PS3.4 §B.5"),
    Code("RTD016", "I", "optional attributes absent: what they would show was not compared",
         why="Comparisons such as that of dates, stored curves or density overrides rest on what the standard leaves "
             "optional. Where it is absent nothing can speak against the plan, which is not the same as nothing "
             "speaking against it.",
         fix="Look at what is listed in the planning system, or export it: stored DVHs, dates and patient data are "
             "often left out by an option or by de-identification.",
         reference="DICOM PS3.3 (types 2 and 3 of the attributes named)"),
    Code("RTD101", "F", "patient identity differs between objects",
         why="Dose of one patient judged with structures or the record of another gives a fluent report about nobody. "
             "Another PatientID, birth date or sex refuses the case; another name under one id warns (W), for names "
             "change and are transcribed.",
         fix="Check one patient at a time. If a site renames patients, list the DICOM identifiers in the registry "
             "under patient.dicom_ids.",
         reference="DICOM PS3.3 §C.7.1.1; rtcheck contract §1"),
    Code("RTD102", "F", "dose refers to a plan that is absent or different",
         why="The right patient with the dose of another plan, often an earlier revision, looks entirely plausible.",
         fix="Export plan and dose together, after the last change to the plan.",
         reference="DICOM PS3.3 §C.8.8.3 (Referenced RT Plan Sequence)"),
    Code("RTD103", "F", "plan refers to a structure set that is absent or different",
         why="Structures of another revision may have been moved, renamed or redrawn since the plan was made.",
         fix="Export the structure set on which the plan was made, together with the plan.",
         reference="DICOM PS3.3 §C.8.8.9 (Referenced Structure Set Sequence)"),
    Code("RTD104", "F", "several candidate doses, none selected by rule",
         why="An export may hold a plan dose, beam doses and a verification dose. Taking the first or the latest "
             "would let chance decide.",
         fix="Export the dose of the whole plan once, or all beam doses and nothing else.",
         reference="DICOM PS3.3 §C.8.8.3 (Dose Summation Type)"),
    Code("RTD105", "F", "several candidate plans or phases, no course manifest",
         why="Which plans make up the course cannot be told from the files; judging one phase against limits for the "
             "whole course would look better than the truth.",
         fix="Name the plans of the course in the registry, one [[plan]] entry each, by label or SOP Instance UID.",
         reference="rtcheck contract §4 ([[plan]])"),
    Code("RTD106", "E", "multi-plan dose with missing members",
         why="A summed dose stands for several plans; without all of them the fraction counts and prescriptions "
             "behind the sum are unknown.",
         fix="Export every plan that the summed dose refers to, or the dose of each plan apart.",
         reference="DICOM PS3.3 §C.8.8.3 (MULTI_PLAN)"),
    Code("RTD108", "W", "link made by fallback, not by UID",
         why="The objects do not name each other, so that they belong together was inferred, not read.",
         fix="Confirm in the planning system that these objects belong together, or export again with references.",
         reference="DICOM PS3.3 §C.8.8.3, §C.8.8.5, §C.8.8.9 (references by UID)"),
    Code("RTD109", "F", "plan intent is verification/QA/research/service, or no patient geometry",
         why="The dose of a phantom or machine test says nothing about the patient, though it has the same form.",
         fix="Export the treatment plan. If the intent is wrong in the planning system, correct it there.",
         reference="DICOM PS3.3 §C.8.8.9 (Plan Intent, RT Plan Geometry)"),
    Code("RTD110", "W", "plan not approved or status absent (F when REJECTED)",
         why="A plan that nobody has approved may still change; one that was rejected must not be judged as if it "
             "were to be treated.",
         fix="Approve the plan and export again, or acknowledge that this is a check before approval.",
         reference="DICOM PS3.3 §C.8.8.16 (Approval)"),
    Code("RTD112", "W", "plan or structures modified after the dose was made",
         why="The dose may belong to an earlier state of the plan or of the contours.",
         fix="Recalculate the dose, or confirm that the later change touched no geometry, and export all objects "
             "together.",
         reference="DICOM PS3.3 §C.8.8.3, §C.8.8.5, §C.8.8.9 (dates and times)"),
)
