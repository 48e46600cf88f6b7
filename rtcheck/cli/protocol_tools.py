"""The tools of ``rtcheck protocol``: approve a site's copy, compare two, run examples, schemas, other formats."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from rtcheck.cli.options import format_option
from rtcheck.cli.streams import note, print_json, print_text

__all__ = ["approve", "convert", "diff", "refuse_existing", "schema", "test"]

_DIFFERENT = 1
_FAILED = 1


def refuse_existing(path: Path) -> None:
    """Refuse to write over anything: an approved copy or a protocol under work is not lost to a slip.

    Raises:
        click.UsageError: there is something under the name.
    """
    if path.exists():
        raise click.UsageError(f"{path} exists already; name a new file with -o")


@click.command(short_help="Make a site's own pinned copy.")
@click.argument("name", metavar="NAME|FILE")
@click.option("--by", required=True, metavar="NAME", help="Who approves it; printed with every result.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="The day of approval, such as 2026-03-02; today when not given.")
@click.option("--confirmed", is_flag=True,
              help="State that the limits that were not read in a published source have been confirmed.")
@click.option("-o", "output", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="The copy; a file that exists is not replaced.")
def approve(name: str, by: str, day: datetime | None, output: Path, *, confirmed: bool) -> int:
    """Make a pinned copy of a protocol: one file with everything it includes, approved, sealed by its digest.

    A protocol with faults is not approved. Where limits stand that nobody read in a published source, or whose note
    asks for confirmation, they are listed and --confirmed is needed; the copy names them.
    """
    from rtcheck.catalogue.approve import approved_copy
    from rtcheck.render.protocol_tools import confirm_text
    from rtcheck.render.store import store_text
    from rtcheck.version import __version__

    if not by.strip() or not by.isprintable():
        raise click.BadParameter("is empty or holds control characters; give a name", param_hint="--by")
    refuse_existing(output)
    on = (day or datetime.now().astimezone()).date()
    copy = approved_copy(name, by.strip(), on, software=__version__)
    if copy.confirmed:
        print_text(confirm_text(copy.confirmed))
        if not confirmed:
            count = len(copy.confirmed)
            raise click.UsageError(f"{count} limits are to be confirmed; nothing was approved. Compare each with its "
                                   "source, then say --confirmed")
    store_text(output, copy.text)
    note(f"{output}: approved by {by.strip()} on {on.isoformat()}, {len(copy.protocol.constraints)} constraints")
    return 0


@click.command(short_help="What changed between two protocols, in words.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@format_option
def diff(old: str, new: str, output_format: str) -> int:
    """Say in words which limits, tiers, rules and settings changed from OLD to NEW, and which became looser.

    Each is a shipped name or a file. Exit codes: 0 the same, 1 different, 2 one of them has faults.
    """
    from rtcheck.catalogue.compare import compare_protocols
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_tools import changes_json, changes_text

    found = compare_protocols(read_protocol(old), read_protocol(new))
    if output_format == "json":
        print_json(changes_json(old, new, found.changes, found.notes))
    else:
        print_text(changes_text(old, new, found.changes, found.notes))
    return _DIFFERENT if found.changes else 0


@click.command(short_help="Run the examples written inside a protocol.")
@click.argument("name", metavar="NAME|FILE")
def test(name: str) -> int:
    """Run the [[example]] tables of a protocol: facts and metric values in, outcomes out.

    Exit codes: 0 all hold (or there are none), 1 one fails, 2 the protocol has faults.
    """
    from rtcheck.catalogue.examples import run_examples
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_tools import examples_text

    results = run_examples(read_protocol(name))
    print_text(examples_text(name, results))
    return _FAILED if any(result.mismatches for result in results) else 0


@click.command(short_help="JSON Schema of protocol or registry files.")
@click.option("--registry", is_flag=True, help="The schema of registry files instead of protocol files.")
def schema(*, registry: bool) -> int:
    """Print the JSON Schema of protocol files, for editors that complete and check while a file is written."""
    from rtcheck.catalogue.schema import protocol_schema, registry_schema, schema_text

    print_json(schema_text(registry_schema() if registry else protocol_schema()))
    return 0


@click.command(short_help="Import other programs' limits, or export CSV.")
@click.argument("name", metavar="IN")
@click.option("-o", "output", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A new .toml file for an import, a new .csv file for an export.")
def convert(name: str, output: Path) -> int:
    """Import limits from ESAPI-style CSV, Eclipse XML, RayStation JSON or a scorecard; or export a protocol as CSV.

    An import is a draft. What cannot be carried over is listed on standard error and in the comments of the draft.
    """
    from rtcheck.catalogue.convert import convert_file
    from rtcheck.catalogue.convert_csv import write_csv
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.store import store_text
    from rtcheck.render.terminal import visible

    refuse_existing(output)
    if output.suffix.lower() == ".csv":
        text, lost = write_csv(read_protocol(name))
        said = f"{output}: exported"
    elif output.suffix.lower() == ".toml":
        converted = convert_file(Path(name))
        text, lost = converted.text, [f"{one.place}: {one.what}: {one.why}" for one in converted.left]
        said = f"{output}: a draft with {converted.count} limits, imported from {converted.form}"
    else:
        raise click.UsageError(f"-o {output} ends neither in .toml (import) nor in .csv (export)")
    store_text(output, text)
    for line in lost:
        note(visible(f"not carried over: {line}"))
    note(visible(said))
    return 0
