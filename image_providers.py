"""Every image provider that is configured: opened once, joined to chains, and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import Connection

from circuit import Circuit
from config import Settings
from database import Database
from errors import ProviderError
from http_session import retrying
from images.chain import ImageChain, ImageLink
from images.describing import Describer
from images.drawing import DrawingProvider
from images.fetching import MAX_BYTES, Fetcher
from images.provider import Capabilities, ImageProvider, ImageRequest
from images.storage import Storage
from jobs.notifier import Notifier
from ledger import Ledger
from midjourney.provider import PromptForm
from midjourney.proxy_provider import ProxyProvider
from midjourney.proxy_running import NAME as PROXY
from midjourney.proxy_running import TaskRunner
from midjourney_proxy import ProxyClient
from openai_images import OpenAIImages
from prices import Prices
from providers import IMAGE_APIS, LEFT_OUT, image_endpoint
from public_http import Forbidden, PublicHttp, fetch_picture
from text.endpoint import Endpoint

MIDJOURNEY = "midjourney"
# The proxy's echo is not cut: any prompt that MidJourney takes will do.
_PROXY_PROMPT_LIMIT = 1500


class _Client(Protocol):
    def close(self) -> None: ...


class ImageProviders:
    """By their names. All chains that a provider is a link of share its circuit.

    `midjourney` paints over Discord. `kept` is called when a picture was put into the storage; `count_drawn`
    and `count_painted` book a drawn picture and a grid of MidJourney's on its job's account.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        storage: Storage,
        *,
        midjourney: ImageProvider,
        describer: Describer,
        threads: int,
        kept: Callable[[], None],
        count_drawn: Callable[[Connection, ImageRequest, float], None],
        count_painted: Callable[[Connection, str, str], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._describer = describer
        self._kept = kept
        self._count_drawn = count_drawn
        self._clients: list[_Client] = []
        self._links = {
            MIDJOURNEY: _link(MIDJOURNEY, MIDJOURNEY, midjourney, Capabilities(resumes=True)),
        }
        self.proxy = self._open_proxy(count_painted) if settings.midjourney_proxy_url else None
        if self.proxy:
            can = Capabilities(references=True, resumes=True)
            self._links[PROXY] = _link(PROXY, MIDJOURNEY, self.proxy, can)
        prices = Prices(settings.model_prices)
        for name, can in IMAGE_APIS.items():
            if endpoint := image_endpoint(name, settings):
                drawing = self._open_drawing(name, endpoint, prices, threads)
                self._links[name] = _link(name, endpoint.model, drawing, can, circuit=f"{name}.images")
        self.usual = self._chain(settings.image_providers)
        # The midjourney-proxy alone, for what no other provider can do.
        self.by_proxy = self._chain([PROXY]) if self.proxy else None

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._links)

    @property
    def for_stories(self) -> ImageProvider:
        """MidJourney alone needs no chain: its commands are its own record."""
        names = self._settings.story_image_providers
        return self._links[MIDJOURNEY].provider if names == (MIDJOURNEY,) else self._chain(names)

    def asked_first(self, provider: str) -> ImageChain:
        """The usual chain, with `provider` in front; "" changes nothing."""
        if not provider:
            return self.usual
        return self._chain([provider, *(name for name in self._settings.image_providers if name != provider)])

    def first_model(self, names: Iterable[str]) -> str:
        """The model that is asked first of those providers, "" if none of them is configured."""
        return next((self._links[name].model for name in names if name in self._links), "")

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _chain(self, names: Iterable[str]) -> ImageChain:
        links = [self._links[name] for name in names if name in self._links]
        return ImageChain(
            links,
            self._database,
            self._ledger,
            describe=self._describer.describe,
            cut_off=lambda tx, request: self._count_drawn(tx, request, 0.0),
        )

    def _open_proxy(self, count: Callable[[Connection, str, str], None]) -> ProxyProvider:
        settings = self._settings
        client = ProxyClient(
            settings.midjourney_proxy_url,
            settings.midjourney_proxy_secret,
            threads=settings.midjourney_concurrency,
        )
        host = urlsplit(settings.midjourney_proxy_url).netloc.lower()
        fetcher = Fetcher({host, *settings.discord_cdn_hosts}, plain={host})
        self._clients += [client, fetcher]
        hook = settings.midjourney_proxy_hook
        tasks = TaskRunner(
            client,
            self._database,
            self._ledger,
            self._notifier,
            at_once=settings.midjourney_concurrency,
            hook=lambda request_id: f"{hook}/api/midjourney/hook/{request_id}" if hook else "",
        )
        return ProxyProvider(
            client,
            tasks,
            self._ledger,
            self._storage,
            form=PromptForm(signature=settings.midjourney_signature, limit=_PROXY_PROMPT_LIMIT),
            fetch=lambda url, deadline: fetcher.fetch(url, deadline=deadline),
            kept=self._kept,
            count=count,
        )

    def _open_drawing(
        self,
        name: str,
        endpoint: Endpoint,
        prices: Prices,
        threads: int,
    ) -> DrawingProvider:
        settings = self._settings
        own_host = Fetcher({_host_of(endpoint)})
        client = OpenAIImages(
            endpoint,
            threads=min(threads, settings.image_concurrency + settings.job_threads),
            fetch=_fetch_drawn(own_host, endpoint),
            left_out=LEFT_OUT.get(name, frozenset()),
        )
        self._clients += [client, own_host]
        return DrawingProvider(
            name,
            client,
            self._storage,
            self._ledger,
            prices,
            seconds=settings.picture_seconds,
            kept=self._kept,
            count=self._count_drawn,
        )


def _link(
    name: str, model: str, provider: ImageProvider, can: Capabilities, *, circuit: str = ""
) -> ImageLink:
    return ImageLink(name, model, provider, can, Circuit(circuit or name))


def _host_of(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.base_url).netloc.lower()


def _fetch_drawn(own: Fetcher, endpoint: Endpoint) -> Callable[[str, float], bytes]:
    """For pictures that image models give as an address: their own host, or one on the public internet."""
    own_host = _host_of(endpoint)
    public = PublicHttp(allow_private=False, most_bytes=MAX_BYTES)

    def fetch(url: str, deadline: float) -> bytes:
        if urlsplit(url).netloc.lower() == own_host:
            return own.fetch(url, deadline=deadline)
        try:
            return retrying(deadline)(fetch_picture, public, url, deadline)
        except Forbidden as fault:
            raise ProviderError(
                f"The address of the drawn picture {fault}.", code="picture_host", permanent=True
            ) from None

    return fetch
