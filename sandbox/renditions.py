"""Turn an order into files: the finished pictures, the unfinished ones, and those that a fault has spoilt."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from sandbox.control import Fault
from sandbox.illustration import cut_out, flat, illustrate
from sandbox.image_request import Order
from sandbox.painter import preview

_BOMB_PIXELS = 50_000


@dataclass(frozen=True)
class Rendering:
    """The files of an order. `previews(n)` gives n unfinished ones of the first picture, the best last."""

    pictures: list[bytes]
    content_type: str
    previews: Callable[[int], list[bytes]] = field(repr=False)


def render(order: Order, seed: int, longest: int, *, plain: bool) -> Rendering:
    """Paint the order's pictures, made smaller so that the longer side has at most `longest` pixels."""
    size = _within(order.size, longest)
    images = [_drawn(order, seed, variant, size, plain=plain) for variant in range(order.n)]

    def previews(count: int) -> list[bytes]:
        shares = [(number + 1) / (count + 1) for number in range(count)]
        return [_file(preview(_on_white(images[0]), share), order.output_format) for share in shares]

    files = [_file(image, order.output_format) for image in images]
    return Rendering(files, f"image/{order.output_format}", previews)


def spoil(picture: bytes, fault: Fault | None) -> bytes:
    """The picture as the fault's kind makes it."""
    kind = fault.kind if fault else ""
    if kind == "not_a_picture":
        return b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    if kind == "truncated":
        return picture[: len(picture) // 2]
    if kind == "bomb" and fault:
        return _bomb(int(fault.details.get("pixels", _BOMB_PIXELS)))
    return picture


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _drawn(order: Order, seed: int, variant: int, size: tuple[int, int], *, plain: bool) -> Image.Image:
    if plain:
        return flat(order.prompt, seed, variant, size, order.references, transparent=order.transparent)
    draw = cut_out if order.transparent else illustrate
    return draw(order.prompt, seed, variant, size, order.references)


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _file(image: Image.Image, output_format: str) -> bytes:
    buffer = io.BytesIO()
    if output_format == "png":
        image.save(buffer, "PNG", compress_level=3)
    elif output_format == "webp":
        image.save(buffer, "WEBP", quality=86, method=2)
    else:
        image.convert("RGB").save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _bomb(side: int) -> bytes:
    """A PNG of less than a hundred bytes that says it has side x side pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
