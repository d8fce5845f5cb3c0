"""Gets the picture that a request points at: an upload of ours, a data URL, or an address on the internet."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from errors import Busy, InvalidRequest, NotFound, ProviderError, ProviderTimeout
from images.uploads import Upload, Uploads

_UPLOAD = re.compile(r"(?P<base>https?://[^/]+)?/uploads/(?P<file>[0-9a-f]{32}\.(?:png|jpg|webp))")
_DATA = re.compile(r"data:image/(?:png|jpe?g|webp)(?P<base64>;base64)?,", re.IGNORECASE)
_MOST_CHARACTERS = 2000
_AT_ONCE = 16

# (url, deadline) -> bytes. Raises ValueError for an address that is not called, or a StoryfarmError.
FetchPublic = Callable[[str, float], bytes]


class ImageSource:
    """`fetch` gets an address on the public internet, with a limit of its own."""

    def __init__(self, uploads: Uploads, fetch: FetchPublic) -> None:
        self._uploads = uploads
        self._fetch = fetch
        # Whoever names a slow address holds a thread of the server's for as long as that takes.
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def keep(self, url: str, *, owner: str, base_url: str, field: str, deadline: float) -> Upload:
        """The picture at `url` as an upload of `owner`; theirs may be named with `base_url` or without.

        Raises InvalidRequest or TooLarge, which name `field`, or Busy.
        """
        upload = _UPLOAD.fullmatch(url)
        if upload and upload["base"] in (None, base_url):
            try:
                return self._uploads.find(upload["file"], owner)
            except NotFound as error:
                raise InvalidRequest(
                    f"{field}: {error.detail}", code="no_such_upload", field=field
                ) from error
        return self._uploads.keep(self._bytes(url, field, deadline), owner=owner, field=field)

    def _bytes(self, url: str, field: str, deadline: float) -> bytes:
        if _DATA.match(url):
            return read_data_url(url, field)
        if len(url) > _MOST_CHARACTERS or not url.lower().startswith("https://"):
            raise InvalidRequest(
                f"{field} must be an upload (/uploads/...), a data URL of a PNG, JPEG or WebP, or an address "
                "that starts with https://.",
                code="invalid_field",
                field=field,
            )
        if not self._places.acquire(blocking=False):
            raise Busy("Too many pictures are being fetched right now. Please try again in a moment.")
        try:
            return self._fetch(url, deadline)
        except ValueError as fault:
            raise InvalidRequest(f"{field} {fault}.", code="invalid_field", field=field) from None
        except (ProviderError, ProviderTimeout) as error:
            raise InvalidRequest(f"{field}: {error.detail}", code=error.code, field=field) from None
        finally:
            self._places.release()


def read_data_url(url: str, field: str) -> bytes:
    """The bytes of data:image/png;base64,... Raises InvalidRequest."""
    head = _DATA.match(url)
    if not head:
        raise InvalidRequest(
            f"{field} must be a data URL such as data:image/png;base64,...", code="invalid_field", field=field
        )
    body = url[head.end() :]
    try:
        return base64.b64decode(body, validate=True) if head["base64"] else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"{field} holds no base64.", code="invalid_field", field=field) from error
