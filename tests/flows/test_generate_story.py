"""POST /api/generate-story on good days: the whole service against the sandbox."""

from __future__ import annotations

import io
import zipfile

import pytest
from flask.testing import FlaskClient
from PIL import Image

from sandbox.control import Control

pytestmark = pytest.mark.both_databases


def test_a_prompt_gives_a_story_and_four_pictures(client: FlaskClient) -> None:
    answer = client.post(
        "/api/generate-story", json={"prompt_text": "A Yorkie guards the pumpkins"}
    ).get_json()

    assert answer["status"] == "success"
    assert answer["title"]
    assert len(answer["story"].split()) > 200
    assert len(answer["image_urls"]) == 4
    assert [image["role"] for image in answer["images"]] == [
        "grid",
        "picture",
        "picture",
        "picture",
        "picture",
    ]
    assert [image["index"] for image in answer["images"]] == [None, 1, 2, 3, 4]
    assert answer["problems"] == []
    assert answer["sandbox"] is True
    assert set(answer["timings"]) == {"story", "image", "total"}


def test_the_pictures_are_served_under_our_own_url(client: FlaskClient) -> None:
    answer = client.post("/api/generate-story", json={"prompt_text": "A boat"}).get_json()

    for image in answer["images"]:
        response = client.get(image["url"])
        assert response.status_code == 200
        assert response.mimetype == "image/png"
        with Image.open(io.BytesIO(response.data)) as picture:
            assert picture.size == (image["width"], image["height"])


def test_the_job_tells_the_same_as_the_answer(client: FlaskClient) -> None:
    answer = client.post("/api/generate-story", json={"prompt_text": "A balloon"}).get_json()
    job = client.get(f"/api/jobs/{answer['id']}").get_json()

    assert job["kind"] == "story"
    assert job["state"] == "completed"
    assert job["progress"] == 100
    assert job["error"] is None
    assert job["result"] == answer


def test_the_story_can_be_downloaded_with_its_pictures(client: FlaskClient) -> None:
    answer = client.post("/api/generate-story", json={"prompt_text": "A goose"}).get_json()
    response = client.get(f"/api/jobs/{answer['id']}/download")

    archive = zipfile.ZipFile(io.BytesIO(response.data))
    assert archive.namelist() == ["story.md", *(f"picture-{n}.png" for n in range(1, 5))]
    text = archive.read("story.md").decode()
    assert text.startswith(f"# {answer['title']}")
    assert "(picture-1.png)" in text
    with Image.open(io.BytesIO(archive.read("picture-4.png"))) as picture:
        picture.verify()


def test_length_and_language_are_passed_on(client: FlaskClient, control: Control) -> None:
    wish = {"prompt_text": "Ein kleiner Hund", "words": 120, "language": "German", "style": "ink"}
    answer = client.post("/api/generate-story", json=wish).get_json()

    assert 90 <= len(answer["story"].split()) <= 150
    chats = [call for call in control.received if call["target"] == "chat"]
    assert "Length: about 120 words" in chats[-1]["body"]["messages"][-1]["content"]
    commands = [call["content"] for call in control.received if call["target"] == "command"]
    assert "Ein kleiner Hund, ink, Uncle Mark's Yorkie Farm --seed " in commands[-1]
