"""The sandbox's midjourney-proxy: tasks from their submission to their pictures, and its bad days."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.control import Fault, Habits
from sandbox.proxy import PREFIXES, SECRET
from sandbox.server import Sandbox
from tests.sandbox.calling import BLUE, RED, SECONDS, Call, Colour, let, picture, received

MJ = PREFIXES[0]
HEADERS = {"mj-api-secret": SECRET}
PROMPT = "A Yorkie flies a kite over the farm"
CHARACTER = "Mia, a small terrier with a red bow, on a plain white background"

Json = dict[str, Any]
Submit = Callable[..., Json]
Finish = Callable[..., Json]


@pytest.fixture(autouse=True)
def fresh(sandbox: Sandbox, call: Call) -> Iterator[None]:
    """No task of another test is left."""
    yield
    call("POST", "/sandbox/proxy", json={"action": "forget"})


@pytest.fixture
def submit(call: Call) -> Submit:
    """`submit("imagine", prompt=...)`: the answer to a submission."""

    def send(name: str, **body: Any) -> Json:
        answered: Json = call("POST", f"{MJ}/submit/{name}", json=body, headers=HEADERS).json()
        return answered

    return send


@pytest.fixture
def fetch(call: Call) -> Callable[[str], Json]:
    def get(task_id: str) -> Json:
        task: Json = call("GET", f"{MJ}/task/{task_id}/fetch", headers=HEADERS).json()
        return task

    return get


@pytest.fixture
def finish(fetch: Callable[[str], Json]) -> Finish:
    """`finish(answer)`: the task of a submission once it has one of `statuses`."""

    def wait(answered: Json, *statuses: str) -> Json:
        assert answered["code"] in (1, 22), answered
        deadline = time.monotonic() + SECONDS
        while (task := fetch(answered["result"]))["status"] not in (statuses or ("SUCCESS", "FAILURE")):
            assert time.monotonic() < deadline, f"The task stays {task['status']}."
            time.sleep(0.005)
        return task

    return wait


@pytest.fixture
def imagined(submit: Submit, finish: Finish) -> Callable[..., Json]:
    """`imagined(prompt, ...)`: a finished task."""
    return lambda prompt=PROMPT, **more: finish(submit("imagine", prompt=prompt, **more))


@pytest.fixture
def hook() -> Iterator[tuple[str, Queue[Json]]]:
    """An address for notifications, and those that have come."""
    told: Queue[Json] = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told
    server.shutdown()
    thread.join()
    server.server_close()


def url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def seen(call: Call, address: str) -> Image.Image:
    response = call("GET", address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/png")
    image = Image.open(io.BytesIO(response.content))
    image.load()
    return image


def quarters(grid: Image.Image) -> list[Image.Image]:
    width, height = grid.width // 2, grid.height // 2
    return [grid.crop((x, y, x + width, y + height)) for y in (0, height) for x in (0, width)]


def rim(image: Image.Image) -> set[Any]:
    """The colours of the outermost pixels."""
    width, height = image.size
    ends = [(x, y) for x in range(width) for y in (0, height - 1)]
    ends += [(x, y) for y in range(height) for x in (0, width - 1)]
    return {image.getpixel(place) for place in ends}


def share(image: Image.Image, colour: Colour, *, within: int = 30) -> float:
    """The part of the picture (0..1) that is nearly of that colour."""
    content = image.convert("RGB").tobytes()
    near = sum(
        all(abs(a - b) <= within for a, b in zip(content[at : at + 3], colour, strict=True))
        for at in range(0, len(content), 3)
    )
    return near / (image.width * image.height)


def outcomes(answered: Json) -> tuple[int, Any]:
    return answered["code"], answered["result"]


def test_a_prompt_becomes_a_grid_of_four(call: Call, submit: Submit, finish: Finish) -> None:
    answered = submit("imagine", prompt=f" {PROMPT} ", state="page 3")
    task = finish(answered)

    assert (answered["code"], answered["properties"]) == (1, {})
    assert task["id"] == answered["result"]
    assert (task["action"], task["status"], task["progress"]) == ("IMAGINE", "SUCCESS", "100%")
    assert (task["prompt"], task["promptEn"], task["state"]) == (PROMPT, PROMPT, "page 3")
    assert task["description"] == f"/imagine {PROMPT}"
    assert task["submitTime"] <= task["startTime"] <= task["finishTime"]
    assert abs(task["finishTime"] / 1000 - time.time()) < SECONDS
    assert task["failReason"] is None
    grid = seen(call, task["imageUrl"])
    assert grid.size == (64, 64)
    assert len({quarter.tobytes() for quarter in quarters(grid)}) == 4


def test_a_grid_has_the_form_that_the_prompt_asks_for(call: Call, imagined: Callable[..., Json]) -> None:
    assert seen(call, imagined(f"{PROMPT} --ar 3:2 --v 7")["imageUrl"]).size == (64, 42)
    assert seen(call, imagined(f"{PROMPT} --ar 1:2")["imageUrl"]).size == (32, 64)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("headers", [HEADERS, {"Authorization": f"Bearer {SECRET}"}])
def test_who_knows_the_secret_gets_in_at_either_address(
    call: Call, finish: Finish, prefix: str, headers: dict[str, str]
) -> None:
    answered = call("POST", f"{prefix}/submit/imagine", json={"prompt": PROMPT}, headers=headers).json()

    assert finish(answered)["status"] == "SUCCESS"
    assert call("GET", f"{prefix}/task/{answered['result']}/fetch", headers=headers).json()["id"]


@pytest.mark.parametrize("headers", [{}, {"mj-api-secret": "wrong"}, {"Authorization": SECRET}])
def test_who_does_not_know_the_secret_gets_nothing(call: Call, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/submit/imagine"), ("GET", "/task/1/fetch"), ("GET", "/task/list")):
        response = call(method, MJ + path, json={"prompt": PROMPT}, headers=headers)
        assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("index", [1, 2, 3, 4])
@pytest.mark.parametrize("plain", [True, False])
def test_an_upscale_is_that_quarter_of_the_grid(
    call: Call, submit: Submit, finish: Finish, habits: Callable[..., Habits], index: int, plain: bool
) -> None:
    habits(plain=plain)
    grid = finish(submit("imagine", prompt=f"{PROMPT} --ar 3:2"))
    upscaled = finish(submit("change", taskId=grid["id"], action="UPSCALE", index=index))

    assert (upscaled["action"], upscaled["prompt"]) == ("UPSCALE", grid["prompt"])
    assert upscaled["description"] == f"/up {grid['id']} U{index}"
    one = seen(call, upscaled["imageUrl"])
    assert one.tobytes() == quarters(seen(call, grid["imageUrl"]))[index - 1].tobytes()


@pytest.mark.parametrize(("action", "index"), [("VARIATION", 2), ("VARIATION", 3), ("REROLL", None)])
def test_a_variation_and_a_reroll_are_other_grids(
    call: Call, submit: Submit, finish: Finish, imagined: Callable[..., Json], action: str, index: int | None
) -> None:
    grid = imagined()
    other = finish(submit("change", taskId=grid["id"], action=action, index=index))

    first, second = seen(call, grid["imageUrl"]), seen(call, other["imageUrl"])
    assert first.size == second.size
    assert first.tobytes() != second.tobytes()
    assert len(other["buttons"]) == 9


@pytest.mark.parametrize(
    ("said", "action", "end"), [("U2", "UPSCALE", "U2"), ("v4", "VARIATION", "V4"), ("R", "REROLL", "R")]
)
def test_a_change_can_be_asked_for_in_short(
    submit: Submit, finish: Finish, imagined: Callable[..., Json], said: str, action: str, end: str
) -> None:
    grid = imagined()
    changed = finish(submit("simple-change", content=f"{grid['id']} {said}"))

    assert (changed["action"], changed["description"]) == (action, f"/up {grid['id']} {end}")


def test_a_change_can_be_asked_for_by_a_button(
    call: Call, submit: Submit, finish: Finish, imagined: Callable[..., Json]
) -> None:
    grid = imagined()
    buttons = {button["label"]: button["customId"] for button in grid["buttons"]}
    upscaled = finish(submit("action", taskId=grid["id"], customId=buttons["U3"]))
    rerolled = finish(submit("action", taskId=grid["id"], customId=buttons["🔄"]))

    assert (upscaled["action"], rerolled["action"]) == ("UPSCALE", "REROLL")
    assert seen(call, upscaled["imageUrl"]).tobytes() == quarters(seen(call, grid["imageUrl"]))[2].tobytes()
    assert upscaled["buttons"] == []
    assert submit("action", taskId=grid["id"], customId="MJ::JOB::upsample::1::another")["code"] == 4
    assert submit("action", taskId="0", customId=buttons["U1"])["code"] == 3


def test_a_change_that_is_asked_for_again_exists_already(
    submit: Submit, finish: Finish, imagined: Callable[..., Json]
) -> None:
    grid = imagined()
    first = finish(submit("change", taskId=grid["id"], action="UPSCALE", index=2))
    again = submit("simple-change", content=f"{grid['id']} U2")

    assert outcomes(again) == (21, first["id"])
    assert again["properties"] == {"status": "SUCCESS", "imageUrl": first["imageUrl"]}
    assert submit("change", taskId=grid["id"], action="UPSCALE", index=1)["code"] == 1


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("imagine", {}, 4),
        ("imagine", {"prompt": "  "}, 4),
        ("imagine", {"prompt": PROMPT, "base64Array": ["hello"]}, 4),
        ("imagine", {"prompt": PROMPT, "base64Array": ["data:image/png;base64,%%"]}, 4),
        ("imagine", {"prompt": PROMPT, "base64Array": [url(b"no picture")]}, 4),
        ("change", {"action": "UPSCALE", "index": 1}, 4),
        ("change", {"taskId": "1", "action": "ZOOM", "index": 1}, 4),
        ("change", {"taskId": "1", "action": "UPSCALE", "index": 0}, 4),
        ("change", {"taskId": "1", "action": "VARIATION", "index": 5}, 4),
        ("change", {"taskId": "1", "action": "UPSCALE", "index": 1}, 3),
        ("change", {"taskId": "1", "action": "REROLL"}, 3),
        ("simple-change", {"content": "1 U5"}, 4),
        ("simple-change", {"content": "1"}, 4),
        ("simple-change", {"content": "1 U4"}, 3),
        ("describe", {}, 4),
        ("blend", {"base64Array": [url(picture())]}, 4),
        ("blend", {"base64Array": [url(picture())] * 6}, 4),
        ("blend", {"base64Array": [url(picture())] * 2, "dimensions": "ROUND"}, 4),
    ],
)
def test_a_wrong_submission_is_answered_with_its_code(call: Call, name: str, body: Json, code: int) -> None:
    response = call("POST", f"{MJ}/submit/{name}", json=body, headers=HEADERS)

    assert response.status_code == 200
    assert outcomes(response.json()) == (code, None)
    assert response.json()["description"]


@pytest.mark.parametrize("word", ["gore", "Blood", "NUDE"])
def test_a_banned_word_is_named(submit: Submit, word: str) -> None:
    answered = submit("imagine", prompt=f"a dog, {word}, a farm")

    assert (answered["code"], answered["properties"]["bannedWord"]) == (24, word)
    assert submit("imagine", prompt="a bloodhound")["code"] == 1


def test_a_task_that_has_not_succeeded_cannot_be_changed(
    sandbox: Sandbox, submit: Submit, finish: Finish
) -> None:
    let(sandbox, "proxy.task", "failure", reason="no")
    failed = finish(submit("imagine", prompt=PROMPT))
    let(sandbox, "proxy.task", "stuck")
    running = submit("imagine", prompt=PROMPT)

    assert submit("change", taskId=failed["id"], action="REROLL")["code"] == 9
    assert submit("change", taskId=running["result"], action="REROLL")["code"] == 9
    assert submit("action", taskId=failed["id"], customId="MJ::JOB::reroll::0::x::SOLO")["code"] == 9


def test_only_a_grid_can_be_changed(submit: Submit, finish: Finish, imagined: Callable[..., Json]) -> None:
    upscaled = finish(submit("change", taskId=imagined()["id"], action="UPSCALE", index=2))

    assert submit("change", taskId=upscaled["id"], action="UPSCALE", index=1)["code"] == 4


def test_an_unknown_task_is_an_empty_answer(call: Call) -> None:
    response = call("GET", f"{MJ}/task/1/fetch", headers=HEADERS)

    assert (response.status_code, response.content) == (200, b"")


def test_tasks_can_be_listed(call: Call, imagined: Callable[..., Json]) -> None:
    ids = [imagined()["id"] for _ in range(3)]
    everything = call("GET", f"{MJ}/task/list", headers=HEADERS).json()
    wanted = {"ids": [ids[2], "1", ids[0]]}
    some = call("POST", f"{MJ}/task/list-by-condition", json=wanted, headers=HEADERS).json()

    assert [task["id"] for task in everything] == ids
    assert [task["id"] for task in some] == [ids[2], ids[0]]
    assert call("POST", f"{MJ}/task/list-by-condition", json={}, headers=HEADERS).json() == []


def test_more_tasks_than_can_be_carried_out_wait_and_then_there_is_no_room(
    sandbox: Sandbox, call: Call, submit: Submit, finish: Finish, habits: Callable[..., Habits]
) -> None:
    habits(proxy_at_once=2, proxy_queue=2)
    sandbox.control.add(Fault("proxy.task", "stuck", times=2))
    answers = [submit("imagine", prompt=f"{PROMPT} {number}") for number in range(5)]

    assert [answered["code"] for answered in answers] == [1, 1, 22, 22, 23]
    assert [answered["properties"] for answered in answers[2:4]] == [
        {"numberOfQueues": 1},
        {"numberOfQueues": 2},
    ]
    assert answers[4]["result"] is None
    assert finish(answers[2], "NOT_START")["progress"] is None
    call("POST", "/sandbox/proxy", json={"action": "restart"})
    assert [finish(answered)["failReason"] for answered in answers[:4]] == ["restarted"] * 4


def test_a_waiting_task_begins_when_another_one_ends(
    submit: Submit, finish: Finish, habits: Callable[..., Habits]
) -> None:
    habits(proxy_at_once=1)
    answers = [submit("imagine", prompt=f"{PROMPT} {number}") for number in range(4)]
    tasks = [finish(answered) for answered in answers]

    assert [answered["code"] for answered in answers][1:] == [22] * 3
    starts = [task["startTime"] for task in tasks]
    assert all(start >= before["finishTime"] for start, before in zip(starts[1:], tasks, strict=False))


def test_tasks_at_the_same_time_take_the_time_of_one(
    submit: Submit, finish: Finish, habits: Callable[..., Habits]
) -> None:
    habits(image_seconds=0.6)
    begun = time.monotonic()
    answers = [submit("imagine", prompt=f"{PROMPT} {number}") for number in range(12)]
    tasks = [finish(answered) for answered in answers]
    seconds = time.monotonic() - begun

    assert {answered["code"] for answered in answers} == {1}
    assert min(task["finishTime"] - task["submitTime"] for task in tasks) >= 590
    assert seconds < 12 * 0.6 / 2


def test_an_upscale_takes_a_quarter_of_the_time(
    submit: Submit, finish: Finish, imagined: Callable[..., Json], habits: Callable[..., Habits]
) -> None:
    grid = imagined()
    habits(image_seconds=1.2)
    upscaled = finish(submit("change", taskId=grid["id"], action="UPSCALE", index=1))

    assert 290 <= upscaled["finishTime"] - upscaled["startTime"] < 1100


@pytest.mark.parametrize("plain", [True, False])
def test_references_are_seen_in_each_of_the_four(
    call: Call, imagined: Callable[..., Json], habits: Callable[..., Habits], plain: bool
) -> None:
    habits(plain=plain, image_pixels=400)
    for prompt in (PROMPT, CHARACTER):
        grid = imagined(prompt, base64Array=[url(picture(RED)), url(picture(BLUE))])
        for quarter in quarters(seen(call, grid["imageUrl"])):
            assert share(quarter, RED, within=60) > 0.003
            assert share(quarter, BLUE, within=60) > 0.003


@pytest.mark.parametrize("dimensions", ["PORTRAIT", "SQUARE", "LANDSCAPE"])
def test_pictures_can_be_blended(call: Call, submit: Submit, finish: Finish, dimensions: str) -> None:
    pictures = [url(picture(RED)), url(picture(BLUE))]
    blended = finish(submit("blend", base64Array=pictures, dimensions=dimensions))
    sizes = {"PORTRAIT": (42, 64), "SQUARE": (64, 64), "LANDSCAPE": (64, 42)}

    assert blended["action"] == "BLEND"
    grid = seen(call, blended["imageUrl"])
    assert grid.size == sizes[dimensions]
    assert share(grid, RED) > 0.05
    assert finish(submit("change", taskId=blended["id"], action="UPSCALE", index=1))["status"] == "SUCCESS"


def test_a_picture_can_be_described(call: Call, submit: Submit, finish: Finish) -> None:
    described = finish(submit("describe", base64=url(picture(RED))))

    assert "tomato red" in described["prompt"]
    assert described["promptEn"] == described["prompt"]
    assert seen(call, described["imageUrl"]).getpixel((3, 3)) == RED


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("on a plain white background", (255, 255, 255)),
        ("plain green background", (74, 154, 96)),
        ("isolated on a plain black backdrop", (22, 22, 28)),
        ("plain background", None),
        ("on a plain grey, full body", (188, 190, 196)),
    ],
)
def test_a_plain_backdrop_reaches_all_borders(
    call: Call,
    imagined: Callable[..., Json],
    habits: Callable[..., Habits],
    words: str,
    ground: Any,
    plain: bool,
) -> None:
    habits(plain=plain, image_pixels=400)
    grid = imagined(f"Bruno, a big terrier with a yellow hat, {words}")

    for quarter in quarters(seen(call, grid["imageUrl"])):
        (colour,) = rim(quarter)
        assert ground in (None, colour)
        assert 0.1 < 1 - share(quarter, colour, within=24) < 0.75


def test_the_records_say_what_came_but_no_picture_and_no_secret(
    sandbox: Sandbox, call: Call, submit: Submit, imagined: Callable[..., Json]
) -> None:
    grid = imagined(base64Array=[url(picture(RED)), url(picture(BLUE))], state="s")
    submit("change", taskId=grid["id"], action="UPSCALE", index=4)
    call("GET", grid["imageUrl"])
    told, changed = received(sandbox, "proxy.submit"), received(sandbox, "proxy.change")

    assert told["body"] == {"prompt": PROMPT, "state": "s"}
    assert told["references"] == [hashlib.sha256(picture(colour)).hexdigest() for colour in (RED, BLUE)]
    assert changed["body"] == {"taskId": grid["id"], "action": "UPSCALE", "index": 4}
    assert received(sandbox, "proxy.fetch")["task"] == grid["id"]
    assert grid["imageUrl"].endswith(received(sandbox, "proxy.picture")["name"])
    assert SECRET not in str(sandbox.control.received)


def heard(told: Queue[Json], count: int) -> list[Json]:
    return [told.get(timeout=SECONDS) for _ in range(count)]


def steps(tasks: list[Json]) -> list[tuple[str, str | None]]:
    return [(task["status"], task["progress"]) for task in tasks]


ALL_STEPS = [
    ("SUBMITTED", "Waiting to start"),
    ("IN_PROGRESS", "0%"),
    ("IN_PROGRESS", "31%"),
    ("IN_PROGRESS", "62%"),
    ("SUCCESS", "100%"),
]


def test_a_hook_is_told_of_every_change(
    call: Call, submit: Submit, finish: Finish, hook: tuple[str, Queue[Json]]
) -> None:
    address, told = hook
    answered = submit("imagine", prompt=PROMPT, notifyHook=address, state="mine")
    tasks = heard(told, 5)

    assert steps(tasks) == ALL_STEPS
    assert tasks[-1] == finish(answered)
    assert {task["state"] for task in tasks} == {"mine"}
    assert tasks[0]["imageUrl"] is None
    addresses = [task["imageUrl"] for task in tasks[1:]]
    assert len(set(addresses)) == 4
    assert {seen(call, one).size for one in addresses} == {(64, 64)}


def test_a_hook_that_does_not_answer_does_no_harm(submit: Submit, finish: Finish) -> None:
    for address in ("http://127.0.0.1:9/none", "no address at all"):
        assert finish(submit("imagine", prompt=PROMPT, notifyHook=address))["status"] == "SUCCESS"


def test_a_hook_can_be_told_twice_late_or_not_at_all(
    sandbox: Sandbox, submit: Submit, finish: Finish, hook: tuple[str, Queue[Json]]
) -> None:
    address, told = hook
    let(sandbox, "proxy.hook", "duplicate")
    submit("imagine", prompt=PROMPT, notifyHook=address)
    assert steps(heard(told, 10)) == [step for step in ALL_STEPS for _ in range(2)]

    let(sandbox, "proxy.hook", "out_of_order")
    submit("imagine", prompt=PROMPT, notifyHook=address)
    assert steps(heard(told, 5)) == [*ALL_STEPS[1:], ALL_STEPS[0]]

    let(sandbox, "proxy.hook", "none")
    finish(submit("imagine", prompt=PROMPT, notifyHook=address))
    finish(submit("imagine", prompt="told", notifyHook=address))
    assert {task["prompt"] for task in heard(told, 5)} == {"told"}


def test_a_task_can_fail(sandbox: Sandbox, submit: Submit, finish: Finish) -> None:
    let(sandbox, "proxy.task", "failure", reason="Banned prompt detected")
    task = finish(submit("imagine", prompt=PROMPT))

    assert (task["status"], task["failReason"]) == ("FAILURE", "Banned prompt detected")
    assert (task["progress"], task["buttons"]) == ("", [])


@pytest.mark.parametrize(
    ("kind", "progress"),
    [
        ("no_progress", {None}),
        ("words", {"Waiting to start", "Getting ready", "Sketching", "Painting", "Done"}),
    ],
)
def test_progress_can_be_missing_or_in_words(
    sandbox: Sandbox, submit: Submit, hook: tuple[str, Queue[Json]], kind: str, progress: set[str | None]
) -> None:
    address, told = hook
    let(sandbox, "proxy.task", kind)
    submit("imagine", prompt=PROMPT, notifyHook=address)
    tasks = heard(told, 5)

    assert {task["progress"] for task in tasks} == progress
    assert (tasks[-1]["status"], bool(tasks[-1]["imageUrl"])) == ("SUCCESS", True)


def test_a_task_can_end_without_its_picture_or_want_a_modal(
    sandbox: Sandbox, submit: Submit, finish: Finish
) -> None:
    let(sandbox, "proxy.task", "preview_only")
    assert finish(submit("imagine", prompt=PROMPT))["imageUrl"] == ""
    let(sandbox, "proxy.task", "modal")
    assert finish(submit("imagine", prompt=PROMPT), "MODAL")["finishTime"] is None


def test_a_fault_can_wait_for_one_kind_of_task(
    sandbox: Sandbox, submit: Submit, finish: Finish, imagined: Callable[..., Json]
) -> None:
    let(sandbox, "proxy.upscale", "failure", reason="no")
    grid = imagined()

    assert grid["status"] == "SUCCESS"
    assert finish(submit("change", taskId=grid["id"], action="UPSCALE", index=1))["failReason"] == "no"


def test_a_submission_can_meet_a_bad_proxy(sandbox: Sandbox, call: Call, submit: Submit) -> None:
    def status() -> tuple[int, str]:
        response = call("POST", f"{MJ}/submit/imagine", json={"prompt": PROMPT}, headers=HEADERS)
        return response.status_code, response.headers["Content-Type"].partition(";")[0]

    let(sandbox, "proxy.submit", "status", status=503)
    assert status() == (503, "application/json")
    let(sandbox, "proxy.submit", "html", status=502)
    assert status() == (502, "text/html")
    let(sandbox, "proxy.submit", "code", code=23, description="full")
    assert submit("imagine", prompt=PROMPT) == {
        "code": 23,
        "description": "full",
        "result": None,
        "properties": {},
    }
    assert call("GET", f"{MJ}/task/list", headers=HEADERS).json() == []


def test_a_submission_can_be_accepted_and_its_answer_lost(
    sandbox: Sandbox, call: Call, submit: Submit
) -> None:
    let(sandbox, "proxy.submit", "drop")
    with pytest.raises(requests.RequestException):
        submit("imagine", prompt=PROMPT)

    (task,) = call("GET", f"{MJ}/task/list", headers=HEADERS).json()
    assert task["prompt"] == PROMPT


def test_an_answer_can_be_late_while_its_task_is_begun(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "proxy.submit", "late", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}{MJ}/submit/imagine", json={"prompt": PROMPT}, headers=HEADERS, timeout=0.3
        )

    assert len(call("GET", f"{MJ}/task/list", headers=HEADERS).json()) == 1


def test_a_change_has_faults_of_its_own(
    sandbox: Sandbox, submit: Submit, imagined: Callable[..., Json]
) -> None:
    let(sandbox, "proxy.change", "code", code=9, description="broken")
    grid = imagined()

    assert submit("change", taskId=grid["id"], action="REROLL")["code"] == 9
    assert submit("change", taskId=grid["id"], action="REROLL")["code"] == 1


def test_a_hanging_submission_never_becomes_a_task(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "proxy.submit", "hang")
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{sandbox.url}{MJ}/submit/imagine", json={"prompt": PROMPT}, headers=HEADERS, timeout=0.2
        )

    assert call("GET", f"{MJ}/task/list", headers=HEADERS).json() == []


def test_a_look_at_a_task_can_go_wrong(sandbox: Sandbox, call: Call, imagined: Callable[..., Json]) -> None:
    path = f"{MJ}/task/{imagined()['id']}/fetch"

    let(sandbox, "proxy.fetch", "status", status=500)
    assert call("GET", path, headers=HEADERS).status_code == 500
    let(sandbox, "proxy.fetch", "html")
    assert "<html>" in call("GET", path, headers=HEADERS).text
    let(sandbox, "proxy.fetch", "empty")
    assert call("GET", path, headers=HEADERS).content == b""
    let(sandbox, "proxy.fetch", "hang", seconds=0)
    assert call("GET", path, headers=HEADERS).json()["status"] == "SUCCESS"


def test_a_picture_can_be_spoilt(sandbox: Sandbox, call: Call, imagined: Callable[..., Json]) -> None:
    address = imagined()["imageUrl"]

    let(sandbox, "proxy.picture", "status", status=403)
    assert call("GET", address).status_code == 403
    let(sandbox, "proxy.picture", "not_a_picture")
    assert call("GET", address).content.startswith(b"<svg")
    let(sandbox, "proxy.picture", "truncated")
    with pytest.raises(OSError, match="truncated"):
        seen(call, address)
    seen(call, address)
    assert call("GET", "/proxy/pictures/none.png").status_code == 404


def test_a_restart_forgets_tasks_or_fails_them(
    sandbox: Sandbox, call: Call, submit: Submit, finish: Finish, imagined: Callable[..., Json]
) -> None:
    done = imagined()
    let(sandbox, "proxy.task", "stuck")
    running = submit("imagine", prompt=PROMPT)
    call("POST", "/sandbox/proxy", json={"action": "restart"})

    assert finish(running)["failReason"] == "restarted"
    assert finish({"code": 1, "result": done["id"]}) == done
    call("POST", "/sandbox/proxy", json={"action": "forget"})
    assert call("GET", f"{MJ}/task/{done['id']}/fetch", headers=HEADERS).content == b""
    assert imagined()["status"] == "SUCCESS"
    assert call("POST", "/sandbox/proxy", json={"action": "explode"}).status_code == 400


def test_equal_prompts_give_equal_pictures_if_they_should(
    call: Call, submit: Submit, finish: Finish, imagined: Callable[..., Json], habits: Callable[..., Habits]
) -> None:
    def painted(prompt: str) -> bytes:
        grid = imagined(prompt)
        varied = finish(submit("change", taskId=grid["id"], action="VARIATION", index=1))
        return b"".join(seen(call, task["imageUrl"]).tobytes() for task in (grid, varied))

    assert painted(PROMPT) != painted(PROMPT)
    assert painted(f"{PROMPT} --seed 7") == painted(f"{PROMPT} --seed 7")
    habits(story_seed=3)
    assert painted(PROMPT) == painted(PROMPT)
