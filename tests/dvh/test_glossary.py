"""What each kind of metric means, in words."""

import re
from typing import get_args

import pytest

from rtcheck.dvh.glossary import CONVENTION, GLOSSARY
from rtcheck.dvh.metric import Kind


def test_every_kind_of_metric_has_its_page():
    """No kind is without words and a source, and none is described that does not exist."""
    assert set(GLOSSARY) == set(get_args(Kind))
    assert "never zero" in CONVENTION


@pytest.mark.parametrize("kind", sorted(GLOSSARY))
def test_a_page_names_its_source(kind):
    """Each page has a title, a definition in which at most the number is left open, and a source."""
    page = GLOSSARY[kind]
    assert page.title and page.definition
    assert set(re.findall(r"\{.*?\}", page.definition)) <= {"{at}"}
    assert page.source
