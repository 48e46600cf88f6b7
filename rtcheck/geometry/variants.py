"""What the standards leave open about a solid: where its ends are, and whether missing slices are filled.

Each variant is one consistent reading of the whole expression. In the short variant every minuend ends as early and
every subtrahend as late as it can, so that the result is as small as it can be; the long variant is the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.geometry.solid import ContourStack, Leaf, Solid

__all__ = [
    "DOWN",
    "EDGES",
    "GAPS_EMPTY",
    "LONG",
    "SHORT",
    "UP",
    "VALUE",
    "LeafState",
    "SignedLeaf",
    "Variant",
    "few_planes",
    "leaves_of",
    "variants_of",
    "with_edges",
]


@dataclass(frozen=True, slots=True)
class LeafState:
    """How one leaf is read: its lower and upper end, and whether missing slices are left empty.

    An end is -1 short, 0 as estimated, 1 long. With `edges` of 1 the shape between two planes has an edge where those
    beyond either of them allow for one, with 2 between the last two planes too, which have others on one side only.
    """

    low: int = 0
    high: int = 0
    empty: bool = False
    edges: int = 0


@dataclass(frozen=True, slots=True)
class SignedLeaf:
    """One contour stack of an expression with its sign: 1 adds to the result, -1 takes away from it."""

    stack: ContourStack
    sign: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One reading of all leaves. `label` is "" for the value itself; `states` has one entry per leaf."""

    label: str
    states: tuple[LeafState, ...]


VALUE = ""
SHORT = "short ends"
LONG = "long ends"
DOWN = "lower end long, upper short"
UP = "lower end short, upper long"
GAPS_EMPTY = "gaps empty"
EDGES = ("edges between planes", "edges between planes, and next to the ends")
_FEW_PLANES = 25
"""With more planes an edge between two of them is of no account."""


def leaves_of(solid: Solid, sign: int = 1) -> tuple[SignedLeaf, ...]:
    """List the leaves of an expression, left to right, with their signs."""
    if isinstance(solid, Leaf):
        return (SignedLeaf(solid.stack, sign),)
    right = -sign if solid.operator == "-" else sign
    return leaves_of(solid.left, sign) + leaves_of(solid.right, right)


def variants_of(leaves: tuple[SignedLeaf, ...]) -> tuple[Variant, ...]:
    """List the readings of an expression: the value first, then its ends, then missing slices left empty.

    The two ends of a structure are independent of each other: both short, both long, and moved to either side.
    Where minuends and subtrahends both miss slices, each sort is also emptied alone, since the two pull apart.
    """
    out = [Variant(VALUE, tuple(LeafState() for _ in leaves))]
    out.extend(
        Variant(label, tuple(LeafState(low * leaf.sign, high * leaf.sign) for leaf in leaves))
        for label, low, high in ((SHORT, -1, -1), (LONG, 1, 1), (DOWN, 1, -1), (UP, -1, 1))
    )
    signs = sorted({leaf.sign for leaf in leaves if leaf.stack.gaps})
    if signs:
        out.append(Variant(GAPS_EMPTY, tuple(LeafState(empty=bool(leaf.stack.gaps)) for leaf in leaves)))
    if len(signs) > 1:
        out.extend(
            Variant(f"{GAPS_EMPTY} ({word})", tuple(LeafState(empty=leaf.sign == sign) for leaf in leaves))
            for sign, word in ((1, "minuend"), (-1, "subtrahend"))
        )
    return tuple(out)


def few_planes(stack: ContourStack) -> bool:
    """Whether a stack has so few planes that an edge between two of them matters, and enough to tell of one."""
    return 2 < len(stack.planes_mm) <= _FEW_PLANES


def with_edges(variants: tuple[Variant, ...], leaves: tuple[SignedLeaf, ...]) -> tuple[Variant, ...]:
    """Add the reading that only an interpolated shape has: with edges between planes, where there are few of them."""
    few = [few_planes(leaf.stack) for leaf in leaves]
    if not any(few):
        return variants
    states = (tuple(LeafState(edges=edges if some else 0) for some in few) for edges in (1, 2))
    return (*variants, *(Variant(label, state) for label, state in zip(EDGES, states, strict=True)))
