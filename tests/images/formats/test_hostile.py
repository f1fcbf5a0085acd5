"""Hostile rasters: an image or an ImageReadError, in bounded time and memory."""

import json
import re
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

SECONDS = 20
BYTES = 10**9
HOSTILE = {}

# Reads each file in a fork of its own, so that time and memory are those of one file.
READ = """
import json, os, resource, signal, sys, time, warnings
from pathlib import Path
from skfusion.exceptions import ImageReadError
from skfusion.images import read_image

warnings.simplefilter("ignore")


def answer(path, frame):
    try:
        image = read_image(path, frame=frame)
    except ImageReadError as error:
        return "refused" if repr(Path(path).name) in str(error) else str(error)
    except BaseException as error:
        return f"raised {type(error).__name__}: {error}"[:300]
    valid = image.ndim == 2 and image.size and 0 <= image.min() <= image.max() <= 1
    return "image" if valid and str(image.dtype) == "float32" else "invalid"


for path, frame in json.load(sys.stdin):
    read_end, write_end = os.pipe()
    begin, child = time.perf_counter(), os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30,) * 2)
        signal.alarm(60)
        os.write(write_end, answer(path, frame).encode("utf-8", "replace"))
        os._exit(0)
    os.close(write_end)
    said = os.read(read_end, 1000).decode() or "died"
    os.close(read_end)
    _, _, usage = os.wait4(child, 0)
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps([said, time.perf_counter() - begin, memory]), flush=True)
"""


def hostile(name, frame=0, expected="refused", quick=True):
    """Put a function that makes the named file into the table.

    It returns the content, and the length of the file where a hole follows it. What
    Pillow may well read or refuse has the expectation None.
    """

    def register(make):
        HOSTILE[name] = make, frame, expected, quick
        return make

    return register


def saved(picture, kind, **options):
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


# PNG


def chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def zeros(n_bytes):
    """`n_bytes` zeros, deflated."""
    deflate = zlib.compressobj(1)
    block = bytes(2**20)
    parts = [deflate.compress(block) for _ in range(n_bytes // 2**20)]
    parts.append(deflate.compress(bytes(n_bytes % 2**20)))
    return b"".join(parts) + deflate.flush()


def png(width, height, bits=8, colour=0, interlaced=0, n_bytes=100, before=b""):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    body = chunk(b"IDAT", zeros(n_bytes)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + body


@hostile("png of 60,000 x 60,000.png")
def _():
    return png(60_000, 60_000)


@hostile("png of 2,147,483,647 pixels a side.png")
def _():
    return png(2**31 - 1, 2**31 - 1)


@hostile("png of no width.png")
def _():
    return png(0, 60_000)


@hostile("png of one row of 60,000.png", expected="image")
def _():
    return png(60_000, 1, n_bytes=60_001)


@hostile("png of one column of 60,000.png", expected="image")
def _():
    return png(1, 60_000, n_bytes=120_000)


@hostile("png of one bit and 60,000 x 1,300.png", expected="image", quick=False)
def _():
    return png(60_000, 1300, bits=1, n_bytes=1300 * 7501)


@hostile("png of 80 million colours.png", expected="image", quick=False)
def _():
    return png(8000, 10_000, colour=2, n_bytes=10_000 * 24_001)


@hostile("png of 80 million wide colours.png", expected="image", quick=False)
def _():
    return png(8000, 10_000, bits=16, colour=6, n_bytes=10_000 * 64_001)


@hostile("png of 80 million wide greys.png", expected="image", quick=False)
def _():
    return png(8000, 10_000, bits=16, n_bytes=10_000 * 16_001)


@hostile("png interlaced.png", expected="image", quick=False)
def _():
    n_bytes = 0
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4))
    for x, y, dx, dy in (*starts, (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        wide, high = len(range(x, 8000, dx)), len(range(y, 10_000, dy))
        n_bytes += high * (wide + 1)
    return png(8000, 10_000, interlaced=1, n_bytes=n_bytes)


@hostile("png with more pixels than it claims.png", expected="image", quick=False)
def _():
    return png(64, 64, n_bytes=2**31)


@hostile("png with text that inflates.png", expected=None, quick=False)
def _():
    text = chunk(b"zTXt", b"Comment\0\0" + zeros(2**31))
    return png(8, 8, n_bytes=72, before=text)


@hostile("png with a profile that inflates.png", expected=None, quick=False)
def _():
    profile = chunk(b"iCCP", b"profile\0\0" + zeros(2**31))
    return png(8, 8, n_bytes=72, before=profile)


@hostile("png with 200,000 chunks.png", expected="image", quick=False)
def _():
    return png(8, 8, n_bytes=72, before=chunk(b"prIv", b"") * 200_000)


# JPEG


def jpeg(width, height, mode="RGB", **options):
    return saved(Image.new(mode, (width, height), 128), "JPEG", **options)


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def with_scans(data, n_scans):
    """Repeat the last scan of a JPEG file up to a number of scans."""
    begin = data.rindex(b"\xff\xda")
    scan = data[begin:-2]
    missing = n_scans - len(re.findall(b"\xff\xda", data))
    return data[:-2] + scan * missing + b"\xff\xd9"


def with_size(data, width, height):
    begin = re.search(b"\xff[\xc0\xc2]\x00", data).start() + 5
    return data[:begin] + struct.pack(">HH", height, width) + data[begin + 4 :]


def tiff_directory(n_entries, length, order="<"):
    """A directory whose entries all share `length` bytes at its beginning."""
    parts = [struct.pack(order + "H", n_entries)]
    for number in range(n_entries):
        parts.append(struct.pack(order + "HHII", number, 1, length, 8))
    return b"".join(parts) + bytes(4)


@hostile("jpeg of 65,500 x 65,500.jpg")
def _():
    return with_size(jpeg(8, 8), 65_500, 65_500)


@hostile("jpeg of 60,000 x 1,300.jpg", expected="image", quick=False)
def _():
    return jpeg(60_000, 1300, "L")


@hostile("jpeg of 80 million colours.jpg", expected="image", quick=False)
def _():
    return jpeg(8000, 10_000)


@hostile("jpeg of 80 million progressive colours.jpg", expected="image", quick=False)
def _():
    return jpeg(8000, 10_000, progressive=True, subsampling=0)


@hostile("jpeg of 80 million inks.jpg", expected="image", quick=False)
def _():
    return jpeg(8000, 10_000, "CMYK")


@hostile("jpeg of 20,000 scans.jpg")
def _():
    return with_scans(jpeg(64, 64, progressive=True), 20_000)


@hostile("jpeg of 20,000 large scans.jpg", quick=False)
def _():
    return with_scans(jpeg(8000, 10_000, progressive=True), 20_000)


@hostile("jpeg of 50 large scans.jpg", expected="image", quick=False)
def _():
    return with_scans(jpeg(8000, 10_000, progressive=True), 50)


@hostile("jpeg of 20,000 sequential scans.jpg")
def _():
    data = jpeg(64, 64)
    begin, one = data.index(b"\xff\xda"), segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    return data[:begin] + (one + bytes(200)) * 20_000 + b"\xff\xd9"


@hostile("jpeg of 20,000 scans behind junk.jpg")
def _():
    data = jpeg(64, 64, progressive=True)
    begin = data.rindex(b"\xff\xda")
    scan = b"\xff\x00\xff\xff" + data[begin:-2] + b"\x00\x00\xff\xd0\xff"
    return data[:-2] + scan * 20_000 + b"\xff\xd9"


@hostile("jpeg of a second picture with 20,000 scans.jpg", frame=1)
def _():
    second = Image.new("RGB", (64, 64), 128)
    first = saved(second, "MPO", save_all=True, append_images=[second])
    picture = Image.open(BytesIO(first))
    picture.seek(1)
    endless = with_scans(jpeg(64, 64, progressive=True), 20_000)
    return first[: picture.tile[0][2]] + endless


@hostile("jpeg with entries that share bytes.jpg", expected=None, quick=False)
def _():
    data = jpeg(8, 8)
    exif = b"II*\0" + struct.pack("<I", 8) + tiff_directory(65_535, 800_000)
    parts = [exif[begin : begin + 65_000] for begin in range(0, len(exif), 65_000)]
    segments = b"".join(segment(0xE1, b"Exif\0\0" + part) for part in parts)
    return data[:2] + segments + data[data.index(b"\xff\xdb") :]


@hostile("jpeg with 200,000 comments.jpg", expected="image", quick=False)
def _():
    data = jpeg(8, 8)
    return data[:2] + segment(0xFE, b"") * 200_000 + data[2:]


@hostile("jpeg of 255 components.jpg")
def _():
    data = jpeg(8, 8)
    begin = data.index(b"\xff\xc0")
    frame = b"\x08\x00\x08\x00\x08\xff" + bytes([1, 0x44, 0]) * 255
    return data[:begin] + segment(0xC0, frame) + data[data.index(b"\xff\xc4") :]


# TIFF


def tiff(entries, body=b"", following=0):
    """A little-endian TIFF of one directory; offsets count from its end."""
    end = 8 + 2 + 12 * len(entries) + 4
    parts = [b"II*\0", struct.pack("<IH", 8, len(entries))]
    for tag, kind, count, value in sorted(entries):
        parts.append(struct.pack("<HHII", tag, kind, count, value))
    return b"".join(parts) + struct.pack("<I", following) + body, end


def grey_tiff(width, height, n_bytes=64, offset=8, **changes):
    """Entries of an uncompressed or otherwise compressed grey image."""
    tags = {
        "width": (256, 4, 1, width),
        "height": (257, 4, 1, height),
        "bits": (258, 3, 1, 8),
        "compression": (259, 3, 1, 1),
        "photometric": (262, 3, 1, 1),
        "offsets": (273, 4, 1, offset),
        "samples": (277, 3, 1, 1),
        "rows": (278, 4, 1, height),
        "counts": (279, 4, 1, n_bytes),
    }
    return [entry for entry in (tags | changes).values() if entry]


@hostile("tiff of 60,000 x 60,000.tif")
def _():
    return tiff(grey_tiff(60_000, 60_000))[0]


@hostile("tiff of one bit and 60,000 x 1,300.tif", expected="image", quick=False)
def _():
    return saved(Image.new("1", (60_000, 1300)), "TIFF", compression="group4")


@hostile("tiff of 80 million floats.tif", expected="image", quick=False)
def _():
    picture = Image.new("F", (8000, 10_000))
    return saved(picture, "TIFF", compression="tiff_adobe_deflate")


def directories(n_directories, loop=False):
    entries, at, parts = grey_tiff(8, 8), 8, [b"II*\0" + struct.pack("<I", 8)]
    length = 2 + 12 * len(entries) + 4
    for number in range(n_directories):
        at += length
        following = at if number < n_directories - 1 else 8 * loop
        parts.append(struct.pack("<H", len(entries)))
        parts += [struct.pack("<HHII", *entry) for entry in entries]
        parts.append(struct.pack("<I", following))
    return b"".join(parts)


@hostile("tiff of 200,000 directories.tif", expected=None, quick=False)
def _():
    return directories(200_000)


@hostile("tiff of 200,000 directories, the last.tif", frame=199_999, quick=False)
def _():
    return directories(200_000)


@hostile("tiff of a directory without end.tif", frame=10**9)
def _():
    return directories(3, loop=True)


@hostile("tiff with entries that share bytes.tif", expected=None, quick=False)
def _():
    return b"II*\0" + struct.pack("<I", 8) + tiff_directory(65_535, 780_000)


@hostile("tiff of a tile of 60,000 x 60,000.tif")
def _():
    tiles = {"offsets": None, "rows": None, "counts": None}
    entries = grey_tiff(16, 16, **tiles) + [
        (322, 4, 1, 60_000),
        (323, 4, 1, 60_000),
        (324, 4, 1, 8),
        (325, 4, 1, 256),
    ]
    return tiff(entries)[0]


@hostile("tiff of 4,294,967,295 strips.tif")
def _():
    strips = {"offsets": (273, 4, 2**32 - 1, 8), "counts": (279, 4, 2**32 - 1, 8)}
    return tiff(grey_tiff(60_000, 1300, **strips))[0]


@hostile("tiff of a strip that inflates.tif", expected=None, quick=False)
def _():
    body = zeros(2**31)
    _, end = tiff(grey_tiff(64, 64))
    entries = grey_tiff(64, 64, len(body), offset=end, compression=(259, 3, 1, 8))
    return tiff(entries, body)[0]


@hostile("tiff of a jpeg of 20,000 scans.tif")
def _():
    body = with_scans(jpeg(64, 64, "L", progressive=True), 20_000)
    _, end = tiff(grey_tiff(64, 64))
    entries = grey_tiff(64, 64, len(body), offset=end, compression=(259, 3, 1, 7))
    return tiff(entries, body)[0]


@hostile("tiff of 65,535 samples.tif")
def _():
    return tiff(grey_tiff(64, 64, samples=(277, 3, 1, 65_535)))[0]


@hostile("tiff of 64-bit offsets beyond everything.tif")
def _():
    entry = struct.pack("<HHQQ", 256, 16, 2**60, 2**60)
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 1) + entry + bytes(8)


# PGM and BMP


@hostile("pgm of 1,000,000,000 pixels a side.pgm")
def _():
    return b"P5 1000000000 1000000000 255\n"


@hostile("pgm in text, cut short.pgm")
def _():
    return b"P2 8000 10000 255\n" + b"1 " * 10_000


@hostile("pgm of a comment without end.pgm", quick=False)
def _():
    return b"P5 #", 600 * 2**20


@hostile("pgm of a number without end.pgm")
def _():
    return b"P5 " + b"1" * 10**6 + b" 1 255\n"


@hostile("ppm of 60,000 x 1,300 wide colours.ppm", expected="image", quick=False)
def _():
    return b"P6 60000 1300 65535\n", 60_000 * 1300 * 6 + 20


def bmp(width, height, compression=0, bits=8, n_colours=0, body=b""):
    offset = 54 + 4 * min(n_colours or 2**bits, 256)
    header = struct.pack("<2sIHHI", b"BM", offset + len(body), 0, 0, offset)
    sizes = (40, width, height, 1, bits, compression, len(body), 0, 0, n_colours, 0)
    return (header + struct.pack("<IiiHHIIiiII", *sizes)).ljust(offset, b"\0") + body


@hostile("bmp of 60,000 x 60,000.bmp")
def _():
    return bmp(60_000, 60_000)


@hostile("bmp of -2,147,483,648 rows.bmp")
def _():
    return bmp(60_000, -(2**31))


@hostile("bmp of 4,294,967,295 colours.bmp")
def _():
    return bmp(64, 64, n_colours=2**32 - 1, body=bytes(4096))


@hostile("bmp of runs without end.bmp", expected=None, quick=False)
def _():
    return bmp(8000, 10_000, compression=1, body=b"\0\2\0\0" * 500_000)


# Formats in disguise, and files that are large and hold nothing


def disguise(kind, name, **options):
    @hostile(name)
    def _():
        return saved(Image.new("L", (64, 64)), kind, **options)


disguise("GIF", "gif in disguise.png")
disguise("WEBP", "webp in disguise.jpg")
disguise("JPEG2000", "jpeg 2000 in disguise.jpg")
disguise("EPS", "eps in disguise.tif")


@hostile("png that is a jpeg.png")
def _():
    return b"\x89PNG\r\n\x1a\n" + jpeg(64, 64)


@hostile("dicom that is a tiff.dcm")
def _():
    data = saved(Image.new("L", (64, 64)), "TIFF")
    return data[:128].ljust(128, b"\0") + b"DICM" + data[132:]


@hostile("png of 200 GB of nothing.png")
def _():
    return png(8, 8, n_bytes=72), 200 * 10**9


@hostile("png of 600 MB of nothing.png")
def _():
    return b"\x89PNG\r\n\x1a\n", 600 * 2**20


@hostile("jpeg before 600 MB of nothing.jpg", expected="image", quick=False)
def _():
    return jpeg(8000, 10_000), 600 * 2**20


def write(folder, names):
    """Write files of the table; return the requests to read them."""
    requests = []
    for name in names:
        make, frame, _, _ = HOSTILE[name]
        content = make()
        data, length = content if isinstance(content, tuple) else (content, None)
        with (folder / name).open("wb") as file:
            file.write(data)
            if length:
                file.truncate(length)  # a hole, which takes no room
        requests.append((str(folder / name), frame))
    return requests


def read(folder, names):
    """Return what became of each file: outcome, seconds, bytes."""
    process = subprocess.run(
        [sys.executable, "-c", READ],
        input=json.dumps(write(folder, names)),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = process.stdout.splitlines()
    assert len(lines) == len(names), process.stderr
    return dict(zip(names, map(json.loads, lines), strict=True))


def faults(folder, names):
    """Return the files that broke a bound, and how."""
    found = {}
    for name, (outcome, seconds, memory) in read(folder, names).items():
        (folder / name).unlink()
        expected = HOSTILE[name][2]
        fits = outcome == expected or (
            expected is None and outcome in ("image", "refused")
        )
        if not fits or seconds > SECONDS or memory > BYTES:
            found[name] = f"{outcome}, {seconds:.1f} s, {memory / 1e6:.0f} MB"
    return found


def test_small_hostile_rasters(tmp_path):
    assert faults(tmp_path, [name for name in HOSTILE if HOSTILE[name][3]]) == {}


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("name", [name for name in HOSTILE if not HOSTILE[name][3]])
def test_large_hostile_rasters(name, tmp_path):
    assert faults(tmp_path, [name]) == {}


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from skfusion.exceptions import ImageReadError
from skfusion.images import read_image

pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 100 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    read_image(sys.argv[1])
except ImageReadError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of memory")
def test_a_lack_of_memory_is_an_image_read_error(tmp_path):
    path = tmp_path / "large.dcm"
    with path.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        file.truncate(10**9)
    command = [sys.executable, "-c", IN_LITTLE_MEMORY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "'large.dcm': it needs more memory than" in done.stdout, done.stderr
