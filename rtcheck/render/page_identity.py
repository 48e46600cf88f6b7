"""Identity and provenance: patient, plans, doses, files of ours with their digests, and what refers to what."""

from __future__ import annotations

from rtcheck.exhibits import GridFacts, LinkNode, PlanFacts
from rtcheck.render.cells import join_cells, missing_cell, number_cell, short_uid, text_cell, uid_cell, whole_cell
from rtcheck.render.document import Block, Cell, Column, Facts, Number, Row, Section, Table, Tone
from rtcheck.render.page_strip import Page

__all__ = ["identity_section"]

_DAY_DIGITS, _DATE_DIGITS = 8, 14


def identity_section(page: Page) -> Section:
    """Return the section."""
    blocks: list[Block] = [_patient(page)]
    if page.exhibits is not None and page.exhibits.plans:
        blocks += [_plan(page, plan, index) for index, plan in enumerate(page.exhibits.plans)]
        blocks += [_grid(page, grid, index) for index, grid in enumerate(page.exhibits.grids)]
    else:
        blocks += [_stored_plan(page, index) for index in range(len(page.report.plans))]
    if page.exhibits is not None and page.exhibits.links:
        blocks.append(_links(page))
    blocks.append(_inputs(page))
    return Section("identity", page.say("section.identity"), tuple(blocks))


def _patient(page: Page) -> Facts:
    provenance = page.report.provenance
    protocol = provenance.protocol
    items = [
        ("identity.patient_id", text_cell(page.report.patient_id)),
        ("fact.protocol", text_cell(" ".join(filter(None, (protocol.get("id"), protocol.get("version")))),
                                    protocol.get("title", ""))),
        ("identity.protocol_sha256", uid_cell(protocol.get("sha256", ""))),
        ("identity.names_sha256", uid_cell(protocol.get("names_sha256", ""))),
        ("identity.registry_sha256", uid_cell(provenance.registry.get("sha256", ""))),
    ]  # fmt: skip
    return Facts("patient", page.say("identity.patient"), tuple((page.say(key), cell) for key, cell in items))


def _stored_plan(page: Page, index: int) -> Facts:
    plan, path = page.report.plans[index], f"report.case.plans[{index}]"
    items = [
        ("identity.uid", uid_cell(plan.sop_instance_uid)),
        ("identity.approval", _approval(page, plan.approval_status)),
        ("identity.fractions", whole_cell(f"{path}.fractions", plan.fractions, reason=page.say("unknown"))),
        ("identity.doses", _uids(plan.dose_sop_instance_uids)),
    ]
    title = page.say("identity.plan", label=text_cell(plan.label).text)
    return Facts(f"plan-{index + 1}", title, tuple((page.say(key), cell) for key, cell in items))


def _plan(page: Page, plan: PlanFacts, index: int) -> Facts:
    path = f"exhibits.plans[{index}]"
    prescriptions = [
        join_cells((
            text_cell(one.roi or one.description),
            number_cell(f"{path}.prescriptions[{place}].dose_gy", one.dose_gy, "Gy", page.say("unknown")),
        ))
        for place, one in enumerate(plan.prescriptions)
    ]  # fmt: skip
    items = [
        ("identity.uid", uid_cell(plan.sop_instance_uid)),
        ("identity.plan_name", text_cell(plan.name)),
        ("identity.kind", text_cell({"RT": "RT Plan", "ION": "RT Ion Plan"}.get(plan.kind, plan.kind))),
        ("identity.approval", _approval(page, plan.approval_status)),
        ("identity.intent", text_cell(plan.intent)),
        ("identity.geometry", text_cell(plan.geometry)),
        ("identity.created", _created(plan.created)),
        ("identity.fractions", whole_cell(f"{path}.fractions", plan.fractions, reason=page.say("unknown"))),
        ("identity.beams", whole_cell(f"{path}.treatment_beams", plan.treatment_beams)),
        ("identity.prescription",
         join_cells(prescriptions, "; ") if prescriptions else text_cell(page.say("identity.no_prescription"))),
        ("identity.structure_set", uid_cell(plan.structure_set_uid)),
        ("identity.doses", _uids(plan.dose_sop_instance_uids)),
    ]  # fmt: skip
    title = page.say("identity.plan", label=text_cell(plan.label).text)
    return Facts(f"plan-{index + 1}", title, tuple((page.say(key), cell) for key, cell in items))


