"""The fonts of the PDF from those of Debian's ``fonts-noto-cjk``: ``python -m tests.tools.make_fonts FOLDER``.

Regular holds Latin, Greek, Cyrillic, kana, all 20,992 characters of the basic block of Chinese, since names use rare
ones, and the symbols a report needs; Bold, for words of our own, Latin and the characters of our Chinese messages.
Needs fonttools.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

OUT = Path(__file__).resolve().parents[2] / "rtcheck" / "render" / "fonts"
SIMPLIFIED = 2
"""Place of the Simplified Chinese font in the collection."""
RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x384, 0x3CE), (0x400, 0x45F), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E),
    (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2150, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x2460, 0x24FF), (0x25A0, 0x25FF), (0x2600, 0x26FF), (0x3000, 0x30FF), (0x3200, 0x33FF), (0xFF00, 0xFFEF),
)  # fmt: skip


def wanted(bold):
    """The characters of a weight."""
    out = {point for first, last in RANGES for point in range(first, last + 1)}
    if bold:
        messages = "".join(path.read_text("utf-8") for path in OUT.parent.glob("messages*.py"))
        return out | {ord(letter) for letter in messages if ord(letter) > 0x2E80}
    return out | set(range(0x4E00, 0xA000))


def make(source, name, family, bold):
    """Cut one weight out of a collection and name it anew, so that no installed font is taken for it."""
    font = TTFont(source, fontNumber=SIMPLIFIED)
    options = Options()
    options.layout_features, options.hinting, options.notdef_outline = ["kern"], False, True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables = [*options.drop_tables, "vhea", "vmtx", "VORG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted(bold))
    subsetter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in (1, 3, 4, 6):
            plain = family.replace(" ", "") if record.nameID == 6 else family
            font["name"].setName(plain, record.nameID, record.platformID, record.platEncID, record.langID)
    cff = font["CFF "].cff
    cff.fontNames = [family.replace(" ", "")]
    cff.topDictIndex[0].FamilyName = cff.topDictIndex[0].FullName = family
    font["head"].created = font["head"].modified = 3_700_000_000
    font.recalcTimestamp = False
    font.save(OUT / name)
    print(name, len(font.getGlyphOrder()), (OUT / name).stat().st_size)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    make(folder / "NotoSansCJK-Regular.ttc", "ReportSans-Regular.otf", "Report Sans", bold=False)
    make(folder / "NotoSansCJK-Bold.ttc", "ReportHead-Regular.otf", "Report Head", bold=True)
