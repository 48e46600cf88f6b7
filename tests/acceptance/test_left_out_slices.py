"""Slices left out all along, and the thickness that contours state: RTD312, RTD313 and RTD317."""

from __future__ import annotations

import numpy as np
import pytest

from tests.acceptance.kit import ABSENT, constraint, protocol_text
from tests.acceptance.trap_tools import CORD, PALLIATIVE, contours_of, cord, cord_loops
from tests.synthetic.attributes import uid
from tests.synthetic.dicom import GridSpec, ct_images, set_raw, structure_set

WHOLE = cord(cord_loops())
REPORTED = protocol_text(
    constraint("lung", structure="Lung_L", metric="Mean[Gy]", goal="<= 40 Gy"),
    constraint("cord", goal=ABSENT, priority="report"),
    coverage=False,
)


def exported(bench, rois, *, step=3.0, named=True, series=None):
    """The box patient with a CT of images `step` mm apart; contours name their images or not.

    `series`: a second one in the same frame of reference, with images so far apart.
    """

    def mutate(datasets):
        for number, distance in enumerate((step, *(() if series is None else (series,)))):
            z = np.arange(-54.0, 66.0, distance)
            offsets = tuple(float(v + 54) for v in z)
            grid = GridSpec((-78.0, -66.0, -54.0), (len(z), 4, 4), (40.0, 40.0), offsets)
            images = ct_images(np.zeros(grid.shape, np.int16), grid, seed="simple")
            for index, image in enumerate(images):
                if number:
                    image.SeriesInstanceUID, image.SOPInstanceUID = uid("other", "ct"), uid("other", "ct", index)
                datasets[f"ct{number}{index:03d}"] = image
            if not number and named:
                datasets["struct"] = structure_set(rois, seed="simple", images=images)

    return bench.build(rois=rois, mutate=mutate).folder


def every(count):
    """The cord on every n-th of its planes."""
    return cord(cord_loops()[::count])


def check(bench, folder, protocol=CORD):
    """Check an export of the cord alone."""
    return bench.check(export=folder, protocol=protocol, registry=PALLIATIVE)


@pytest.mark.parametrize("named", [True, False])
def test_every_second_slice_left_out(bench, named):
    """Contours 6 mm apart on images 3 mm apart may lack every second slice: E, and nothing passes."""
    result = check(bench, exported(bench, every(2), named=named))
    assert result.severity("RTD312") == {"E"}, result.text
    assert result.verdict == "INCOMPLETE", result.text
    (item,) = [entry for entry in result.doc["findings"] if entry["code"] == "RTD312"]
    assert item["evidence"]["volume_change"] == pytest.approx(0.475, abs=0.03)
    assert item["message"].startswith("19 of 19 pairs")


def test_the_same_contours_on_thick_slices(bench):
    """Contours 6 mm apart on images 6 mm apart lack nothing."""
    result = check(bench, exported(bench, every(2), step=6.0))
    assert (result.verdict, result.severity("RTD312")) == ("PASS", set()), result.text


def test_another_series_says_nothing(bench):
    """Thin slices of another series of the frame are not those that the structure was drawn on."""
    result = check(bench, exported(bench, every(2), step=6.0, series=3.0))
    assert (result.verdict, result.severity("RTD312")) == ("PASS", set()), result.text


def test_contours_that_lie_on_no_image(bench):
    """A structure resampled to planes of its own lies between the images: nothing is said of slices left out."""
    loops = [loop + np.array([0, 0, 1.5]) for loop in cord_loops()[:-1:2]]
    result = check(bench, exported(bench, cord(loops), named=False))
    assert result.severity("RTD312") == set(), result.text


def test_one_slice_left_out_of_many(bench):
    """One slice left out of many takes less than 2 % of the volume away: W, and no PASS."""
    assert check(bench, exported(bench, WHOLE)).verdict == "PASS"
    result = check(bench, with_one_more_image(bench, WHOLE))
    assert (result.verdict, result.severity("RTD312")) == ("REVIEW", {"W"}), result.text


def with_one_more_image(bench, rois):
    """A CT with one image between two others."""

    def mutate(datasets):
        z = np.sort(np.append(np.arange(-54.0, 64.0, 3.0), 1.5))
        grid = GridSpec((-78.0, -66.0, -54.0), (len(z), 4, 4), (40.0, 40.0), tuple(float(v + 54) for v in z))
        images = ct_images(np.zeros(grid.shape, np.int16), grid, seed="simple")
        datasets["struct"] = structure_set(rois, seed="simple", images=images)
        for index, image in enumerate(images):
            datasets[f"ct{index:03d}"] = image

    return bench.build(rois=rois, mutate=mutate).folder


def test_as_the_priority_of_what_uses_it(bench):
    """Where only a reported row uses the structure it is a note."""
    result = check(bench, exported(bench, every(2)), REPORTED)
    assert result.severity("RTD312") == {"I"}, result.text


def slabs(bench, rois, *values):
    """Contours of the cord with ContourSlabThickness, one value for all or one for each."""

    def mutate(datasets):
        loops = contours_of(datasets)
        for index, loop in enumerate(loops):
            set_raw(loop, "ContourSlabThickness", values[index % len(values)])

    return bench.build(rois=rois, mutate=mutate).folder


@pytest.mark.parametrize(("rois", "values", "code", "severity", "verdict"), [
    (WHOLE, (b"3",), "RTD312", set(), "PASS"),
    (WHOLE, (b"3.1",), "RTD312", set(), "PASS"),
    (WHOLE, (b"0",), "RTD312", set(), "PASS"),
    (every(2), (b"6.0",), "RTD312", set(), "PASS"),
    (every(2), (b"3.0",), "RTD312", {"E"}, "INCOMPLETE"),
    (every(2), (b"6", b"3"), "RTD312", {"E"}, "INCOMPLETE"),
    (WHOLE, (b"5",), "RTD313", {"W"}, "REVIEW"),
    (WHOLE, (b"3.1", b"5"), "RTD313", {"W"}, "REVIEW"),
    (WHOLE, (b"-3",), "RTD008", {"W"}, "REVIEW"),
    (WHOLE, (b"3000",), "RTD008", {"W"}, "REVIEW"),
    (WHOLE, (b"three",), "RTD008", {"W"}, "REVIEW"),
])  # fmt: skip
def test_stated_slabs(bench, rois, values, code, severity, verdict):
    """Slabs that do not meet are slices left out, slabs that overlap contradict the planes, a fitting one is right."""
    result = check(bench, slabs(bench, rois, *values))
    assert (result.severity(code), result.verdict) == (severity, verdict), result.text


@pytest.mark.parametrize(("values", "thickness", "word"), [((b"5",), 5.0, "stated"), ((b"0",), 3.0, "assumed")])
def test_one_slice_of_stated_thickness(bench, values, thickness, word):
    """A structure on one plane has the thickness its contour states, and 3 mm where it states none: always W."""
    result = check(bench, slabs(bench, cord(cord_loops()[20:21]), *values))
    assert result.outcome("volume")["value"] == pytest.approx(thickness * 0.1)
    assert (result.severity("RTD317"), result.verdict) == ({"W"}, "REVIEW"), result.text
    messages = [item["message"] for item in result.doc["findings"] if item["code"] == "RTD317"]
    assert any(f"a thickness of {thickness:g} mm is {word}" in message for message in messages), result.text
