"""Writes to a Firebase Realtime Database over its REST API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import requests

from errors import ProviderError
from http_session import no_longer_than, open_session, send

_READ_SECONDS = 15.0


class FirebaseClient:
    """`url` is the database's address, `token` an ID token or a database secret, "" for an open database."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._query = f"?{urlencode({'auth': token})}" if token else ""
        self._session = open_session(1)

    def patch(self, path: tuple[str, ...], values: dict[str, Any], *, deadline: float) -> None:
        """Set these children at `path`; others stay. Raises ProviderError (permanent for a refused token)."""
        place = "/".join(quote(part, safe="") for part in path)
        request = requests.Request(
            "PATCH",
            f"{self._url}/{place}.json{self._query}",
            headers={"Content-Type": "application/json"},
            data=json.dumps(values).encode(),
        ).prepare()
        status = 0
        try:
            with send(self._session, request, no_longer_than(deadline, _READ_SECONDS)) as response:
                status = response.status_code
        except requests.RequestException:
            pass
        if status == 200:
            return
        # Raised out here, since the library's own error may hold the address with its token.
        if not status:
            raise ProviderError("Firebase could not be reached.", code="firebase_unreachable")
        raise ProviderError(
            f"Firebase answered {status}." + (" Check FIREBASE_TOKEN." if status in (401, 403) else ""),
            code="firebase_refused" if status in (400, 401, 403, 404) else "firebase_failed",
            permanent=status in (400, 401, 403, 404),
        )

    def close(self) -> None:
        self._session.close()
