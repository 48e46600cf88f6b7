"""The CT behind the pictures: every voxel in its place, and no CT at all where that is doubtful."""

import numpy as np
import pytest

from rtcheck.dicom.case import read_case
from rtcheck.dicom.images import read_images
from rtcheck.geometry.interpolate import values_at
from tests.synthetic.dicom import ORIENTATIONS, box_grid, ct_images, grid_points, set_raw, uid
from tests.synthetic.encode import write

FRAME = uid("case", "frame")


def images(position="HFS"):
    grid = box_grid((-9, 6, -30), (6, 18, -20), (2.0, 3.0, 2.5), position=position)
    values = (np.arange(np.prod(grid.shape)).reshape(grid.shape) - 300).astype(np.int16)
    return grid, values, ct_images(values, grid)


def read(folder, datasets, encoding="explicit", frame=FRAME):
    for number, dataset in enumerate(datasets):
        write(dataset, folder / f"{number}.dcm", encoding)
    return read_images([folder], read_case([folder]), frame)


@pytest.mark.parametrize("position", list(ORIENTATIONS))
def test_every_voxel_is_in_its_place(tmp_path, position):
    """In all orientations, whatever the order of the files, the Hounsfield unit at each point is the one written."""
    grid, values, datasets = images(position)
    volume, note = read(tmp_path, datasets[::-1])
    assert note == ""
    points = grid_points(grid).reshape(-1, 3)
    found = values_at(volume.geometry, volume.hounsfield, np.eye(3), *points.T)
    assert np.abs(found - values.ravel()).max() < 1e-6
    assert len(volume.sop_instance_uids) == len(datasets)


@pytest.mark.parametrize("encoding", ["implicit", "big", "rle"])
def test_transfer_syntaxes(tmp_path, encoding):
    """Every encoding that a dose may have gives the same picture."""
    _, values, datasets = images()
    volume, _ = read(tmp_path, datasets, encoding)
    assert np.array_equal(volume.hounsfield, values)


def test_twelve_bits_with_rubbish_above(tmp_path):
    """Twelve stored bits, unsigned, with an intercept; what older systems kept in the bits above is left out."""
    _, values, datasets = images()
    for dataset, plane in zip(datasets, values, strict=True):
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        dataset.RescaleIntercept, dataset.RescaleSlope = "-1024", "2"
        stored = ((plane.astype(int) + 1024) // 2).astype("<u2") | 0xF000
        dataset.PixelData = stored.tobytes()
    volume, _ = read(tmp_path, datasets)
    assert np.array_equal(volume.hounsfield, (values.astype(int) + 1024) // 2 * 2 - 1024)


def test_another_frame_of_reference(tmp_path):
    """Images in another frame of reference are not laid under the dose."""
    volume, note = read(tmp_path, images()[2], frame="1.2.3")
    assert volume is None
    assert "frame of reference" in note


def test_no_images(tmp_path):
    """Without CT the pictures go without."""
    assert read(tmp_path, [])[0] is None


def spoil_tilt(datasets):
    datasets[1].ImagePositionPatient = ["-9", "7", datasets[1].ImagePositionPatient[2]]


def spoil_twice(datasets):
    datasets[1].ImagePositionPatient = datasets[0].ImagePositionPatient


def spoil_rescale(datasets):
    del datasets[1].RescaleSlope


def spoil_pixels(datasets):
    datasets[1].PixelData = datasets[1].PixelData[:-2]


def spoil_number(datasets):
    set_raw(datasets[1], "RescaleIntercept", b"-10 24")


@pytest.mark.parametrize("spoil", [spoil_tilt, spoil_twice, spoil_rescale, spoil_pixels, spoil_number])
def test_doubtful_images_are_left_out(tmp_path, spoil):
    """One image out of place, or one that cannot be read, and the note says why there is no CT."""
    datasets = images()[2]
    spoil(datasets)
    volume, note = read(tmp_path, datasets)
    assert volume is None
    assert "CT images cannot be shown (RTD" in note


def test_a_file_that_changed_in_between(tmp_path):
    """What is shown is what was listed: a file that changed after the check is not read again in silence."""
    datasets = images()[2]
    for number, dataset in enumerate(datasets):
        write(dataset, tmp_path / f"{number}.dcm")
    case = read_case([tmp_path])
    datasets[0].PixelData = bytes(len(datasets[0].PixelData))
    write(datasets[0], tmp_path / "0.dcm")
    volume, note = read_images([tmp_path], case, FRAME)
    assert volume is None
    assert "changed" in note
