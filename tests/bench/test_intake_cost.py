"""The guarded intake is a small part of a check: its share of the processor time, in one run.

The processor time of one thing varies with what else the machine does, upwards only: the least of several readings,
some before and some after the check, is the one to compare.
"""

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
    case = read_case([export])  # imports and caches

    def spent(work):
        start = time.process_time()
        work()
        return time.process_time() - start

    readings, checks = [], []
    for _ in range(2):
        readings += [spent(lambda: read_case([export])) for _ in range(2)]
        checks.append(spent(lambda: check(case, record, protocol)))
        readings += [spent(lambda: read_case([export])) for _ in range(2)]
    share = min(readings) / (min(readings) + min(checks))
    print(f"reading takes {100 * share:.1f} % of a check")
    assert share <= MOST
