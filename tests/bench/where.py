"""Where the time of ``rtcheck dvh`` goes: processor time of each part of one process, none counted twice.

``python tests/bench/where.py EXPORT MODEL OUT METRIC...``; what it prints is the command's own.
"""

from __future__ import annotations

import json
import sys
import time
from functools import wraps
from pathlib import Path

PARTS = (
    "start", "reading", "contours", "value", "second sampling", "other model", "extremes", "bend", "metrics", "rest",
)  # fmt: skip


class Clock:
    """Gives each moment of processor time to the innermost part that is under way."""

    def __init__(self):
        self.spent = dict.fromkeys(PARTS, 0.0)
        self.under_way = ["start"]
        self.entered = {"start"}
        self.since = 0.0

    def turn(self):
        now = time.process_time()
        self.spent[self.under_way[-1]] += now - self.since
        self.since = now

    def enter(self, part):
        self.turn()
        self.entered.add(part)
        self.under_way.append(part)

    def leave(self):
        self.turn()
        self.under_way.pop()

    def watch(self, module, name, part_of):
        """Let a function of a module count as a part, which may depend on how often it was called before."""
        function = getattr(module, name)

        @wraps(function)
        def watched(*given, **options):
            self.enter(part_of(name))
            try:
                return function(*given, **options)
            finally:
                self.leave()

        setattr(module, name, watched)


def main(export, model, out, metrics):
    """Run the command on one processor and write seconds by part."""
    clock = Clock()
    from rtcheck import dvh_table, measure
    from rtcheck.cli.main import run
    from rtcheck.dicom import case
    from rtcheck.dvh import engine

    own, other = ("sample_shape", "sample_prisms") if model == "shape" else ("sample_prisms", "sample_shape")
    calls = []

    def sampling(name):
        calls.append(name)
        return "other model" if name == other else "value" if calls.count(own) == 1 else "second sampling"

    def whole(name):
        calls.clear()
        return "rest"

    for name in (own, other):
        clock.watch(engine, name, sampling)
    for name in ("prism_extremes", "deep_nodes", "nodes_inside", "outermost", "edge_samples", "grid_lines"):
        clock.watch(engine, name, lambda _: "extremes")
    for name in ("local_bend", "surface_slope", "bend_findings"):
        clock.watch(engine, name, lambda _: "bend")
    clock.watch(measure, "sample_solid", whole)
    clock.watch(measure, "stack_contours", lambda _: "contours")
    clock.watch(measure, "structure_dose", lambda _: "metrics")
    for name in ("evaluate", "curve_points"):
        clock.watch(dvh_table, name, lambda _: "metrics")
    clock.watch(case, "read_case", lambda _: "reading")
    asked = [word for metric in metrics for word in ("-m", metric)]
    clock.enter("rest")
    code = run(["dvh", export, "--structure-model", model, "--jobs", "1", "--format", "json", *asked])
    clock.leave()
    missing = [part for part in PARTS if part not in clock.entered]
    if missing:
        print(f"never under way, renamed perhaps: {', '.join(missing)}", file=sys.stderr)
        return 1
    Path(out).write_text(json.dumps(clock.spent))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