def _grid(page: Page, grid: GridFacts, index: int) -> Facts:
    path = f"exhibits.grids[{index}]"
    shape = [whole_cell(f"{path}.shape[{axis}]", number) for axis, number in enumerate(grid.shape)]
    spacing = [number_cell(f"{path}.spacing_mm[{axis}]", number) for axis, number in enumerate(grid.spacing_mm)]
    size = join_cells((join_cells(spacing, " × "), text_cell("mm")))
    notes = [page.say(key) for key, told in (("identity.uneven", grid.uneven), ("identity.oblique", not grid.axial))
             if told]  # fmt: skip
    if notes:
        size = join_cells((size, text_cell(f"({'; '.join(notes)})", tone="warn")))
    # a scaling is a factor and not a measured number: it is shown in full
    factor = repr(grid.scaling_gy)
    scaling = Cell(f"{factor} Gy", (Number(f"{path}.scaling_gy", grid.scaling_gy, factor),))
    items = [
        ("identity.uid", uid_cell(grid.sop_instance_uid)),
        ("identity.dose_type", text_cell(grid.dose_type)),
        ("identity.summation", text_cell(grid.summation_type)),
        ("identity.shape", join_cells(shape, " × ")),
        ("identity.spacing", size),
        ("identity.scaling", scaling),
        ("identity.maximum", number_cell(f"{path}.maximum_gy", grid.maximum_gy, "Gy")),
        ("identity.heterogeneity", text_cell(", ".join(grid.heterogeneity_correction))),
        ("identity.frame", uid_cell(grid.frame_of_reference_uid)),
        ("identity.created", _created(grid.created)),
    ]
    title = page.say("identity.grid", uid=short_uid(grid.sop_instance_uid))
    return Facts(f"grid-{index + 1}", title, tuple((page.say(key), cell) for key, cell in items))


def _approval(page: Page, state: str) -> Cell:
    if state in ("APPROVED", "UNAPPROVED", "REJECTED", ""):
        return text_cell(page.say(f"approval.{state}"), tone="" if state == "APPROVED" else "warn")
    return text_cell(state, tone="warn")


def _created(stamp: str) -> Cell:
    """Return YYYYMMDD or YYYYMMDDHHMMSS as a date and time; whatever else stands there as it is."""
    if stamp.isdigit() and len(stamp) in (_DAY_DIGITS, _DATE_DIGITS):
        day, time = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}", f"{stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}"
        return text_cell(day if len(stamp) == _DAY_DIGITS else f"{day} {time}")
    return text_cell(stamp)


def _uids(uids: tuple[str, ...]) -> Cell:
    return text_cell(", ".join(short_uid(uid) for uid in uids), ", ".join(uids)) if uids else missing_cell("")


def _inputs(page: Page) -> Table:
    columns = tuple(Column(key, page.say(f"column.{key}")) for key in ("modality", "uid", "sha256"))
    ordered = sorted(page.report.provenance.inputs, key=lambda one: (one.modality, one.sop_instance_uid, one.sha256))
    rows = tuple(
        Row(f"input-{index + 1}", (text_cell(one.modality), uid_cell(one.sop_instance_uid), uid_cell(one.sha256)))
        for index, one in enumerate(ordered)
    )
    return Table("inputs", page.say("identity.inputs"), columns, rows, folded=True)


def _links(page: Page) -> Table:
    assert page.exhibits is not None
    nodes = {node.uid: node for node in page.exhibits.nodes}
    columns = tuple(Column(key, page.say(f"column.{key}")) for key in ("from", "meaning", "to"))
    rows = tuple(
        Row(
            f"link-{index + 1}",
            (_node(page, nodes, link.source), text_cell(link.meaning), _node(page, nodes, link.target)),
        )
        for index, link in enumerate(page.exhibits.links)
    )
    return Table("links", page.say("identity.links"), columns, rows)


def _node(page: Page, nodes: dict[str, LinkNode], uid: str) -> Cell:
    node = nodes.get(uid)
    kind, label = (node.kind, node.label) if node is not None else ("MISSING", "")
    tone: Tone = "bad" if kind == "MISSING" else ""
    shown = page.say("identity.missing_target") if kind == "MISSING" else "" if kind == "FRAME" else kind
    return text_cell(" ".join(part for part in (shown, label, short_uid(uid)) if part), uid, tone)
