"""Everything that runs behind the web application: built once, started and stopped in order."""

from __future__ import annotations

import gc
import threading
import time
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError

import flows
import metrics
from access import idempotency, quotas
from access.admission import Admission
from access.amounts import Amount
from access.caller import Caller
from access.desk import Desk
from access.estimates import Estimates
from access.identity import Identity
from access.metering import Meter
from access.paid_answers import PaidAnswers
from access.settling import Settler
from adventure.game import Game
from adventure.rows import forget_old as forget_old_adventures
from callback_client import CallbackClient, check_callback_url
from circuit import Circuit
from config import Settings
from context_pool import ContextPool
from database import Database, open_database
from discord_listener import DiscordAccount, start_discord_listener
from discord_webhook import DiscordWebhook, send_midjourney_command
from errors import InvalidRequest
from fairytale.mirroring import Mirror
from firebase_client import FirebaseClient
from image_providers import ImageProviders
from images import records
from images.describing import Describer
from images.describing import forget_old as forget_old_descriptions
from images.fetching import Fetcher
from images.provider import ImageProvider, ImageRequest
from images.pruning import Pruner
from images.sources import ImageSource
from images.storage import Storage, open_storage
from images.uploads import MAX_BYTES as UPLOAD_BYTES
from images.uploads import Uploads
from jobs import rows
from jobs.bell import open_bell
from jobs.callbacks import Callback, Deliverer, Show
from jobs.notifier import Notifier
from jobs.periodic import Periodic
from jobs.retention import Retention
from jobs.rows import Job
from jobs.work import Runner
from jwks_client import JwksClient, TokenRules
from ledger import Ledger, Write
from listening import Listening
from midjourney.captures import Captures
from midjourney.channel import Mark
from midjourney.keeping import Keeper
from midjourney.provider import MidjourneyProvider, PromptForm
from openai_client import OpenAIClient
from plans import Plan
from postgres_relay import PostgresRelay
from prices import Prices
from providers import text_endpoints
from public_http import PublicHttp, fetch_picture
from sandbox.server import Sandbox
from story.telling import Storyteller
from text.chain import TextChain, TextProvider
from text.model import Completion, TextModel
from utils import new_id
from writer.estimates import Estimate, one_round, with_request
from writer.memory import forget_old as forget_old_drafts

log = structlog.get_logger()

_WEBHOOK_SECONDS = 15.0
_RETRY_AFTER = 10
_RETENTION_SECONDS = 3600.0
_STOP_SECONDS = 30.0
# News of other processes may get lost, those of this one do not.
_SHARED_TICK, _TICK = 5.0, 30.0


