"""Exhibits as a file beside a result: everything a page shows, pictures included, so that it can be made again.

The file is gzip-compressed JSON (``-o exhibits=result.exhibits.json.gz``). It names the digest of the result it belongs
to and is refused beside any other. Same exhibits, same bytes: the compressed stream holds neither time nor name.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import replace
from typing import cast

from rtcheck.errors import Fault, FileFaultsError
from rtcheck.exhibits import Exhibits, PlanePicture
from rtcheck.render.decode import Decoder, packed, parse_json
from rtcheck.render.exhibits_json import SCHEMA, exhibits_document
from rtcheck.render.json_report import document_text, plain_json, report_sha256
from rtcheck.report import Report

__all__ = ["exhibits_bytes", "read_exhibits"]

_MOST_BYTES = 512 * 2**20
"""Uncompressed size beyond which a file is refused: a bomb, not exhibits."""
_KEYS = (
    "schema", "report_sha256", "structures", "lesions", "pictures", "pictures_missing", "nodes", "links", "plans",
    "grids", "composite",
)  # fmt: skip


def exhibits_bytes(exhibits: Exhibits, report: Report) -> bytes:
    """Return exhibits as the content of a file, tied to their report."""
    document = exhibits_document(replace(exhibits, report_sha256=report_sha256(report)))
    document["pictures"] = [_picture(one) for one in exhibits.pictures]
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=6, mtime=0) as file:
        file.write(document_text(document).encode("utf-8"))
    return out.getvalue()


def read_exhibits(content: bytes, report: Report, file: str) -> Exhibits:
    """Read exhibits from the content of a file.

    Args:
        content: of the file.
        report: they must belong to.
        file: its name, for messages.

    Raises:
        FileFaultsError: it is no such file, every fault at once, or it belongs to another result.
    """
    decoder = Decoder(file)
    document = decoder.keys(parse_json(_inflated(content, file), file), _KEYS, "")
    if document is not None and document["schema"] != SCHEMA:
        decoder.fault("schema", "another schema", f"{SCHEMA!r}: a file written by -o exhibits=FILE")
    decoder.finish()
    assert document is not None
    if document["report_sha256"] != report_sha256(report):
        other = "the digest of another result"
        raise FileFaultsError((Fault(file, "report_sha256", other, "the exhibits stored with this result"),))
    fields = {key: value for key, value in document.items() if key != "schema"}
    found = decoder.decode(Exhibits, fields, "")
    decoder.finish()
    return cast("Exhibits", found)


def _inflated(content: bytes, file: str) -> str:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) <= _MOST_BYTES:
            return data.decode("utf-8")
        problem = f"more than {_MOST_BYTES} bytes when inflated"
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        problem = "no gzip-compressed text, or one that was cut"
    raise FileFaultsError((Fault(file, "", problem, "a file written by -o exhibits=FILE"),))


def _picture(one: PlanePicture) -> dict[str, object]:
    return {
        "subject": one.subject,
        "kind": one.kind,
        "reason": one.reason,
        "orientation": one.orientation,
        "point_mm": list(one.point_mm),
        "columns_mm": packed(one.columns_mm),
        "rows_mm": packed(one.rows_mm),
        "dose_gy": packed(one.dose_gy),
        "ct_hu": None if one.ct_hu is None else packed(one.ct_hu),
        "contours": [
            {
                "name": each.name,
                "role": each.role,
                "number": each.number,
                "lines_mm": [packed(line) for line in each.lines_mm],
            }
            for each in one.contours
        ],
        "prescription_gy": plain_json(one.prescription_gy),
        "letters": list(one.letters),
    }
