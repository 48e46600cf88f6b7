"""``rtcheck protocol``: the shipped constraint files and your own."""

from __future__ import annotations

import click

from rtcheck.cli.protocol_tools import approve, convert, diff, schema, test
from rtcheck.cli.streams import print_text

__all__ = ["protocol"]


@click.group(short_help="Constraint files: list, check, approve, diff, ...")
def protocol() -> None:
    """List, show, validate, approve, compare and test protocols and constraint sets."""


for _command in (approve, convert, diff, schema, test):
    protocol.add_command(_command)


@protocol.command("list")
@click.option("--all", "everything", is_flag=True, help="Also the files that each hold all limits of one source.")
def list_(*, everything: bool) -> int:
    """List the shipped protocols first, then the sets of limits; with --all the files of single sources too."""
    from rtcheck.catalogue.locate import shipped_names, shipped_source_names
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_text import protocol_lines

    names = shipped_names()
    if not names:
        raise click.UsageError("no constraint files are shipped with this installation; install rtcheck again")
    read = [(name, read_protocol(name)) for name in names]
    # a protocol has rules of a trial or on lesions; what only has limits is a set
    rows = [(name, "protocol" if one.trial or one.lesions else "set", one) for name, one in read]
    rows.sort(key=lambda row: row[1])  # protocols first; stable, so by name within each kind
    sources = shipped_source_names()
    if everything:
        rows += [(name, "source", read_protocol(name)) for name in sources]
    print_text(protocol_lines(rows, 0 if everything else len(sources)))
    return 0


@protocol.command()
@click.argument("name", metavar="NAME|FILE")
def show(name: str) -> int:
    """Show everything a protocol says: rules, tiers and every limit with its source."""
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_text import protocol_page

    print_text(protocol_page(read_protocol(name)))
    return 0


@protocol.command()
@click.argument("name", metavar="NAME|FILE")
def check(name: str) -> int:
    """Read a protocol with all it includes and report every fault: where, what stands there, what should.

    Of one without faults it lists what a site has to confirm before it approves its own copy.
    """
    from rtcheck.catalogue.approve import doubts
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_text import protocol_summary
    from rtcheck.render.protocol_tools import confirm_text

    read = read_protocol(name)
    found = doubts(read)
    if read.pinned is not None:  # the approver has confirmed these, and the copy is sealed
        found = tuple(one for one in found if one.constraint.id not in read.pinned.confirmed)
    print_text(protocol_summary(name, read) + confirm_text(found))
    return 0
