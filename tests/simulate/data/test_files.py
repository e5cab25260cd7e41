"""Files: whatever the bytes, checked arrays or one clear line; written whole or not at all."""

import io
import os
import zipfile

import numpy as np
import pytest

from robustsize.simulate.system import files


def entry(array, **changes):
    """The bytes of an .npy file, whose header may claim what is not so."""
    buffer = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array) | changes
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + array.tobytes()


def archive(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries:
            file.writestr(name, data)
    return buffer.getvalue()


def test_arrays_come_back():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text"), "c": np.array([], int)}
    read = files.unpack_arrays(files.pack_arrays(arrays))
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    "shape", [(10**18,), (10**6, 10**6), (2,), (4,), (-3,), (2**62, 4), (3, 0)]
)
def test_a_shape_that_the_bytes_do_not_fill_is_refused(shape):
    data = archive([("a.npy", entry(np.zeros(3), shape=shape))])
    with pytest.raises(ValueError, match=r"npz file"):
        files.unpack_arrays(data)


def test_pickled_objects_and_repeated_names_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="holds object"):
        files.unpack_arrays(buffer.getvalue())
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = archive([("a.npy", entry(np.zeros(3))), ("a.npy", entry(np.ones(3)))])
    with pytest.raises(ValueError, match="share a name"):
        files.unpack_arrays(twice)


@pytest.mark.parametrize("byte", range(0, 280, 3))
def test_a_flipped_bit_changes_nothing_or_is_refused(byte):
    arrays = {"a": np.arange(3.0), "b": np.array([7])}
    good = bytearray(files.pack_arrays(arrays))
    for bit in range(8):
        good[byte] ^= 1 << bit
        try:
            read = files.unpack_arrays(bytes(good))
        except ValueError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
        else:
            assert {name: value.tolist() for name, value in read.items()} == {
                name: value.tolist() for name, value in arrays.items()
            }
        good[byte] ^= 1 << bit


def test_only_regular_files_are_read(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("", "a folder"), ("empty", "empty"), ("pipe", "no regular file")):
        with pytest.raises(ValueError, match=said):
            files.read_bytes(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        files.read_bytes(tmp_path / "missing")


def test_a_large_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(ValueError, match="more than"):
        files.read_bytes(tmp_path / "large")


def test_a_full_disk_leaves_no_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")

    def full(self, data):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        files.write_bytes(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        (np.array([2**53 - 1, 1 - 2**53]), True),
        (np.array([2**53 + 1]), False),
        (np.array([2**63], dtype=np.uint64), False),
        (np.array([1, 2], dtype=np.float16), True),
        (np.array([np.nan], dtype=np.float32), True),
        (np.array([1.0], dtype=np.longdouble) / 3, False),
        (np.array([0.5], dtype=np.longdouble), True),
        (np.array([True]), False),
        (np.array([1j]), False),
        (np.array(["1"]), False),
    ],
)
def test_only_what_float64_holds_becomes_float64(values, fits):
    if fits:
        np.testing.assert_array_equal(files.exact_float64(values, "a"), values)
    else:
        with pytest.raises(ValueError, match="a has entries"):
            files.exact_float64(values, "a")
