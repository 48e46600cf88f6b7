"""What structures are coded and labelled as, against their names: RTD320."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from tests.acceptance.kit import constraint, protocol_text
from tests.acceptance.trap_tools import CORD, PALLIATIVE
from tests.synthetic.simple import BOXES, REGISTRY

LUNG = protocol_text(constraint("lung", structure="Lung_L", metric="Mean[Gy]", goal="<= 40 Gy"), coverage=False)


def coded(name, meaning):
    """One structure has a coded identity."""

    def mutate(datasets):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99TEST", meaning
        datasets["struct"].RTROIObservationsSequence[list(BOXES).index(name)].RTROIIdentificationCodeSequence = [item]

    return mutate


def labelled(**labels):
    """Structures have labels."""

    def mutate(datasets):
        for name, label in labels.items():
            datasets["struct"].RTROIObservationsSequence[list(BOXES).index(name)].ROIObservationLabel = label

    return mutate


def shuffled(datasets):
    """The observations of cord and liver belong to each other."""
    labelled(**{name: name for name in BOXES})(datasets)
    items = datasets["struct"].RTROIObservationsSequence
    cord, liver = (items[list(BOXES).index(name)] for name in ("SpinalCord", "Liver"))
    cord.ROIObservationLabel, liver.ROIObservationLabel = "Liver", "SpinalCord"


OTHERS = {
    "cord coded as oesophagus": (coded("SpinalCord", "Esophagus"), CORD, PALLIATIVE),
    "left lung coded as right lung": (coded("Lung_L", "Right lung"), LUNG, PALLIATIVE),
    "left lung coded as a right part": (coded("Lung_L", "Upper part of right lung"), LUNG, PALLIATIVE),
    "cord coded as a target": (coded("SpinalCord", "Planning Target Volume"), CORD, PALLIATIVE),
    "target coded as an organ": (coded("PTV_L1", "Liver"), CORD, REGISTRY),
    "cord labelled as a target": (labelled(SpinalCord="PTV_50"), CORD, PALLIATIVE),
    "observations of another structure": (shuffled, CORD, PALLIATIVE),
    "label of another target": (labelled(PTV_L1="PTV_L2"), CORD, REGISTRY),
}

SAME = {
    "cord coded in other words": (coded("SpinalCord", "Spinal cord"), CORD, PALLIATIVE),
    "cord coded in words nobody knows": (coded("SpinalCord", "Medulla spinalis, NOS"), CORD, PALLIATIVE),
    "one lung coded as lungs": (coded("Lung_L", "Lungs"), LUNG, PALLIATIVE),
    "target coded as a target": (coded("PTV_L1", "Planning Target Volume"), CORD, REGISTRY),
    "labels are the names": (labelled(**{name: name for name in BOXES}), CORD, REGISTRY),
    "a label of its own": (labelled(SpinalCord="Myelon"), CORD, PALLIATIVE),
    "an unused structure coded as another": (coded("Liver", "Esophagus"), CORD, PALLIATIVE),
    "the body coded as skin": (coded("BODY", "Skin"), CORD, PALLIATIVE),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_coded_as_another(bench, name):
    """A structure that its code or label calls another one is W, and the case does not pass."""
    mutate, protocol, registry = OTHERS[name]
    result = bench.check(export=bench.build(mutate=mutate).folder, protocol=protocol, registry=registry)
    assert (result.verdict, result.severity("RTD320")) == ("REVIEW", {"W"}), result.text


@pytest.mark.parametrize("name", SAME)
def test_what_is_coded_as_itself(bench, name):
    """Codes and labels that agree, say nothing, or belong to what nobody uses are no finding."""
    mutate, protocol, registry = SAME[name]
    result = bench.check(export=bench.build(mutate=mutate).folder, protocol=protocol, registry=registry)
    assert (result.verdict, result.severity("RTD320")) == ("PASS", set()), result.text


@pytest.mark.parametrize(("given", "absent"), [
    (coded("SpinalCord", "Esophagus"), "RTROIIdentificationCodeSequence"),
    (labelled(SpinalCord="PTV_50"), "ROIObservationLabel"),
])  # fmt: skip
def test_without_it_the_note_says_so(bench, given, absent):
    """With the code or label taken out the warning goes, and RTD016 names what is absent."""
    plain = bench.check(protocol=CORD, registry=PALLIATIVE)
    found = bench.check(export=bench.build(mutate=given).folder, protocol=CORD, registry=PALLIATIVE)
    notes = [
        next(item["message"] for item in run.doc["findings"] if item["code"] == "RTD016") for run in (plain, found)
    ]
    assert [f"{absent} (3006," in note for note in notes] == [True, False]
    assert (plain.verdict, found.verdict) == ("PASS", "REVIEW")
