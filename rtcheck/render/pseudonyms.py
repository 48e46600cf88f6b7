"""Pseudonyms: a stable name for every identifier, and the key that tells which is which.

Without a key pseudonyms are numbered in sorted order: the same within one result and worthless outside it. With a key
they are made from its secret (HMAC-SHA-256), so that the same patient, plan or structure has the same pseudonym in
every result redacted with that key, and nobody without it can tell whose they are, not even by trying all identifiers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rtcheck.errors import Fault, FileFaultsError
from rtcheck.render.decode import Decoder, parse_json
from rtcheck.render.json_report import document_text

__all__ = ["KEY_SCHEMA", "Pseudonyms", "key_text", "pseudonym", "read_key"]

KEY_SCHEMA = "rtcheck.redaction-key/1"
_SECRET = re.compile(r"[0-9a-f]{64}")
_DIGITS = 10


@dataclass(slots=True)
class Pseudonyms:
    """Original to pseudonym, as given out so far; `secret` is empty where there is no key."""

    secret: bytes = b""
    given: dict[str, str] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)


def pseudonym(names: Pseudonyms, kind: str, original: str) -> str:
    """Return the pseudonym of an identifier; an empty one stays empty.

    Args:
        names: is added to.
        kind: PATIENT, PLAN, STRUCT, LESION, ORGAN, FILE or UID. A UID gets one that is a UID.
        original: as in the export or the registry.
    """
    if not original:
        return ""
    if original not in names.given:
        names.used[kind] = names.used.get(kind, 0) + 1
        number = names.used[kind]
        if names.secret:
            digest = hmac.new(names.secret, f"{kind}\0{original}".encode("utf-8", "surrogatepass"), hashlib.sha256)
            text = digest.hexdigest()
            made = f"2.25.{int(text[:30], 16)}" if kind == "UID" else f"{kind}-{text[:_DIGITS].upper()}"
        else:
            made = f"2.25.{number}" if kind == "UID" else f"{kind}-{number}"
        names.given[original] = made
    return names.given[original]


def key_text(names: Pseudonyms, known: Mapping[str, str]) -> str:
    """Return the content of a key file: the secret, and every pseudonym with what it stands for.

    Args:
        names: given out for this result.
        known: pseudonym to original of the key file before, which stay in it.
    """
    told = {**known, **{made: original for original, made in names.given.items()}}
    return document_text({"schema": KEY_SCHEMA, "secret": names.secret.hex(), "pseudonyms": dict(sorted(told.items()))})


def read_key(text: str, file: str) -> tuple[bytes, dict[str, str]]:
    """Read a key file.

    Returns:
        The secret, and pseudonym to original.

    Raises:
        FileFaultsError: it is no such file.
    """
    decoder = Decoder(file)
    document = decoder.keys(parse_json(text, file), ("schema", "secret", "pseudonyms"), "")
    decoder.finish()
    assert document is not None
    known = decoder.decode(dict[str, str], document["pseudonyms"], "pseudonyms")
    secret = document["secret"]
    if document["schema"] != KEY_SCHEMA:
        decoder.fault("schema", "another schema", repr(KEY_SCHEMA))
    decoder.finish()
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        raise FileFaultsError((Fault(file, "secret", "no secret", "64 hexadecimal digits"),))
    return bytes.fromhex(secret), known
