"""``python -m tests.tools.branch_coverage``: fails unless every line and branch of geometry and dvh is reached.

Only the tests of these folders run, with the tests of what is made of them: measuring while the whole suite runs would
slow down every test, those that never touch a contour too. Further arguments go to pytest, such as ``-n 2``.
"""

from __future__ import annotations

import subprocess
import sys

from tests.tools.mutate_source import ROOT, SOURCES, TESTS


def main(arguments: list[str]) -> int:
    """Run the tests; 0 when all pass and nothing is left out."""
    measured = [f"--cov={source}" for source in SOURCES]
    options = ["--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, *measured, *options, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
