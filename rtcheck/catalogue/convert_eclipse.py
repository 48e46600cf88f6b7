"""Clinical protocols and dose objectives of Eclipse (XML): plan objectives (``Item``) and indices (``MeasureItem``).

Only codes on which public descriptions of the format agree are carried over. They contradict each other on the
modifiers 3 and 4 of a MeasureItem (which is "at least" and which "at most"), on its types 6 and 7 (which is the
minimum), and on whether absolute volumes are in cm3 or mm3: a guess there would turn a limit round, so those rows are
listed. Doses are in Gy. A document type or entity is refused before anything is expanded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from rtcheck.catalogue.convert_limit import Foreign, ForeignLimit, plain_number, quoted_name

__all__ = ["XmlRefusedError", "read_eclipse"]

_DEEPEST = 30


class XmlRefusedError(ValueError):
    """The file is no XML that is read: malformed, nested too deeply, or with a document type."""


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[_Element]:
        """Return every element of this name below this one, in order."""
        found = []
        for child in self.children:
            found += [child] if child.name == name else []
            found += child.all(name)
        return found

    def value(self, name: str) -> str:
        return next((child.text.strip() for child in self.children if child.name == name), "")


def _parse(content: bytes) -> _Element:
    root = _Element("", {})
    stack = [root]
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _DEEPEST:
            raise XmlRefusedError(f"elements nested more than {_DEEPEST} deep")
        element = _Element(name.rpartition(":")[2], attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def data(text: str) -> None:
        stack[-1].text += text

    def refuse(*_arguments: object) -> None:
        raise XmlRefusedError("a document type or entity, which a protocol has no use for")

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except XmlRefusedError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlRefusedError(f"no well-formed XML: {error}") from error
    return root


def read_eclipse(content: bytes, name: str) -> Foreign:
    """Read a clinical protocol or a file of dose objectives.

    Raises:
        XmlRefusedError: it is no XML that is read.
    """
    root = _parse(content)
    preview = next(iter(root.all("Preview")), None)
    title = preview.attributes.get("ID", "") if preview else ""
    found = Foreign("Eclipse XML", title or f"Limits of {name}")
    phases = [phase for phase in root.all("Phase") if phase.all("Item") or phase.all("MeasureItem")]
    several = len(phases) > 1
    for phase in phases or [root]:
        count = phase.value("FractionCount")
        fractions = (int(count), int(count)) if count.isascii() and count.isdigit() and 0 < int(count) < 200 else None
        label = f"phase {phase.attributes.get('ID', '?')}: " if phases else ""
        for kind in ("Item", "MeasureItem"):
            for index, item in enumerate(phase.all(kind), start=1):
                place = f"{label}{kind} {index}"
                what = f"{item.attributes.get('ID', '')} {_values(item)}".strip()
                if several:
                    found.leave(place, what, "it is for one phase of several; limits here are for the sum of the plans")
                    continue
                read = _item(item) if kind == "Item" else _measure(item)
                if isinstance(read, str):
                    found.leave(place, what, read)
                    continue
                structure = item.attributes.get("ID", "").strip()
                if not structure:
                    found.leave(place, what, "no structure")
                    continue
                priority = item.value("Priority")
                metric, goal, variation = read
                found.limits.append(ForeignLimit(
                    place, quoted_name(structure), metric, goal, variation, fractions,
                    f"Priority there: {priority}" if priority else "",
                ))  # fmt: skip
    return found


def _values(item: _Element) -> str:
    return " ".join(f"{child.name}={child.text.strip()}" for child in item.children if child.text.strip())


def _item(item: _Element) -> tuple[str, str, str] | str:
    """Read a plan objective; doses are total doses in Gy, volumes per cent."""
    dose, volume = plain_number(item.value("TotalDose")), plain_number(item.value("Parameter"))
    modifier = item.value("Modifier")
    if dose is None or dose == "0":
        return "no total dose"
    whole = {"7": ("Mean[Gy]", ">"), "8": ("Mean[Gy]", "<"), "9": ("Min[Gy]", ">"), "10": ("Max[Gy]", "<")}
    if modifier in whole:
        metric, comparator = whole[modifier]
        return metric, f"{comparator} {dose} Gy", ""
    if modifier not in ("0", "1"):
        return f"the modifier {modifier or 'none'} has no direction, or descriptions of it contradict each other"
    if volume is None:
        return "no volume"
    return f"V{dose}Gy[%]", f"{'>=' if modifier == '0' else '<='} {volume} %", ""


def _measure(item: _Element) -> tuple[str, str, str] | str:
    """Read an index: type, modifier, value, and the dose or volume it is taken at."""
    kind, modifier = item.value("Type"), item.value("Modifier")
    value, at = plain_number(item.value("Value")), plain_number(item.value("TypeSpecifier"))
    absolute = item.value("ReportDQPValueInAbsoluteUnits").casefold() in ("true", "1")
    comparator = {"0": ">", "1": "<"}.get(modifier)
    if comparator is None:
        return f"the modifier {modifier or 'none'} has no direction, or descriptions of it contradict each other"
    if value is None:
        return "no value"
    if kind in ("2", "3") and absolute:
        return "a limit in absolute volume: descriptions say cm3 as well as mm3"
    if kind not in ("2", "3", "4", "5", "8"):
        return f"the type {kind or 'none'} is not known here, or descriptions of it contradict each other"
    if kind == "8":
        metric, unit = "Mean", "Gy" if absolute else "%"
    elif at is None:
        return "no dose or volume to take it at"
    else:
        head, mark = {"2": ("V", "%"), "3": ("V", "Gy"), "4": ("D", "%"), "5": ("D", "cc")}[kind]
        metric, unit = f"{head}{at}{mark}", "%" if head == "V" or not absolute else "Gy"
    last = plain_number(item.value("VariationAcceptable")) if item.value("VariationAcceptable") else None
    return f"{metric}[{unit}]", f"{comparator} {value} {unit}", f"{comparator} {last} {unit}" if last else ""
