"""DICOM: each transfer syntax, colour, and the order of the grey pipeline."""

from io import BytesIO

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from skfusion.exceptions import ImageReadError
from skfusion.images import read_image

NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]
LOSSLESS = [
    uid.RLELossless,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
]
LOSSY = [uid.JPEGLSNearLossless, uid.JPEG2000]


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_uncompressed_syntaxes_are_exact(syntax, dtype, make, write, ramp):
    stored = (ramp // 16).astype(dtype)
    image = read_image(write(make(stored, syntax=syntax)))
    assert image.dtype == np.float32
    assert_allclose(image, stored / np.iinfo(dtype).max, atol=1e-7)


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_syntaxes_are_exact(syntax, dtype, make, write, ramp):
    stored = (ramp // 16).astype(dtype)
    image = read_image(write(make(stored), syntax))
    assert_allclose(image, stored / np.iinfo(dtype).max, atol=1e-7)


@pytest.mark.parametrize("syntax", LOSSY, ids=lambda syntax: syntax.keyword)
def test_lossy_syntaxes_are_close(syntax, make, write, ramp):
    stored = (ramp // 16).astype(np.uint8)
    image = read_image(write(make(stored), syntax))
    assert_allclose(image, stored / 255, atol=0.03)


@pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
def test_jpeg_of_eight_bits_is_close(syntax, make, write, ramp):
    stored = (ramp // 16).astype(np.uint8)
    assert_allclose(read_image(write(make(stored), syntax)), stored / 255, atol=0.03)


@pytest.mark.parametrize("syntax", [None, uid.RLELossless, uid.JPEG2000Lossless])
def test_signed_values_fill_the_range_of_their_bits(syntax, make, write):
    stored = np.tile(np.array([[-2048, 0], [1024, 2047]], np.int16), (16, 16))
    image = read_image(write(make(stored, BitsStored=12), syntax))
    assert_allclose(image[:2, :2], [[0, 2048 / 4095], [3072 / 4095, 1]], atol=1e-6)


def test_bits_stored_decide_the_range(make, write, ramp):
    image = read_image(write(make(ramp, BitsStored=12)))
    assert_allclose(image, ramp / 4095, atol=1e-6)


def test_a_file_without_preamble_is_recognised(make, encode, write, ramp):
    stored = make(ramp, syntax=uid.ImplicitVRLittleEndian)
    data = encode(stored)
    begin = 144 + int.from_bytes(data[140:144], "little")  # behind the file meta
    image = read_image(write(data[begin:], name="image"))
    assert_allclose(image, ramp / 65535, atol=1e-7)


def test_a_dicom_file_is_recognised_whatever_its_name(make, write, ramp):
    image = read_image(write(make(ramp), name="image.png"))
    assert_allclose(image, ramp / 65535, atol=1e-7)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_becomes_its_luma(planar, make, write):
    rgb = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
    dataset = make(rgb, "RGB", PlanarConfiguration=planar)
    if planar:
        dataset.PixelData = rgb.transpose(2, 0, 1).tobytes()
    expected = [[0.299, 0.587], [0.114, 9 / 255]]
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless])
def test_compressed_rgb_becomes_its_luma(syntax, make, write):
    rgb = np.zeros((32, 32, 3), np.uint8)
    rgb[:, :16, 0], rgb[:, 16:, 1] = 200, 100
    image = read_image(write(make(rgb, "RGB"), syntax))
    assert_allclose(
        image[0, [0, -1]], [0.299 * 200 / 255, 0.587 * 100 / 255], atol=0.01
    )


def test_ybr_full_becomes_its_luma(make, write):
    ybr = np.array([[[76, 85, 255], [200, 128, 128]]], np.uint8)  # red, grey
    image = read_image(write(make(ybr, "YBR_FULL")))
    assert_allclose(image, [[76 / 255, 200 / 255]], atol=0.01)


def test_uncompressed_ybr_full_422_becomes_its_luma(make, write):
    dataset = make(np.zeros((1, 2, 3), np.uint8), "YBR_FULL_422")
    dataset.PixelData = bytes([40, 200, 128, 128])  # Y1 Y2 Cb Cr
    assert_allclose(read_image(write(dataset)), [[40 / 255, 200 / 255]], atol=0.01)


def test_ybr_full_422_in_baseline_jpeg_becomes_its_luma(make, write):
    rgb = np.full((16, 16, 3), [200, 40, 40], np.uint8)
    image = read_image(write(make(rgb, "RGB"), uid.JPEGBaseline8Bit))
    assert_allclose(image, (0.299 * 200 + 0.701 * 40) / 255, atol=0.02)


@pytest.mark.parametrize("bits", [8, 16])
def test_palette_colour_becomes_its_luma(bits, make, write):
    top = 2**bits - 1
    dataset = make(np.array([[0, 1], [2, 3]], np.uint8), "PALETTE COLOR")
    tables = {
        "Red": [0, top, 0, top],
        "Green": [0, 0, top, top],
        "Blue": [0, 0, 0, top],
    }
    for colour, table in tables.items():
        word = f"{colour}PaletteColorLookupTable"
        setattr(dataset, f"{word}Descriptor", [4, 0, bits])
        setattr(dataset, f"{word}Data", np.array(table, f"<u{bits // 8}").tobytes())
    assert_allclose(read_image(write(dataset)), [[0, 0.299], [0.587, 1]], atol=1e-6)


def test_an_eight_bit_palette_serves_sixteen_bit_pixels(make, write):
    dataset = make(np.array([[0, 299, 900]], np.uint16), "PALETTE COLOR")
    ramp = np.minimum(np.arange(300), 255).astype(np.uint8).tobytes()
    for colour in ("Red", "Green", "Blue"):
        word = f"{colour}PaletteColorLookupTable"
        setattr(dataset, f"{word}Descriptor", [300, 0, 8])
        setattr(dataset, f"{word}Data", ramp)
    assert_allclose(read_image(write(dataset)), [[0, 1, 1]], atol=1e-6)


@pytest.mark.parametrize("side", range(248, 256))
def test_jpeg_2000_of_any_size_is_read_at_a_reduced_one(side, make, write, smooth):
    large = np.pad(smooth, ((0, 16), (0, 0)), mode="edge")[:side]
    path = write(make(large, BitsStored=12), uid.JPEG2000Lossless)
    assert read_image(path, min_side=32).shape == (-(-side // 4), 80)


@pytest.mark.parametrize("syntax", [None, uid.RLELossless])
def test_the_named_frame_is_read(syntax, make, write, ramp):
    frames = np.stack([ramp, ramp[::-1]])
    path = write(make(frames), syntax)
    assert_allclose(read_image(path), ramp / 65535, atol=1e-7)
    assert_allclose(read_image(path, frame=1), ramp[::-1] / 65535, atol=1e-7)
    with pytest.raises(ImageReadError, match=r"'image.dcm'.*no frame 2"):
        read_image(path, frame=2)


def test_monochrome1_is_inverted(make, write, ramp):
    plain = read_image(write(make(ramp, BitsStored=12)))
    inverted = read_image(write(make(ramp, "MONOCHROME1", BitsStored=12)))
    assert_allclose(inverted, 1 - plain, atol=1e-6)


def test_the_window_is_applied_before_the_inversion(make, write):
    stored = np.array([[0, 100, 150, 200, 4095]], np.uint16)
    window = {"WindowCenter": 150, "WindowWidth": 100, "VOILUTFunction": "LINEAR_EXACT"}
    image = read_image(write(make(stored, "MONOCHROME1", BitsStored=12, **window)))
    assert_allclose(image, [[1, 1, 0.5, 0, 0]], atol=1e-6)


def test_the_rescale_is_applied_before_the_window(make, write):
    stored = np.array([[0, 1000, 2000]], np.uint16)
    image = read_image(
        write(
            make(
                stored,
                RescaleSlope=2,
                RescaleIntercept=-1000,
                WindowCenter=1000,
                WindowWidth=4000,
                VOILUTFunction="LINEAR_EXACT",
            )
        )
    )
    assert_allclose(image, [[0, 0.5, 1]], atol=1e-6)


def test_a_rescale_alone_keeps_the_scale(make, write, ramp):
    rescaled = make(ramp, BitsStored=12, RescaleSlope="0.5", RescaleIntercept="-7")
    assert_allclose(read_image(write(rescaled)), ramp / 4095, atol=1e-6)


def test_a_negative_slope_turns_the_scale(make, write, ramp):
    rescaled = make(ramp, BitsStored=12, RescaleSlope=-1, RescaleIntercept=4095)
    assert_allclose(read_image(write(rescaled)), 1 - ramp / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("LINEAR", [0, 10 / 99, 1]),  # PS3.3 C.11.2.1.2.1: (x - 99.5) / 99 + 0.5
        ("LINEAR_EXACT", [0, 0.1, 0.99]),
        (
            "SIGMOID",
            [1 / (1 + np.exp(2)), 1 / (1 + np.exp(1.6)), 1 / (1 + np.exp(-1.96))],
        ),
    ],
)
def test_window_functions(function, expected, make, write):
    stored = np.array([[50, 60, 149]], np.uint16)
    dataset = make(stored, WindowCenter=100, WindowWidth=100, VOILUTFunction=function)
    assert_allclose(read_image(write(dataset)), [expected], atol=1e-6)


def test_the_first_of_several_windows_is_taken(make, write):
    stored = np.array([[0, 100, 200]], np.uint16)
    dataset = make(
        stored,
        WindowCenter=["100", "1000"],
        WindowWidth=["200", "9"],
        VOILUTFunction="LINEAR_EXACT",
    )
    assert_allclose(read_image(write(dataset)), [[0, 0.5, 1]], atol=1e-6)


def test_a_window_of_no_width_is_left_out(make, write, ramp):
    dataset = make(ramp, BitsStored=12, WindowCenter=100, WindowWidth=0)
    assert_allclose(read_image(write(dataset)), ramp / 4095, atol=1e-6)


def lookup_table(first, table, bits):
    item = Dataset()
    item.LUTDescriptor = [len(table), first, bits]
    item.LUTData = list(table)
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "US"
    return Sequence([item])


def test_the_voi_table_goes_before_the_window(make, write):
    stored = np.array([[0, 11, 12, 500]], np.uint16)
    dataset = make(stored, WindowCenter=5, WindowWidth=2)
    dataset.VOILUTSequence = lookup_table(10, [0, 1023, 2046, 4092], 12)
    expected = np.array([[0, 1023, 2046, 4092]]) / 4095
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


def test_an_eight_bit_voi_table_serves_twelve_bit_pixels(make, write):
    dataset = make(np.array([[0, 2048, 4095]], np.uint16), BitsStored=12)
    dataset.VOILUTSequence = lookup_table(0, np.arange(4096) // 16, 8)
    expected = np.array([[0, 128, 255]]) / 255
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


def test_the_modality_table_goes_before_the_window(make, write):
    stored = np.array([[0, 1, 2]], np.uint16)
    dataset = make(
        stored, WindowCenter=200, WindowWidth=200, VOILUTFunction="LINEAR_EXACT"
    )
    dataset.ModalityLUTSequence = lookup_table(0, [100, 200, 300], 16)
    assert_allclose(read_image(write(dataset)), [[0, 0.5, 1]], atol=1e-6)


def test_a_table_cut_short_is_an_error(make, write):
    dataset = make(np.zeros((1, 3), np.uint16))
    dataset.VOILUTSequence = lookup_table(0, [1, 2, 3], 12)
    dataset.VOILUTSequence[0].LUTDescriptor = [300, 0, 12]
    with pytest.raises(ImageReadError, match=r"'image.dcm'.*lookup table"):
        read_image(write(dataset))


def test_for_presentation_is_windowed_once(make, write):
    stored = np.array([[0, 100, 200]], np.uint16)
    dataset = make(
        stored,
        PresentationIntentType="FOR PRESENTATION",
        WindowCenter=100,
        WindowWidth=200,
        VOILUTFunction="LINEAR_EXACT",
    )
    assert_allclose(read_image(write(dataset)), [[0, 0.5, 1]], atol=1e-6)


def test_for_presentation_without_a_window_keeps_its_values(make, write, ramp):
    dataset = make(ramp, BitsStored=12, PresentationIntentType="FOR PRESENTATION")
    assert_allclose(read_image(write(dataset)), ramp / 4095, atol=1e-6)


def test_an_enhanced_object_has_its_windows_in_functional_groups(make, write):
    def group(center):
        window = Dataset()
        window.WindowCenter, window.WindowWidth = center, 100
        window.VOILUTFunction = "LINEAR_EXACT"
        item = Dataset()
        item.FrameVOILUTSequence = Sequence([window])
        return item

    dataset = make(np.full((2, 4, 4), 100, np.uint16))
    dataset.SharedFunctionalGroupsSequence = Sequence([Dataset()])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([group(100), group(125)])
    path = write(dataset)
    assert_allclose(read_image(path), 0.5, atol=1e-6)
    assert_allclose(read_image(path, frame=1), 0.25, atol=1e-6)


def test_float_pixels_are_scaled_by_their_extremes(make, write):
    dataset = make(np.zeros((1, 3), np.uint16))
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit
    del dataset.PixelRepresentation
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = np.array([[-1, 0, 3]], np.float32).tobytes()
    assert_allclose(read_image(write(dataset)), [[0, 0.25, 1]], atol=1e-6)


@pytest.mark.parametrize(
    "syntax", [None, uid.JPEGLosslessSV1, *LOSSLESS[:1], uid.JPEG2000Lossless]
)
def test_a_dicom_cut_short_is_an_error(syntax, make, encode, write, ramp):
    data = encode(make(ramp), syntax)
    with pytest.raises(ImageReadError, match=r"'image.dcm'"):
        read_image(write(data[:-40]))


def test_dicom_without_an_image_is_an_error(make, write, ramp):
    dataset = make(ramp)
    del dataset.PixelData
    with pytest.raises(ImageReadError, match=r"'image.dcm'.*no complete image"):
        read_image(write(dataset))


@pytest.mark.parametrize(
    "syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.JPEGLosslessSV1]
)
def test_a_codestream_of_another_size_is_refused(syntax, make, encode, write, ramp):
    data = encode(make(ramp), syntax)
    tag = b"\x28\x00\x11\x00US\x02\x00"  # Columns
    mutated = data.replace(tag + b"\x30\x00", tag + b"\x31\x00")
    assert mutated != data
    with pytest.raises(ImageReadError, match=r"'image.dcm': its size is \(32, 48\)"):
        read_image(write(mutated))


def test_a_jpeg2000_bomb_is_refused_before_decoding(make, encode, write, ramp):
    data = encode(make(ramp), uid.JPEG2000Lossless)
    siz = data.index(b"\xff\x4f\xff\x51")
    bomb = bytearray(data)
    bomb[siz + 8 : siz + 16] = (2**31 - 1).to_bytes(4, "big") * 2
    with pytest.raises(
        ImageReadError, match=r"'image.dcm': the compressed frame gives"
    ):
        read_image(write(bytes(bomb)))


@pytest.mark.parametrize("syntax", [None, uid.RLELossless, uid.JPEG2000Lossless])
def test_a_header_bomb_is_refused_before_decoding(syntax, make, encode, write, ramp):
    data = encode(make(ramp), syntax)
    for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
        at = data.index(tag) + len(tag)
        data = data[:at] + b"\xff\xff" + data[at + 2 :]
    with pytest.raises(ImageReadError, match="the header gives 65535 x 65535 pixels"):
        read_image(write(data))


def test_jpeg2000_layers_beyond_reason_are_refused(make, encode, write, ramp):
    bomb = bytearray(encode(make(ramp), uid.JPEG2000Lossless))
    cod = bomb.index(b"\xff\x52", bomb.index(b"\xff\x4f\xff\x51"))
    levels = bomb[cod + 9]
    precincts = bytes(levels + 1)  # of one pixel
    length = int.from_bytes(bomb[cod + 2 : cod + 4], "big")
    bomb[cod + 2 : cod + 4] = (length + len(precincts)).to_bytes(2, "big")
    bomb[cod + 4] |= 1
    bomb[cod + 6 : cod + 8] = b"\xff\xff"  # layers
    end = bomb.rindex(b"\xff\xd9")
    del bomb[end - len(precincts) : end]  # the frame keeps its length
    bomb[cod + 2 + length : cod + 2 + length] = precincts
    with pytest.raises(ImageReadError, match=r"claims \d+ precincts in 65535 layers"):
        read_image(write(bytes(bomb)))


def test_jpeg2000_tiles_beyond_reason_are_refused(make, encode, write, ramp):
    data = encode(make(ramp), uid.JPEG2000Lossless)
    siz = data.index(b"\xff\x4f\xff\x51")
    bomb = bytearray(data)
    bomb[siz + 24 : siz + 32] = (1).to_bytes(4, "big") * 2  # tiles of one pixel
    with pytest.raises(ImageReadError, match=r"'image.dcm'.*claims 1536 tiles"):
        read_image(write(bytes(bomb)))


def test_a_deflated_bomb_is_refused(make, encode, write, ramp, monkeypatch):
    dataset = make(ramp, syntax=uid.DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr("skfusion.images._formats._dicom.MAX_PIXELS", 10)
    with pytest.raises(ImageReadError, match=r"'image.dcm'.*inflated"):
        read_image(write(dataset))


def test_pixels_are_not_changed_by_a_second_read(make, write, ramp):
    path = write(make(ramp, WindowCenter=1000, WindowWidth=500))
    assert_array_equal(read_image(path), read_image(path))


@pytest.fixture
def smooth():
    y, x = np.mgrid[:256, :320] / 40
    return (2000 + 1000 * np.sin(x) * np.cos(y)).astype(np.uint16)


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEG2000])
@pytest.mark.parametrize(("min_side", "shape"), [(64, (64, 80)), (65, (128, 160))])
def test_jpeg_2000_is_read_at_the_size_that_is_needed(
    syntax, min_side, shape, make, write, smooth
):
    path = write(make(smooth, BitsStored=12), syntax)
    image = read_image(path, min_side=min_side)
    assert image.shape == shape
    step = 256 // shape[0]
    expected = smooth.reshape(shape[0], step, shape[1], step).mean((1, 3)) / 4095
    assert_allclose(image, expected, atol=0.02)


@pytest.mark.parametrize("syntax", [None, uid.RLELossless])
def test_other_files_are_read_as_a_whole(syntax, make, write, smooth):
    path = write(make(smooth, BitsStored=12), syntax)
    assert_allclose(read_image(path, min_side=64), smooth / 4095, atol=1e-6)


def test_signed_jpeg_2000_is_read_as_a_whole(make, write, smooth):
    stored = smooth.astype(np.int16) - 2000
    path = write(make(stored, BitsStored=12), uid.JPEG2000Lossless)
    assert_allclose(read_image(path, min_side=64), read_image(path))


def test_a_window_is_applied_to_a_smaller_image(make, write, smooth):
    dataset = make(smooth, "MONOCHROME1", BitsStored=12)
    dataset.WindowCenter, dataset.WindowWidth = 2000, 2000
    path = write(dataset, uid.JPEG2000Lossless)
    image, whole = read_image(path, min_side=64), read_image(path)
    expected = whole.reshape(64, 4, 80, 4).mean((1, 3))
    assert_allclose(image, expected, atol=0.04)


SYNTAXES = [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(("vr", "first"), [("US", 63488), ("SS", -2048)])
def test_a_voi_table_of_signed_values_starts_below_zero(vr, first, syntax, make, write):
    stored = np.array([[-3000, -2048, -2047, 0, 2047, 2048]], np.int16)
    dataset = make(stored, syntax=syntax)
    dataset.VOILUTSequence = lookup_table(0, np.arange(4096), 12)
    dataset.VOILUTSequence[0]["LUTDescriptor"].VR = vr
    dataset.VOILUTSequence[0].LUTDescriptor = [4096, first, 12]
    expected = np.array([[0, 0, 1, 2048, 4095, 4095]]) / 4095
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


def test_a_modality_table_of_signed_values_starts_below_zero(make, write):
    stored = np.array([[-3, -2, -1, 0, 1]], np.int16)
    dataset = make(stored)
    dataset.ModalityLUTSequence = lookup_table(2**16 - 2, [0, 1000, 3000, 4095], 12)
    expected = np.array([[0, 0, 1000, 3000, 4095]]) / 4095
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


def test_a_voi_table_behind_a_rescale_below_zero_starts_there(make, write):
    stored = np.array([[0, 1000, 1001, 1003]], np.uint16)
    dataset = make(stored, BitsStored=12, RescaleSlope=1, RescaleIntercept=-1000)
    dataset.VOILUTSequence = lookup_table(2**16 - 1, [0, 100, 200, 255], 8)
    expected = np.array([[0, 100, 200, 255]]) / 255
    assert_allclose(read_image(write(dataset)), expected, atol=1e-6)


def test_a_voi_table_behind_a_modality_table_counts_without_a_sign(make, write):
    dataset = make(np.array([[-1, 0]], np.int16))
    dataset.ModalityLUTSequence = lookup_table(2**16 - 1, [40_000, 40_001], 16)
    dataset.VOILUTSequence = lookup_table(40_000, [51, 255], 8)
    assert_allclose(read_image(write(dataset)), [[0.2, 1]], atol=1e-6)


def test_a_voi_table_of_unsigned_values_may_start_high(make, write):
    dataset = make(np.array([[0, 63488, 63489, 65535]], np.uint16))
    dataset.VOILUTSequence = lookup_table(63488, [0, 51, 255], 8)
    assert_allclose(read_image(write(dataset)), [[0, 0, 0.2, 1]], atol=1e-6)


def test_a_jpeg_of_endless_scans_is_refused(make, encode, write, ramp):
    data = encode(make((ramp // 16).astype(np.uint8)), uid.JPEGBaseline8Bit)
    frame = BytesIO()
    Image.new("L", (48, 32), 128).save(frame, "JPEG", progressive=True)
    codestream = frame.getvalue()
    scan = codestream[codestream.rindex(b"\xff\xda") : -2]
    dataset = dcmread(BytesIO(data))
    endless = codestream[:-2] + scan * 20_000 + b"\xff\xd9"
    dataset.PixelData = encapsulate([endless])
    with pytest.raises(ImageReadError, match=r"'image.dcm': it has more than 50"):
        read_image(write(dataset))
    dataset.PixelData = encapsulate([codestream])
    assert_allclose(read_image(write(dataset)), 128 / 255, atol=0.01)
