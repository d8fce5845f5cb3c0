"""The sandbox's MidJourney, and the person in the channel who pastes the commands for it to run."""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from typing import Any

from sandbox.control import Control, Fault
from sandbox.discord_world import MIDJOURNEY, PERSON, PERSON_ID, Json, Painting, World

# "```\n/imagine prompt: a small dog --seed 7\n```"
_COMMAND = re.compile(r"/imagine prompt: (?P<prompt>[^\n]+)")
_SEED = re.compile(r"--seed (\d+)")
# Where in a picture's time things happen: the paste, the previews from here on, the end.
_PASTE, _FIRST_PREVIEW, _LAST_PREVIEW = 0.08, 0.25, 0.9
_PERCENTS = (0, 15, 31, 46, 62, 78, 93)
_MODE = "(fast)"


class Midjourney:
    """Runs the commands that it sees in `world`, one task each."""

    def __init__(self, control: Control, world: World) -> None:
        self._control = control
        self._world = world
        self._chance = random.Random(7)

    def see_command(self, message: Json) -> None:
        """The webhook has posted something; a person pastes it if it is a command."""
        found = _COMMAND.search(message["content"])
        if found and self._control.habits.person:
            self._world.run(self._run(message, found["prompt"].strip(), self._control.fault("midjourney")))

    def paint(self, prompt: str) -> None:
        """A person runs /imagine with `prompt`, whether it is one of ours or not."""
        self._control.record("imagine", prompt=prompt)
        self._world.run(self._paint(prompt, None))

    async def _run(self, command: Json, prompt: str, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "silent":
            return
        if kind == "plain_text":
            self._world.post(PERSON, f"/imagine prompt: {prompt}")
            return
        if kind in ("operator_failed", "operator_picture"):
            await self._reply(command, kind, prompt, fault)
            return
        self._control.record("imagine", prompt=prompt)
        await self._paint(prompt, fault)
        if kind == "twice":
            await self._paint(prompt, None)

    async def _reply(self, command: Json, kind: str, prompt: str, fault: Fault | None) -> None:
        """A person answers the command's message: with a picture of their own, or with why it failed."""
        await asyncio.sleep(self._control.habits.image_seconds / 2)
        reference = {"message_id": command["id"], "channel_id": command["channel_id"]}
        if kind == "operator_failed":
            why = (fault.details if fault else {}).get("why", "the prompt was banned")
            self._world.post(PERSON, f"failed: {why}", type=19, message_reference=reference)
            return
        file = self._attach(prompt, "dog.png", is_grid=False)
        self._world.post(PERSON, "", type=19, message_reference=reference, attachments=[file])

    async def _paint(self, prompt: str, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        habits = self._control.habits
        seconds = habits.image_seconds * (1 - habits.jitter * self._chance.random())
        clock = asyncio.get_running_loop().time()
        echo = self._echo(prompt, kind)
        painting_id = str(uuid.uuid4())

        async def until(share: float) -> None:
            await asyncio.sleep(max(0.0, clock + share * seconds - asyncio.get_running_loop().time()))

        await until(_PASTE)
        if kind == "error":
            self._world.post(MIDJOURNEY, "", embeds=[_error(prompt, fault)])
            return
        start = self._world.post(
            MIDJOURNEY, f"**{echo}** - <@{PERSON_ID}> (Waiting to start)", type=20, **_interaction()
        )
        for number in range(habits.previews):
            await until(_FIRST_PREVIEW + (_LAST_PREVIEW - _FIRST_PREVIEW) * number / habits.previews)
            percent = _PERCENTS[min(len(_PERCENTS) - 1, number * len(_PERCENTS) // max(1, habits.previews))]
            self._show_preview(start, echo, prompt, painting_id, percent)
        if kind == "stopped":
            self._world.edit(start, content=f"**{echo}** - <@{PERSON_ID}> (Stopped)")
            return
        await until(1.0)
        # The waiting message goes before or after the picture comes, as it happens.
        deletes_first = self._chance.random() < 0.5
        if deletes_first:
            self._world.delete(start)
        final = self._finish(echo, prompt, painting_id, is_grid=kind != "single")
        if not deletes_first:
            self._world.delete(start)
        if habits.duplicates:
            self._world.tell("MESSAGE_CREATE", final)
            self._world.edit(final)

    def _show_preview(self, start: Json, echo: str, prompt: str, painting_id: str, percent: int) -> None:
        seed = _SEED.search(prompt)
        painting = Painting(prompt, int(seed[1]) if seed else 0, fraction=max(0.02, percent / 100))
        file = self._world.attach(painting, f"{painting_id}_grid_0.webp", 256)
        content = f"**{echo}** - <@{PERSON_ID}> ({percent}%) {_MODE}"
        self._world.edit(start, content=content, attachments=[file])

    def _finish(self, echo: str, prompt: str, painting_id: str, *, is_grid: bool) -> Json:
        cleaned = re.sub(r"[^A-Za-z0-9]+", "_", prompt)[:50].strip("_")
        file = self._attach(prompt, f"farmhand_{cleaned}_{painting_id}.png", is_grid=is_grid)
        tail = f"<@{PERSON_ID}> {_MODE}" if is_grid else f"Image #1 <@{PERSON_ID}>"
        buttons = _grid_buttons(painting_id) if is_grid else []
        self._control.record("painted", prompt=prompt)
        return self._world.post(MIDJOURNEY, f"**{echo}** - {tail}", attachments=[file], components=buttons)

    def _attach(self, prompt: str, filename: str, *, is_grid: bool) -> Json:
        seed = _SEED.search(prompt)
        painting = Painting(prompt, int(seed[1]) if seed else 0, is_grid=is_grid)
        return self._world.attach(painting, filename, self._control.habits.image_pixels)

    def _echo(self, prompt: str, kind: str) -> str:
        """The prompt as MidJourney shows it: spaces collapsed, account defaults appended, and worse."""
        echo = " ".join(prompt.split())
        if kind == "no_seed":
            return _SEED.sub("", echo).strip()
        if kind == "cut":
            return echo[:60].rstrip() + "..."
        if self._control.habits.rewrite:
            echo = echo.replace("'", "’").replace(" - ", " -- ").replace("--ar ", "--aspect ")
            echo = re.sub(r"https?://\S+", lambda _: f"<https://s.mj.run/{uuid.uuid4().hex[:11]}>", echo)
            seed = _SEED.search(echo)
            if seed and self._chance.random() < 0.5:
                echo = f"{_SEED.sub('', echo).strip()} --s 250 {seed[0]}"
        return f"{echo} --v 7"


def _error(prompt: str, fault: Fault | None) -> Json:
    details: dict[str, Any] = fault.details if fault else {}
    return {
        "type": "rich",
        "title": details.get("title", "Banned prompt detected"),
        "description": details.get("description", "Please change the prompt."),
        "color": 16711680,
        "footer": {"text": f"/imagine {prompt}"},
    }


def _interaction() -> Json:
    return {
        "interaction_metadata": {
            "id": "1000000000000000009",
            "type": 2,
            "user": PERSON,
            "authorizing_integration_owners": {},
        },
    }


def _grid_buttons(painting_id: str) -> list[Json]:
    def row(action: str, letter: str) -> Json:
        buttons = [
            {
                "type": 2,
                "style": 2,
                "label": f"{letter}{n}",
                "custom_id": f"MJ::JOB::{action}::{n}::{painting_id}",
            }
            for n in range(1, 5)
        ]
        return {"type": 1, "components": buttons}

    reroll = {
        "type": 2,
        "style": 2,
        "label": "Re-roll",
        "custom_id": f"MJ::JOB::reroll::0::{painting_id}::SOLO",
    }
    upscales = row("upsample", "U")
    upscales["components"].append(reroll)
    return [upscales, row("variation", "V")]