class Service:
    """The composition root: which parts there are, and how they are joined.

    `text` and `images` replace the configured providers, for tests and for programs that embed us. `show`
    gives a job as every answer has it; the web application sets it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        text: TextModel | None = None,
        images: ImageProvider | None = None,
    ) -> None:
        self.settings = settings
        self.sandbox = Sandbox.bind(settings) if settings.sandboxed and not settings.sandbox_url else None
        settings = self._live = settings.pointed_at_sandbox(
            self.sandbox.url if self.sandbox else settings.sandbox_url
        )
        threads = settings.max_in_flight + settings.job_threads
        self.database: Database = open_database(settings.data_dir, settings.database_url)
        self.storage: Storage = open_storage(settings.storage_url, settings.data_dir)
        self.ledger = Ledger(self.database)
        self.notifier = Notifier(tick=_SHARED_TICK if self.database.is_shared else _TICK)
        self.relay = PostgresRelay(settings.database_url, self.notifier) if settings.database_url else None
        self.admission = Admission(
            settings.max_in_flight,
            retry_after=_RETRY_AFTER,
            full="{held} stories are being told already.",
            gauge=metrics.HELD,
        )
        self.streams = Admission(
            settings.max_streams,
            retry_after=_RETRY_AFTER,
            full="{held} streams of events are open already.",
            gauge=metrics.STREAMS,
        )
        self.sockets = Admission(
            settings.max_sockets,
            retry_after=_RETRY_AFTER,
            full="{held} players are here already.",
            gauge=metrics.SOCKETS,
        )
        self.meter = Meter(self.ledger, is_exact=bool(settings.plans))
        self.pool = ContextPool(threads, thread_name_prefix="fan-out")
        self.webhook = DiscordWebhook(settings.webhook_url, threads=threads)
        self.clients = [OpenAIClient(endpoint, threads=threads) for endpoint in text_endpoints(settings)]
        self.text = TextChain(
            [TextProvider(client.provider, client, Circuit(client.provider)) for client in self.clients],
            Prices(settings.model_prices),
            on_usage=lambda completion: self.meter.spent(_amount_of(completion)),
            afford=self._afford_call,
        )
        self.fetcher = Fetcher(settings.discord_cdn_hosts)
        self.captures = Captures(
            self.database,
            self.ledger,
            self.notifier,
            lambda command_id: self.keeper.collect(command_id),  # noqa: PLW0108  (it is made below)
            late_seconds=settings.request_timeout_max + settings.midjourney_late_hours * 3600,
        )
        self.keeper = Keeper(
            self.database,
            self.ledger,
            self.notifier,
            self.fetcher,
            self.storage,
            told=lambda command_id, kept: self.captures.mark(command_id, Mark.DONE if kept else Mark.FAILED),
            count=self._count_painted,
        )
        self.listening = Listening(
            self.database,
            self.notifier,
            self.captures,
            lambda: start_discord_listener(self._account(), self.captures, self._find_channel),
            seconds=settings.listener_lease_seconds,
        )
        self.captures.channel = self.listening
        self.painters = ContextPool(settings.image_concurrency, thread_name_prefix="painter")
        self.uploads = Uploads(self.database, self.ledger, self.storage)
        self.source = ImageSource(self.uploads, partial(fetch_picture, _public_http()))
        self.pruner = Pruner(
            self.database,
            self.ledger,
            self.storage,
            most_files=settings.generated_image_max_files,
            most_bytes=settings.generated_image_max_mb * 1_000_000,
            in_use=_albums_at_work,
        )
        self.image_providers = ImageProviders(
            settings,
            self.database,
            self.ledger,
            self.notifier,
            self.storage,
            midjourney=self._midjourney(),
            describer=Describer(text or self.text, self.database, self.ledger),
            threads=threads,
            kept=self.pruner.wake,
            count_drawn=self._count_drawn,
            count_painted=self._count_painted,
        )
        self.storyteller = Storyteller(
            text or self.text, images or self.image_providers.for_stories, self.pool
        )
        self.bell = open_bell(settings.data_dir, settings.database_url, self.notifier)
        self.runner = Runner(
            self.database,
            self.ledger,
            self.notifier,
            ring=self.bell.ring,
            calls_waiting=self.bell.waiting,
            lease_seconds=settings.job_lease_seconds,
            most_queued=settings.max_queued,
        )
        self.runner.around = self.meter.on_account_of
        self.runner.ended = self._job_ended
        self.desk = Desk(self.database, self.runner, self.limits)
        self.settler = Settler(self.database, self.ledger)
        self.story_estimates = self._estimates(settings.story_image_providers)
        self.book_estimates = self._estimates(settings.image_providers)
        picture = self.book_estimates.pictures(1)
        self.game = Game(
            self.database,
            self.ledger,
            self.notifier,
            self.desk,
            cancel=self.runner.cancel,
            timeout=settings.request_timeout,
            amount_of_turn=self.book_estimates.text(characters=4000, most_tokens=1500) + picture,
            amount_of_picture=picture,
        )
        self.answers = PaidAnswers(
            self.database,
            self.ledger,
            seconds=settings.cache_hours * 3600,
            most=settings.cache_max_entries,
        )
        self.firebase = _open_firebase(settings)
        self.mirror = self._mirror()
        self.runner.works = flows.works_of(
            self,
            text=text or self.text,
            images=images or self.image_providers.usual,
            painters=lambda provider: images or self.image_providers.asked_first(provider),
        )
        self.issuer = _open_issuer(settings)
        self.identity = self._identity()
        self.show: Show = lambda job, _base_url: job.public()
        self.deliverer = self._deliverer()
        self._jobs_retention = self._build_retention()
        self._retention = Periodic("retention", _RETENTION_SECONDS, self._sweep_old)

    def start(self) -> None:
        """Bring up the database and every thread. Call it in the process that serves, after a fork."""
        self.database.migrate()
        if self.sandbox:
            self.sandbox.start()
        if self.relay:
            self.relay.start()
        self.ledger.idle = self.captures.sweep
        self.ledger.start()
        self.listening.start()
        self.bell.start(self.runner.run, workers=self.settings.job_threads)
        self.runner.start()
        if self.deliverer:
            self.deliverer.start()
        self.settler.start()
        self.meter.start()
        self._retention.start()
        self.pruner.start()
        if self.mirror:
            self.mirror.start()
        # What exists now lives as long as the process: collecting it again and again only costs time
        # (p99 57 ms -> 24 ms with 500 held requests).
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)
        log.info("service.started", sandbox=self.settings.sandboxed, pictures=self.storage.place)

    def end_streams(self) -> None:
        """End all live streams of events and all sockets, and open no more."""
        self.streams.close()
        self.sockets.close()
        self.notifier.wake_all()

    def stop(self) -> None:
        """End every thread, and leave the rest to others or the next start: nothing recorded is lost."""
        self.notifier.close()
        self.bell.stop(seconds=_STOP_SECONDS)
        self.listening.stop()
        self._retention.stop()
        self.pruner.stop()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.painters.shutdown(wait=True, cancel_futures=True)
        self.keeper.stop()
        if self.deliverer:
            self.deliverer.stop()
        self.settler.stop()
        if self.mirror:
            self.mirror.stop()
        self.runner.stop()
        self.meter.stop()
        self.ledger.stop()
        if self.relay:
            self.relay.stop()
        if self.sandbox:
            self.sandbox.stop()
        self.bell.close()
        for client in self.clients:
            client.close()
        self.image_providers.close()
        if self.firebase:
            self.firebase.close()
        self.webhook.close()
        if self.issuer:
            self.issuer.close()
        self.database.close()
        log.info("service.stopped")

    def limits(self, caller: Caller) -> Plan | None:
        """The plan that limits this caller: the own one, or DEFAULT_PLAN."""
        plans = self.settings.plans
        return plans.get(caller.plan) or plans.get(self.settings.default_plan)

    def writer_amount(self, needed: Estimate) -> Amount:
        """What an estimate of the writer's comes to, at the prices of the models that are asked first."""
        words = self.book_estimates.work(
            needed.calls, prompt_tokens=needed.prompt_tokens, completion_tokens=needed.completion_tokens
        )
        return words + self.book_estimates.pictures(needed.pictures)

    def afford_round(self, job: Job, words: int) -> None:
        """See that one more part of so many words is within the plan. Raises QuotaExceeded."""
        self._afford(job, self.writer_amount(with_request(one_round(words), job.request)))

    def _afford_call(self) -> None:
        """An answer may be of no use and asked for again: more calls than were reserved have to fit as well.

        Jobs that name no plan have reserved all that they may ask.
        """
        if job := self.meter.job:
            self._afford(job, Amount(calls=1))

    def _afford(self, job: Job, amount: Amount) -> None:
        plan = self.limits(Caller(job.owner, job.request["plan"])) if "plan" in job.request else None
        if plan:
            self.ledger.write(partial(quotas.top_up, job=job, amount=amount, limits=plan))

    def keep_answer(self, job: Job) -> None:
        """The job has the answer to a request of the writer's, if that may be asked again."""
        if key := job.request.get("key"):
            self.answers.keep(job.owner, key, job.id)

    def callback(self, url: str, base_url: str) -> Callback | None:
        """Where a job's end is to be told, None if nowhere. Raises InvalidRequest."""
        if not url:
            return None
        if not self.settings.callback_secret:
            raise InvalidRequest(
                "callback_url is not taken here: set CALLBACK_SECRET, with which the calls are signed.",
                code="invalid_field",
                field="callback_url",
            )
        return Callback(check_callback_url(url, allow_private=self.settings.callback_private), base_url)

    def health(self) -> dict[str, Any]:
        """How every part is; `status` is down without a database, degraded without ears."""
        database = self._database_state()
        listener = self._listener_state()
        good = listener["state"] in ("listening", "interrupted", "catching_up")
        status = "down" if database != "ok" else "ok" if good else "degraded"
        return {
            "status": status,
            "sandbox": self.settings.sandboxed,
            "database": database,
            "listener": listener,
            "text": self.text.states(),
            "images": self.image_providers.usual.states(),
            "held_requests": self.admission.held,
            "max_in_flight": self.settings.max_in_flight,
            "jobs_in_hand": self.runner.in_hand,
            "streams": self.streams.held,
            "sockets": self.sockets.held,
            "open_commands": self.captures.open_count(),
            "threads": threading.active_count(),
        }

    @property
    def text_places(self) -> tuple[str, ...]:
        """Which models answer, and where: another place gives other answers."""
        if self.settings.sandboxes_text:
            return ("sandbox",)
        places = text_endpoints(self.settings)
        return tuple(f"{each.provider} {each.base_url} {each.model}" for each in places)

    def text_health(self) -> dict[str, Any]:
        """How the text models are; `status` is ok while one of them can be asked."""
        states = self.text.states()
        is_open = all(state["state"] == "open" for state in states.values())
        return {"status": "degraded" if is_open else "ok", "database": self._database_state(), "text": states}

    def _database_state(self) -> str:
        try:
            with self.database.read() as tx:
                tx.execute(sql("SELECT 1"))
        except SQLAlchemyError as error:
            log.error("health.database", error=type(error).__name__)
            return "unreachable"
        return "ok" if self.ledger.is_alive else "not written"

    def _listener_state(self) -> dict[str, Any]:
        heard = self.captures.last_event_at
        try:
            state = self.listening.state()
        except SQLAlchemyError:
            state = {"state": "unknown"}
        return {**state, "last_event_seconds_ago": round(time.time() - heard, 1) if heard else None}

    def _midjourney(self) -> ImageProvider:
        form = PromptForm(signature=self._live.midjourney_signature, limit=self._live.midjourney_prompt_limit)
        send = partial(send_midjourney_command, self.webhook)
        return MidjourneyProvider(
            self.database,
            self.ledger,
            self.notifier,
            self.captures,
            keeper=self.keeper,
            send=send,
            form=form,
            hearing=self.listening,
        )

    def _estimates(self, image_providers: tuple[str, ...]) -> Estimates:
        """What work may take, by the models that are asked first."""
        return Estimates(
            Prices(self._live.model_prices),
            text_model=next((endpoint.model for endpoint in text_endpoints(self._live)), ""),
            image_model=self.image_providers.first_model(image_providers),
        )

    def order_illustrations(self, job: Job, book: Job) -> None:
        """The character may have to be painted as well."""
        self.desk.follow(job, book, self.book_estimates.pictures(len(job.request["pages"]) + 1))

    def order_illustration(self, job: Job, turn: Job, also: Write) -> None:
        """The picture of an adventure's turn, ordered while that is told."""
        self.desk.follow(job, turn, self.book_estimates.pictures(1), also=[also])

    def _count_drawn(self, tx: Connection, request: ImageRequest, cost: float) -> None:
        amount = Amount(pictures=1, cost=cost)
        self.meter.count(tx, request.job_id, amount, key=request.attempt or new_id())

    def _count_painted(self, tx: Connection, job_id: str, command_id: str) -> None:
        """A grid of MidJourney's, which is paid for by the month."""
        self.meter.count(tx, job_id, Amount(pictures=1), key=command_id)

    def _job_ended(self) -> None:
        if self.mirror:
            self.mirror.look()
        if self.deliverer:
            self.deliverer.wake()
        if self.settings.plans:
            self.settler.wake()

    def _identity(self) -> Identity | None:
        """Who calls; None where there is one local user."""
        settings = self.settings
        if not settings.needs_sign_in:
            return None
        return Identity(
            settings.api_keys,
            check_token=self.issuer.check if self.issuer else None,
            plan_claim=settings.auth_plan_claim,
            token_cookie=settings.auth_cookie,
        )

    def _mirror(self) -> Mirror | None:
        if not self.firebase:
            return None
        return Mirror(self.database, self.firebase.patch, base_url=self.settings.public_url)

    def _deliverer(self) -> Deliverer | None:
        if not self.settings.callback_secret:
            return None
        client = CallbackClient(self.settings.callback_secret, allow_private=self.settings.callback_private)
        return Deliverer(
            self.database,
            self.ledger,
            client.post,
            lambda job, base_url: self.show(job, base_url),  # noqa: PLW0108  (it is set later)
        )

    def _build_retention(self) -> Retention:
        return Retention(
            self.database,
            self.ledger,
            days=self.settings.job_retention_days,
            files_of=records.files_of,
            delete=self.storage.delete,
            also=self._forget_old,
        )

    def _sweep_old(self) -> None:
        self._jobs_retention.sweep()
        self.uploads.forget_old(self.settings.job_retention_days)

    def _forget_old(self, tx: Connection) -> None:
        idempotency.forget_old(tx)
        forget_old_descriptions(tx)
        quotas.forget_old(tx)
        self.answers.forget_old(tx)
        before = time.time() - self.settings.job_retention_days * 86_400
        forget_old_drafts(tx, before)
        forget_old_adventures(tx, before)

    def _account(self) -> DiscordAccount:
        return DiscordAccount(
            token=self._live.discord_bot_token,
            api_url=self._live.discord_api_url,
            gateway_url=self._live.discord_gateway_url,
            midjourney_ids=self._live.midjourney_bot_ids,
        )

    def _find_channel(self) -> int:
        known = self._live.discord_channel_id
        return known or self.webhook.place(deadline=time.monotonic() + _WEBHOOK_SECONDS).channel_id


def _open_firebase(settings: Settings) -> FirebaseClient | None:
    if not settings.firebase_database_url:
        return None
    return FirebaseClient(settings.firebase_database_url, settings.firebase_token)


def _open_issuer(settings: Settings) -> JwksClient | None:
    """Whoever makes the tokens that are taken; None if none are."""
    if not settings.auth_jwks_url:
        return None
    rules = TokenRules(
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        parties=settings.auth_authorized_parties,
    )
    return JwksClient(settings.auth_jwks_url, rules)


def _albums_at_work(tx: Connection) -> set[str]:
    """The ids of jobs that are not done, and of the books and sets that they belong to."""
    busy = rows.unfinished(tx)
    owners = {job.request.get("book") or job.request.get("set") for job in busy}
    return {job.id for job in busy} | {str(owner) for owner in owners if owner}


def _amount_of(completion: Completion) -> Amount:
    used = completion.usage
    return Amount(calls=1, tokens=used.prompt_tokens + used.completion_tokens, cost=completion.cost or 0.0)


def _public_http() -> PublicHttp:
    """For pictures that requests name: from the public internet only."""
    return PublicHttp(allow_private=False, most_bytes=UPLOAD_BYTES + 65_536)
