"""The guarded intake is a small part of a check: its share of the processor time, in one run."""

from __future__ import annotations

import time
from pathlib import Path

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import check
from rtcheck.dicom.case import read_case

ROOT = Path(__file__).parents[2] / "sample_dicom"
MOST = 0.20
"""Share of a whole check of the sample patient that reading may take."""


def test_the_intake_is_a_fifth_at_most():
    """Reading 126 files of the sample patient takes at most a fifth of reading and judging them."""
    record = read_record(ROOT / "icc-0001" / "registry.toml")
    protocol = read_protocol(str(ROOT / "protocol.toml"))
    export = ROOT / "icc-0001" / "export"
    read_case([export])  # imports and caches
    start = time.process_time()
    case = read_case([export])
    middle = time.process_time()
    check(case, record, protocol)
    share = (middle - start) / (time.process_time() - start)
    print(f"reading takes {100 * share:.1f} % of a check")
    assert share <= MOST
