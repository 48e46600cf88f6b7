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
def list_() -> int:
    """List the shipped protocols and constraint sets."""
    from rtcheck.catalogue.locate import shipped_names
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.render.protocol_text import protocol_lines

    names = shipped_names()
    if not names:
        raise click.UsageError("no constraint files are shipped with this installation; install rtcheck again")
    print_text(protocol_lines([(name, read_protocol(name)) for name in names]))
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
