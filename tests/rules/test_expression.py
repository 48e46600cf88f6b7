"""Structure expressions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.errors import ExpressionSyntaxError
from rtcheck.rules.expression import (
    Margin,
    Name,
    Operation,
    Selector,
    is_bare_name,
    parse_expression,
    print_expression,
)

GTV = Selector("gtv", each_lesion=False)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Liver", Name("Liver")),
        ("Liver-GTV", Name("Liver-GTV")),
        ("肝脏", Name("肝脏")),
        ("Bowel_Small", Name("Bowel_Small")),
        ('"GTV 1"', Name("GTV 1", quoted=True)),
        ('"Liver - old"', Name("Liver - old", quoted=True)),
        ('"5"" ring"', Name('5" ring', quoted=True)),
        ("@gtv", GTV),
        ("@lesion.ptv", Selector("ptv", each_lesion=True)),
        ("Liver - @gtv", Operation("-", Name("Liver"), GTV)),
        ("  Liver   -  @gtv ", Operation("-", Name("Liver"), GTV)),
        ("A - B - C", Operation("-", Operation("-", Name("A"), Name("B")), Name("C"))),
        ("A - (B - C)", Operation("-", Name("A"), Operation("-", Name("B"), Name("C")))),
        ("(Lung_L | Lung_R) - @gtv", Operation("-", Operation("|", Name("Lung_L"), Name("Lung_R")), GTV)),
        ("A & B", Operation("&", Name("A"), Name("B"))),
        ("SpinalCord + 5 mm", Margin(Name("SpinalCord"), 5.0)),
        ("SpinalCord + 0.5cm", Margin(Name("SpinalCord"), 5.0)),
        (
            "(SpinalCord + 5 mm) - @ptv",
            Operation("-", Margin(Name("SpinalCord"), 5.0), Selector("ptv", each_lesion=False)),
        ),
        ("PTV - 3 mm", Margin(Name("PTV"), -3.0)),
        ("((PTV - 0.3 cm) + 1 mm) - @gtv", Operation("-", Margin(Margin(Name("PTV"), -3.0), 1.0), GTV)),
        ("A - 5", Operation("-", Name("A"), Name("5"))),
        ("((A))", Name("A")),
    ],
)
def test_expressions_are_read_into_a_tree(text, tree):
    """Names, selectors, operators, margins and parentheses become the tree they say."""
    assert parse_expression(text) == tree
    assert parse_expression(print_expression(tree)) == tree


@pytest.mark.parametrize(
    ("text", "position", "suggestion"),
    [
        ("", 0, "Liver - @gtv"),
        ("   ", 3, "Liver - @gtv"),
        ("Liver -", 7, "Liver - @gtv"),
        ("- Liver", 0, "Liver - @gtv"),
        ("Liver - - B", 8, "Liver - @gtv"),
        ("Liver -GTV", 6, "Liver - GTV"),
        ("Liver- GTV", 5, "Liver - GTV"),
        ("Liver–", 5, None),
        ("Liver – @gtv", 6, "Liver - @gtv"),
        ("A|B", 1, "A | B"),
        ("A | B - C", 6, "(A | B) - C"),
        ("A - B | C", 6, "(A - B) | C"),
        ("A - B + 5 mm", 6, "(A - B) + 5 mm"),
        ("A + 5 mm + 3 mm", 9, "(A + 5 mm) + 3 mm"),
        ("SpinalCord+5mm", 10, "SpinalCord + 5mm"),
        ("SpinalCord + 5", 14, "SpinalCord + 5 mm"),
        ("SpinalCord + 5 Gy", 15, "SpinalCord + 5 mm"),
        ("SpinalCord + 0 mm", 13, "SpinalCord + 5 mm"),
        ("A + B", 4, "A + 5 mm"),
        ("A - B - 5 mm", 6, "(A - B) - 5 mm"),
        ("A - 5 mm - B", 9, "(A - 5 mm) - B"),
        ("PTV - 0 mm", 6, "PTV + 5 mm"),
        ("Left Lung", 5, '"Left Lung"'),
        ("Liver - GTV 1", 12, None),
        ("(A - B", 6, None),
        ("A - B)", 5, None),
        ("()", 1, "Liver - @gtv"),
        ('"A', 0, None),
        ('""', 0, None),
        ('" "', 0, None),
        ("@gtvs", 0, "@gtv"),
        ("@GTV", 0, "@gtv"),
        ("@lesion", 0, "@lesion.ptv"),
        ("@lesion.pvt", 0, "@lesion.ptv"),
        ("A@gtv", 1, None),
        ("A\nB", 1, None),
        ("A ∪ B", 2, "A | B"),
        ("(" * 30 + "A" + ")" * 30, 21, None),
        (" | ".join(["A"] * 101), 400, None),
        ("A" * 1001, 1000, None),
    ],
)
def test_wrong_expressions_are_refused_at_the_faulty_character(text, position, suggestion):
    """What is no expression, or could be read in two ways, is refused with its place."""
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression(text)
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)
    if suggestion is not None:
        assert parse_expression(suggestion)


name_text = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12
).filter(lambda text: text.strip() and text.isprintable())
leaf = st.one_of(
    name_text.map(lambda text: Name(text, quoted=not is_bare_name(text))),
    name_text.map(lambda text: Name(text, quoted=True)),
    st.builds(Selector, st.sampled_from(["gtv", "ctv", "ptv"]), st.booleans()),
)
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(Operation, st.sampled_from(["-", "|", "&"]), inner, inner),
        st.builds(Margin, inner, st.floats(min_value=0.01, max_value=100.0)),
    ),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=300)
@given(trees)
def test_reading_a_printed_expression_gives_it_back(tree):
    """Printing and reading are inverse, whatever the names."""
    assert parse_expression(print_expression(tree)) == tree


@settings(derandomize=True, max_examples=300)
@given(st.text(alphabet='AB肝-|&+() "@gtv.lesion5m', max_size=16))
def test_any_text_is_read_or_refused_with_its_place(text):
    """No text makes anything but a tree that prints and reads back, or a refusal with its place."""
    with contextlib.suppress(ExpressionSyntaxError):
        try:
            tree = parse_expression(text)
        except ExpressionSyntaxError as fault:
            assert 0 <= fault.position <= len(text)
            raise
        assert parse_expression(print_expression(tree)) == tree
