"""Files read within bounds and written whole or not at all.

Whatever the bytes of a file, reading ends in arrays that were checked or in a ValueError of one
line: nothing is unpickled, no size is believed before it is compared with the bytes at hand.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.system.whole_file import whole_file

MOST_BYTES = 1 << 31
"""Files that are larger, or larger once unpacked, are not read."""

Arrays = Mapping[str, NDArray[Any]]


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises ValueError for anything but a regular file, an empty one, or one above MOST_BYTES;
    OSError where it cannot be opened.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise ValueError(f"it is {what}; give the path of a file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if not data:
        raise ValueError("the file is empty")
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES >> 20} MiB; files up to that are read")
    return data


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises OSError where the disk does not take it; no partial file is left.
    """
    with whole_file(path) as partial:
        partial.write_bytes(data)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turn whatever a decoder of foreign bytes raises into a ValueError of one line.

    Decoders raise of every kind on damaged bytes (zlib.error, MemoryError, TokenError ...); all
    mean that the file is not what its name says.
    """
    try:
        yield
    except Exception as error:
        lines = str(error).splitlines()
        said = lines[0][:200] if lines else ""
        raise ValueError(f"not {what}: {said or type(error).__name__}") from error


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of an .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> Arrays:
    """The arrays of an .npz file, every byte of each checked against the archive's checksums.

    Raises ValueError where the bytes are damaged or hold anything but plain arrays.
    """
    with decoding("an .npz file"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise ValueError("two arrays share a name")
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES >> 20} MiB once unpacked")
        return {name.removesuffix(".npy"): _array(archive.read(name), name) for name in names}


def _array(data: bytes, name: str) -> NDArray[Any]:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    readers: dict[tuple[int, int], Any] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"{name} is written in the unknown version {version}")
    shape, _, dtype = readers[version](stream)
    if dtype.hasobject or dtype.names is not None or dtype.kind not in "biufcUS":
        raise ValueError(f"{name} holds {dtype}, not numbers or text")
    if min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError(f"{name} claims the shape {shape}, which its bytes do not fill")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def exact_float64(values: NDArray[Any], what: str) -> NDArray[np.float64]:
    """The same numbers as float64.

    Raises ValueError for entries that are no real numbers or that float64 does not hold exactly.
    """
    if values.dtype.kind not in "iuf":
        raise ValueError(f"{what} has entries of type {values.dtype}, not real numbers")
    with np.errstate(over="ignore"):
        floats = np.asarray(values, dtype=np.float64)
    if values.dtype.kind == "f" and values.dtype.itemsize <= 8:
        return floats
    same = (
        floats.astype(values.dtype) == values
        if values.dtype.kind == "f"
        else np.abs(floats) < 2.0**53
    )
    if not np.all(same | (values != values)):
        raise ValueError(f"{what} has entries of type {values.dtype} that float64 cannot hold")
    return floats
