"""Pictures that people bring along: nothing but their pixels is kept."""

from __future__ import annotations

import base64
import io
import re
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from database import Database
from errors import InvalidRequest, NotFound, ProviderError, StoryfarmError, TooLarge
from images.routes import create_uploads_blueprint
from images.storage import Folder
from images.uploads import MAX_BYTES, MAX_PIXELS, Uploads, taken
from ledger import Ledger
from tables import uploads as table
from web import problems

FORMS = ["PNG", "JPEG", "WEBP"]
SECRET = b"51.5007N, 0.1246W"


def encoded(image: Image.Image | None = None, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or Image.new("RGB", (9, 6), "green")).save(buffer, form, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def arrow() -> Image.Image:
    """Wider than high, and red only in its upper left corner."""
    image = Image.new("RGB", (32, 16), "white")
    image.paste("red", (0, 0, 8, 8))
    return image


def bomb(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checked = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 10) + b"IDAT" + bytes(14)


def refusal(content: bytes) -> StoryfarmError:
    with pytest.raises(StoryfarmError) as raised:
        taken(content, "character.imageUrl")
    return raised.value


# What is taken


@pytest.mark.parametrize(
    ("form", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_png_jpeg_and_webp_are_taken(form: str, mime: str) -> None:
    image = taken(encoded(form=form), "file")

    assert (image.mime, image.width, image.height) == (mime, 9, 6)
    with opened(image.content) as again:
        assert (again.format, again.size) == (form, (9, 6))


def test_a_photo_of_a_phone_with_a_second_picture_inside_is_taken_as_one_picture() -> None:
    content = encoded(form="MPO", save_all=True, append_images=[Image.new("RGB", (9, 6), "red")])
    image = taken(content, "file")

    assert image.mime == "image/jpeg"
    with opened(image.content) as again:
        assert getattr(again, "n_frames", 1) == 1


@pytest.mark.parametrize("form", FORMS)
def test_where_and_with_what_a_photo_was_taken_is_dropped(form: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET.decode()
    content = encoded(form=form, exif=exif, xmp=b"<x:xmpmeta>" + SECRET)
    assert SECRET in content
    image = taken(content, "file")

    assert SECRET not in image.content
    with opened(image.content) as again:
        assert not again.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(again.info)


def test_comments_and_texts_are_dropped() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", SECRET.decode())
    for content in (encoded(pnginfo=texts), encoded(form="JPEG", comment=SECRET)):
        assert SECRET in content
        assert SECRET not in taken(content, "file").content


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (32, 16), (2, 2)),
        (2, (32, 16), (29, 2)),
        (3, (32, 16), (29, 13)),
        (4, (32, 16), (2, 13)),
        (5, (16, 32), (2, 2)),
        (6, (16, 32), (13, 2)),
        (7, (16, 32), (13, 29)),
        (8, (16, 32), (2, 29)),
    ],
)
def test_a_picture_that_was_taken_sideways_is_turned_upright(
    form: str, orientation: int, size: tuple[int, int], corner: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = taken(encoded(arrow(), form, exif=exif), "file")

    assert (image.width, image.height) == size
    with opened(image.content) as again:
        pixels = again.convert("RGB")
    red = [
        place
        for place in [(2, 2), (size[0] - 3, 2), (2, size[1] - 3), (size[0] - 3, size[1] - 3)]
        if _is_red(pixels.getpixel(place))
    ]
    assert red == [corner]


def _is_red(pixel: Any) -> bool:
    red, green, _blue = pixel
    return bool(red > 180 and green < 90)


ODD_EXIF = [
    b"Exif\0\0",
    b"Exif\0\0garbage",
    b"Exif\0\0MM\0*",
    b"Exif\0\0II*\0\xff\xff\xff\xff",
    b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(10),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("exif", ODD_EXIF)
def test_a_picture_with_odd_data_about_it_is_taken_as_it_is(form: str, exif: bytes) -> None:
    assert taken(encoded(form=form, exif=exif), "file").width == 9


def exif_with(*changes: tuple[int, int]) -> bytes:
    """Good EXIF data with some bytes changed."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, "Pix"
    exif[ExifTags.Base.GPSInfo] = {1: "N", 2: (1.0, 2.0, 3.0)}
    content = bytearray(exif.tobytes())
    for place, value in changes:
        content[6 + place % (len(content) - 6)] = value
    return bytes(content)


@settings(deadline=None)
@given(
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_no_data_about_a_picture_can_break_the_taking(form: str, changes: list[tuple[int, int]]) -> None:
    image = taken(encoded(form=form, exif=exif_with(*changes)), "file")

    assert {image.width, image.height} == {9, 6}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_hidden_behind_a_picture_is_dropped(form: str) -> None:
    tail = b"PK\x03\x04<script>alert(1)</script>"
    image = taken(encoded(form=form) + tail, "file")

    assert tail not in image.content
    assert b"<script>" not in image.content


def test_a_transparent_picture_of_many_greys_is_taken() -> None:
    deep = arrow().convert("L").convert("I;16")

    assert taken(encoded(deep, transparency=0), "file").width == 32


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_taken(mode: str) -> None:
    plain = arrow().convert("L").convert("I;16") if mode == "I;16" else arrow().convert(mode)
    image = taken(encoded(plain, "JPEG" if mode == "CMYK" else "PNG"), "file")

    assert (image.width, image.height) == (32, 16)


def test_a_transparent_picture_stays_transparent() -> None:
    clear = arrow().convert("RGBA")
    clear.putalpha(77)
    palette = arrow().quantize(4)
    for content in (
        encoded(clear),
        encoded(clear, "WEBP", lossless=True),
        encoded(palette, transparency=0),
        encoded(arrow().convert("L"), transparency=255),
        encoded(arrow(), transparency=(255, 255, 255)),
    ):
        with opened(taken(content, "file").content) as again:
            assert min(again.convert("RGBA").getchannel("A").tobytes()) < 255


# What is refused

REFUSED = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": encoded(form="GIF"),
    "tiff": encoded(form="TIFF"),
    "bmp": encoded(form="BMP"),
    "pdf": b"%PDF-1.7",
    "nothing": b"",
    "half a png": encoded(arrow())[:60],
    "half a jpeg": encoded(Image.effect_noise((99, 99), 90).convert("RGB"), "JPEG")[:1500],
    "half a webp": encoded(Image.effect_noise((99, 99), 90).convert("RGB"), "WEBP")[:900],
    "html before a png": b"<script>alert(1)</script>" + encoded(),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_whole_picture_is_refused_and_the_field_named(content: bytes) -> None:
    error = refusal(content)

    assert isinstance(error, InvalidRequest)
    assert (error.status, error.code) == (400, "not_a_picture")
    assert error.members["field"] == "character.imageUrl"
    assert "character.imageUrl" in error.detail


def test_more_than_ten_megabytes_are_refused_before_they_are_looked_at() -> None:
    error = refusal(encoded() + bytes(MAX_BYTES))

    assert isinstance(error, TooLarge)
    assert (error.status, error.members["limit"]) == (413, 10_000_000)
    assert "10 MB" in error.detail


def test_ten_megabytes_are_taken() -> None:
    content = encoded()

    assert taken(content + bytes(MAX_BYTES - len(content)), "file").width == 9


@pytest.mark.parametrize("size", [(8000, 5001), (40_000_001, 1), (9000, 9000)])
def test_more_than_forty_megapixels_are_refused_before_they_are_unpacked(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpack(_image: Image.Image) -> None:
        raise AssertionError("It was unpacked.")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    error = refusal(bomb(*size))

    assert isinstance(error, TooLarge)
    assert error.members == {"field": "character.imageUrl", "limit": MAX_PIXELS}
    assert "40 megapixels" in error.detail


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(_image: Image.Image) -> None:
        raise AssertionError("It was unpacked.")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)

    assert isinstance(refusal(bomb(60_000, 60_000)), InvalidRequest)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    assert isinstance(refusal(content), InvalidRequest)


# Keeping


@pytest.fixture
def uploads(database: Database, tmp_path: Path) -> Uploads:
    return Uploads(database, Ledger(database), Folder(tmp_path / "images"))


def set_age(database: Database, file: str, days: float) -> None:
    with database.write() as tx:
        made = time.time() - days * 86_400
        tx.execute(table.update().where(table.c.file == file).values(created_at=made))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "images").iterdir()}


def test_an_upload_can_be_read_again(uploads: Uploads) -> None:
    kept = uploads.keep(encoded(form="JPEG"), owner="local")
    image = uploads.read(kept.file)

    assert re.fullmatch(r"/uploads/[0-9a-f]{32}\.jpg", kept.path)
    assert (image.mime, image.width, image.height) == (kept.mime, kept.width, kept.height)
    assert len(image.content) == kept.size_bytes


def test_each_upload_has_a_name_of_its_own(uploads: Uploads, tmp_path: Path) -> None:
    kept = {uploads.keep(encoded(), owner="local").file for _ in range(2)}

    assert kept == files(tmp_path)


def test_nothing_is_kept_of_what_is_refused(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        uploads.keep(b"<svg/>", owner="local")

    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "file", ["../images/x.png", "..", "", "/etc/passwd", f"{'0' * 32}.png", f"{'0' * 32}.svg"]
)
def test_what_was_not_uploaded_is_not_found(uploads: Uploads, file: str) -> None:
    with pytest.raises(NotFound):
        uploads.read(file)


def test_a_made_picture_is_no_upload(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "images" / f"{'a' * 32}.png").write_bytes(encoded())
    with pytest.raises(NotFound):
        uploads.read(f"{'a' * 32}.png")


def test_an_upload_whose_file_is_gone_is_not_found(uploads: Uploads, tmp_path: Path) -> None:
    kept = uploads.keep(encoded(), owner="local")
    (tmp_path / "images" / kept.file).unlink()
    with pytest.raises(NotFound):
        uploads.read(kept.file)


def test_old_uploads_are_removed_with_their_files(
    uploads: Uploads, database: Database, tmp_path: Path
) -> None:
    old, young = (uploads.keep(encoded(), owner="local").file for _ in range(2))
    set_age(database, old, 31)
    set_age(database, young, 29)

    assert uploads.forget_old(30) == 1
    assert files(tmp_path) == {young}
    with pytest.raises(NotFound):
        uploads.read(old)
    assert uploads.read(young)


def test_more_old_uploads_than_are_removed_at_once_are_all_removed(
    uploads: Uploads, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("images.uploads._BATCH", 2)
    for _ in range(5):
        set_age(database, uploads.keep(encoded(), owner="local").file, 31)

    assert uploads.forget_old(30) == 5
    assert files(tmp_path) == set()


def test_an_upload_whose_file_cannot_be_removed_is_tried_again_later(
    uploads: Uploads, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = uploads.keep(encoded(), owner="local").file
    set_age(database, file, 31)

    def fail(_file: str) -> None:
        raise ProviderError("No.", code="storage_failed")

    with monkeypatch.context() as patch:
        patch.setattr(uploads._storage, "delete", fail)
        with pytest.raises(ProviderError):
            uploads.forget_old(30)
    assert uploads.read(file)
    assert uploads.forget_old(30) == 1


# The calls


@pytest.fixture
def client(uploads: Uploads) -> FlaskClient:
    app = Flask(__name__)
    problems.register(app)
    app.register_blueprint(create_uploads_blueprint(uploads, lambda: "local", lambda: None))
    return app.test_client()


def data_url(content: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def test_a_file_of_a_form_is_kept(client: FlaskClient) -> None:
    answer = client.post("/api/uploads", data={"file": (io.BytesIO(encoded()), "../../dog.svg")})
    body = answer.get_json()

    assert answer.status_code == 201
    assert (body["width"], body["height"], body["mime"]) == (9, 6, "image/png")
    assert answer.headers["Location"] == body["imageUrl"]
    shown = client.get(body["imageUrl"])
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert "immutable" in shown.headers["Cache-Control"]
    with opened(shown.data) as image:
        assert image.size == (9, 6)


def test_a_data_url_is_kept(client: FlaskClient) -> None:
    answer = client.post("/api/uploads", json={"file": data_url(encoded(form="WEBP"), "image/png")})

    assert answer.status_code == 201
    assert answer.get_json()["mime"] == "image/webp"


@pytest.mark.parametrize("body", [{}, {"file": None}, {"file": 7}, {"file": "dog.png"}, {"file": "data:,"}])
def test_json_without_a_data_url_is_refused(client: FlaskClient, body: Any) -> None:
    answer = client.post("/api/uploads", json=body)

    assert (answer.status_code, answer.get_json()["field"]) == (400, "file")


def test_a_form_without_a_file_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/uploads", data={"other": "x"}, content_type="multipart/form-data")

    assert (answer.status_code, answer.get_json()["field"]) == (400, "file")


def test_a_file_that_is_too_large_is_refused(client: FlaskClient) -> None:
    # Written by hand, since Flask's own client leaves the file open that it puts large forms into.
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="dog.png"\r\n\r\n'
    form = head + bytes(MAX_BYTES + 1) + b"\r\n--x--\r\n"
    answer = client.post("/api/uploads", data=form, content_type="multipart/form-data; boundary=x")

    assert (answer.status_code, answer.get_json()["limit"]) == (413, MAX_BYTES)


def test_what_is_no_upload_is_not_found(client: FlaskClient) -> None:
    for path in (f"/uploads/{'0' * 32}.png", "/uploads/..%2f..%2fetc%2fpasswd", "/uploads/x"):
        assert client.get(path).status_code == 404
