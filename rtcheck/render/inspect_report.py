"""The inventory of an export as text of 80 columns and as JSON, schema ``rtcheck.inspect/1``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from rtcheck.inventory import DoseEntry, Inventory, PlanEntry, StructureSetEntry
from rtcheck.render.finding_lines import finding_lines
from rtcheck.render.json_report import document_text, findings_list
from rtcheck.render.terminal import Paint, cells, no_paint, pad, visible, wrap
from rtcheck.units import format_number

__all__ = ["SCHEMA", "inspect_json", "inspect_text"]

SCHEMA = "rtcheck.inspect/1"
_WIDEST_NAME = 34


def inspect_json(inventory: Inventory, exit_code: int) -> str:
    """Return the inventory as one JSON document; objects are named by UID and digest, not by path."""
    objects = sorted(inventory.objects, key=lambda one: (one.modality, one.sop_instance_uid))
    return document_text({
        "schema": SCHEMA,
        "exit_code": exit_code,
        "patient_id": inventory.patient_id,
        "objects": [
            {"modality": one.modality, "sop_instance_uid": one.sop_instance_uid, "sop_class_uid": one.sop_class_uid,
             "sha256": one.sha256, "used": one.used, "study_uid": one.study_uid, "series_uid": one.series_uid,
             "frame_of_reference_uid": one.frame_of_reference_uid}
            for one in objects
        ],
        "ignored_files": inventory.ignored_files,
        "plans": [asdict(one) for one in inventory.plans],
        "doses": [asdict(one) for one in inventory.doses],
        "structure_sets": [asdict(one) for one in inventory.structure_sets],
        "links": [asdict(one) for one in inventory.links],
        "findings": findings_list(inventory.findings),
    })


def inspect_text(inventory: Inventory, exit_code: int, paint: Paint = no_paint) -> str:
    """Return the inventory as text that ends in a newline."""
    blocks = [_objects(inventory), *(_plan(one, inventory) for one in inventory.plans)]
    blocks += [_dose(one, inventory) for one in inventory.doses]
    blocks += [_structure_set(one) for one in inventory.structure_sets]
    blocks += [finding_lines(inventory.findings, paint), [f"exit {exit_code}"]]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _objects(inventory: Inventory) -> list[str]:
    counts = Counter(one.modality or "?" for one in inventory.objects)
    words = [f"{count} {modality}" for modality, count in sorted(counts.items())] or ["no DICOM object"]
    if inventory.ignored_files:
        words.append(f"{inventory.ignored_files} other file{'s' * (inventory.ignored_files != 1)} ignored")
    return wrap(visible(f"{inventory.patient_id or 'no patient id'}   {', '.join(words)}"), hanging="    ")


def _plan(plan: PlanEntry, inventory: Inventory) -> list[str]:
    fractions = " and ".join("?" if count is None else str(count) for count in plan.fractions) or "?"
    facts = [f"{fractions} fraction{'s' * (fractions != '1')}", f"{plan.beams} treatment beam{'s' * (plan.beams != 1)}",
             f"approval {plan.approval_status or 'not stated'}"]
    if plan.intent:
        facts.append(f"intent {plan.intent}")
    if plan.prescriptions_gy:
        doses = " and ".join(format_number(one) for one in plan.prescriptions_gy)
        facts.append(f"target prescription {doses} Gy")
    kind = "ION PLAN" if plan.kind == "ION" else "PLAN"
    lines = wrap(visible(f"{kind}  {plan.label or '(no label)'}"), hanging="    ")
    lines += wrap(visible(", ".join(facts)), "  ", "    ")
    lines += wrap(f"uid {visible(plan.sop_instance_uid)}", "  ", "    ")
    return lines + _links(plan.sop_instance_uid, inventory)


def _dose(dose: DoseEntry, inventory: Inventory) -> list[str]:
    planes, rows, columns = dose.shape
    x, y, least, most = dose.spacing_mm
    between = format_number(round(least, 4))
    if round(most, 4) != round(least, 4):
        between += f"-{format_number(round(most, 4))}"
    lines = wrap(visible(f"DOSE  {dose.summation_type}, {dose.dose_type}, maximum "
                         f"{format_number(round(dose.maximum_gy, 3))} Gy"), hanging="    ")
    size = f"{format_number(round(x, 4))} x {format_number(round(y, 4))} x {between}"
    lines += wrap(f"{columns} x {rows} x {planes} voxels of {size} mm", "  ", "    ")
    origin, row, column = (", ".join(format_number(round(part, 4) + 0.0) for part in vector)
                           for vector in (dose.origin_mm, dose.row, dose.column))
    lines += wrap(f"first voxel at ({origin}) mm, row ({row}), column ({column})", "  ", "    ")
    lines += wrap(f"uid {visible(dose.sop_instance_uid)}", "  ", "    ")
    return lines + _links(dose.sop_instance_uid, inventory)


def _links(source_uid: str, inventory: Inventory) -> list[str]:
    lines: list[str] = []
    for link in inventory.links:
        if link.source_uid == source_uid:
            target = link.kind.partition(" -> ")[2]
            found = "in the export" if link.found else "NOT IN THE EXPORT"
            lines += wrap(f"-> {target} {visible(link.target_uid)} ({found})", "  ", "     ")
    return lines


def _structure_set(one: StructureSetEntry) -> list[str]:
    lines = wrap(visible(f"STRUCTURE SET  {one.label or '(no label)'}, {len(one.rois)} structures, approval "
                         f"{one.approval_status or 'not stated'}"), hanging="    ")
    lines += wrap(f"uid {visible(one.sop_instance_uid)}", "  ", "    ")
    width = min(_WIDEST_NAME, max((cells(visible(roi.name)) for roi in one.rois), default=0))
    for roi in one.rois:
        solid = f"{roi.planes:>4} planes" if roi.usable else "not usable"
        name = pad(visible(roi.name) or "(no name)", width)
        row = f"{roi.number:>4}  {name}  {roi.contours:>5} contours  {solid}  "
        lines += wrap((row + visible(roi.interpreted_type)).rstrip(), "", "        ")
    return lines
