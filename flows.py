"""The flows' works, joined to the parts of a service: which kind of job is done by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import adventure.works
import fairytale.blending
import fairytale.sets
import story.telling
import storybook.books
import writer.illustrating
from adventure.works import Narrator, Painter
from background_removal import find_remover
from fairytale.blending import Blender
from fairytale.mirroring import nobody
from fairytale.painting import SetPainter
from images.provider import ImageProvider
from jobs.work import Work
from storybook.books import BookWriter
from storybook.illustrating import Illustrator
from text.model import TextModel
from writer.illustrating import SceneDrawer
from writer.memory import Memories
from writer.works import Writing

if TYPE_CHECKING:
    from service import Service

# The image models: those that are usual, or one that is asked first.
Painters = Callable[[str], ImageProvider]


def works_of(
    service: Service,
    *,
    text: TextModel,
    images: ImageProvider,
    painters: Painters,
) -> dict[str, Work]:
    """The work of each kind of job. `images` draws books, `painters` what names a model of its own."""
    return {
        story.telling.KIND: service.storyteller.tell,
        **_of_books(service, text, images),
        **_of_sets(service, painters),
        **_of_blending(service),
        **_of_writing(service, text, painters),
        **_of_adventures(service, text, images),
    }


def _of_books(service: Service, text: TextModel, images: ImageProvider) -> dict[str, Work]:
    author = BookWriter(
        text,
        service.database,
        service.ledger,
        service.storage,
        service.uploads,
        order=service.order_illustrations,
    )
    illustrator = Illustrator(
        images,
        service.database,
        service.ledger,
        service.notifier,
        service.storage,
        painters=service.painters,
        size=service.settings.image_size,
        seconds=service.settings.picture_seconds,
    )
    return {
        storybook.books.KIND: author.write,
        storybook.books.ILLUSTRATIONS: illustrator.illustrate,
    }


def _of_sets(service: Service, painters: Painters) -> dict[str, Work]:
    sets = SetPainter(
        painters,
        service.database,
        service.ledger,
        service.notifier,
        storage=service.storage,
        uploads=service.uploads,
        pool=service.painters,
        size=service.settings.image_size,
        seconds=service.settings.picture_seconds,
        changed=service.mirror.changed if service.mirror else nobody,
        proxy=service.image_providers.by_proxy,
        remove=find_remover(),
    )
    return {fairytale.sets.SET: sets.paint_set, fairytale.sets.PICTURE: sets.change_picture}


def _of_blending(service: Service) -> dict[str, Work]:
    providers = service.image_providers
    if not (providers.proxy and providers.by_proxy):
        return {}
    blender = Blender(providers.by_proxy, providers.proxy.describe, service.storage)
    return {fairytale.blending.BLEND: blender.blend, fairytale.blending.DESCRIBE: blender.describe}


def _of_writing(service: Service, text: TextModel, painters: Painters) -> dict[str, Work]:
    memories = Memories(service.database, service.ledger)
    writing = Writing(text, memories, afford=service.afford_round, answered=service.keep_answer)
    drawer = SceneDrawer(
        painters,
        service.database,
        service.ledger,
        service.notifier,
        service.storage,
        pool=service.painters,
        seconds=service.settings.picture_seconds,
    )
    return {**writing.works(), writer.illustrating.KIND: drawer.draw}


def _of_adventures(service: Service, text: TextModel, images: ImageProvider) -> dict[str, Work]:
    narrator = Narrator(
        text, service.database, service.ledger, service.notifier, order=service.order_illustration
    )
    painter = Painter(
        images,
        service.database,
        service.ledger,
        service.notifier,
        service.storage,
        size=service.settings.image_size,
        side=service.settings.adventure_pixels,
        colours=service.settings.adventure_colours,
        seconds=service.settings.picture_seconds,
    )
    return {adventure.works.TURN: narrator.tell, adventure.works.PICTURE: painter.paint}
