"""The /imagine line: whatever the prompt, it is one line that ends with our seed."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from midjourney.command import build_command, message_content
from midjourney.messages import seed_of

SIGNATURE = "Uncle Mark's Yorkie Farm"
ALLOWED = re.compile(
    r"--(?:ar \d{1,3}:\d{1,3}|v \d(?:\.\d)?|niji(?: \d)?|(?:s|c|q|w|iw|exp) \d{1,4}(?:\.\d{1,2})?"
    r"|stop \d{2,3}|style [a-z0-9]{1,20}|raw|tile|draft|seed \d{1,10})",
    re.ASCII,
)
PIECES = st.sampled_from(
    [
        *(
            "a small dog",
            "in the farm",
            " ",
            "\n",
            "\t",
            "`",
            "```",
            "\u2028",
            "\x00",
            "\u202e",
            "\u200b",
            "\r\n",
        ),
        *("--seed 5", "--seed=6", "--repeat 40", "--ar 16:9", "--aspect 3:2", "--v 7", "--tile", "--no cats"),
        *("--s ٣", "--video", "—ar 3:2", "––seed 8", "-", "--", "---seed 9", "-\u200b-seed 3", "@everyone"),
        *("--STYLE raw", "--niji", "--x", "/imagine prompt:", "--stop 80", "--iw 2", "é", "🐕‍🦺", "x" * 90),
    ]
)
PROMPTS = st.text() | st.lists(PIECES).map(" ".join) | st.lists(PIECES).map("".join)
SEEDS = st.integers(0, 0xFFFFFFFF)


def prompt_of(prompt: str, *, style: str = "", limit: int = 350) -> str:
    return build_command(prompt, seed=77, style=style, signature=SIGNATURE, limit=limit).prompt


@given(prompt=PROMPTS, style=PROMPTS, seed=SEEDS, limit=st.integers(120, 1500))
@example(prompt="x" * 500, style="y" * 500, seed=0xFFFFFFFF, limit=120)
@example(
    prompt="a --ar 3:2 --v 7 --s 1000 --c 100 --q 2 --w 100 --iw 2 --exp 9", style="b" * 99, seed=1, limit=120
)
def test_whatever_the_prompt_it_is_one_short_line_with_our_seed_at_its_end(
    prompt: str, style: str, seed: int, limit: int
) -> None:
    command = build_command(prompt, seed=seed, style=style, signature=SIGNATURE, limit=limit)
    text, flags = command.prompt[: len(command.text)], command.prompt[len(command.text) :]

    assert len(command.line.splitlines()) == 1
    assert command.line == f"/imagine prompt: {command.prompt}"
    assert len(command.prompt) <= limit
    assert "`" not in command.line
    assert command.line.endswith(f" --seed {seed}")
    assert command.prompt.count("--seed") == 1
    assert seed_of(command.line) == seed
    assert text.endswith(SIGNATURE)
    assert "--" not in text
    assert not re.search("[\u2012-\u2015\u202a-\u202e\u2066-\u2069\u200b\x00-\x1f]", command.line)
    assert ALLOWED.sub("", flags).strip() == ""


@given(prompt=PROMPTS, style=PROMPTS)
def test_no_prompt_leaves_the_code_block(prompt: str, style: str) -> None:
    content = message_content(build_command(prompt, seed=1, style=style, signature=SIGNATURE).line)

    assert content.count("`") == 6
    assert len(content.splitlines()) == 3
    assert len(content) <= 2000


@pytest.mark.parametrize(
    ("prompt", "command"),
    [
        ("a dog", "a dog, {} --seed 77"),
        ("  a \n dog\t", "a dog, {} --seed 77"),
        ("", "{} --seed 77"),
        ("a dog --ar 16:9", "a dog, {} --ar 16:9 --seed 77"),
        ("--ar 16:9 a dog", "a dog, {} --ar 16:9 --seed 77"),
        ("a --ar 3:2 dog --v 6.1 --tile", "a dog, {} --ar 3:2 --v 6.1 --tile --seed 77"),
        ("a dog --aspect 3:2 --stylize 250 --chaos 5", "a dog, {} --ar 3:2 --s 250 --c 5 --seed 77"),
        ("a dog --version 7 --quality .5", "a dog, {} --v 7 --seed 77"),
        ("a dog --AR 3:2 --Style raw", "a dog, {} --ar 3:2 --style raw --seed 77"),
        ("a dog --ar=3:2", "a dog, {} --ar 3:2 --seed 77"),
        ("a dog --ar 1:1 --ar 3:2", "a dog, {} --ar 3:2 --seed 77"),
        ("a dog --ar wide", "a dog, {} --seed 77"),
        ("a dog --ar", "a dog, {} --seed 77"),
        ("a dog --niji", "a dog, {} --niji --seed 77"),
        ("a dog --niji 6", "a dog, {} --niji 6 --seed 77"),
        ("a dog --s ٣", "a dog, {} --seed 77"),
        ("a dog --seed 5", "a dog, {} --seed 77"),
        ("a dog --seed 5 --seed 6 runs", "a dog runs, {} --seed 77"),
        ("a dog ---seed 5", "a dog, {} --seed 77"),
        ("a dog -\u200b-seed 5", "a dog, {} --seed 77"),
        ("a dog --repeat 40", "a dog, {} --seed 77"),
        ("a dog --sunny day", "a dog sunny day, {} --seed 77"),
        ("a dog --no cats", "a dog no cats, {} --seed 77"),
        ("a dog --tile roof", "a dog roof, {} --tile --seed 77"),
        ("a dog--seed 5", "a dog-seed 5, {} --seed 77"),
        ("a dog — a good one", "a dog - a good one, {} --seed 77"),
        ("a dog —seed 5", "a dog - seed 5, {} --seed 77"),
        ("a dog –ar 3:2", "a dog - ar 3:2, {} --seed 77"),
        ("wait -- what", "wait - what, {} --seed 77"),
        ("@everyone look", "@everyone look, {} --seed 77"),
        ("a `dog`", "a 'dog', {} --seed 77"),
        ("```\n/imagine prompt: x", "''' /imagine prompt: x, {} --seed 77"),
        ("\u202egod a\u202c", "god a, {} --seed 77"),
        ("a\x00dog\x1b[31m", "a dog [31m, {} --seed 77"),
        ("👨‍👩‍👧 and 犬", "👨‍👩‍👧 and 犬, {} --seed 77"),
    ],
)
def test_this_becomes_of_a_prompt(prompt: str, command: str) -> None:
    assert prompt_of(prompt) == command.format(SIGNATURE)


def test_the_style_stands_between_prompt_and_signature() -> None:
    assert prompt_of("a dog", style="ink --v 6\n") == f"a dog, ink -v 6, {SIGNATURE} --seed 77"


def test_without_a_signature_none_is_added() -> None:
    assert build_command("a dog", seed=3).line == "/imagine prompt: a dog --seed 3"


def test_a_long_prompt_is_cut_at_a_word_and_nothing_else_is() -> None:
    prompt = prompt_of("word " * 100 + "--ar 3:2", style="ink", limit=150)

    assert len(prompt) <= 150
    assert re.fullmatch(rf"(word )*word…, ink, {SIGNATURE} --ar 3:2 --seed 77", prompt)


def test_a_long_style_is_cut_before_the_signature_is() -> None:
    prompt = prompt_of("a dog", style="ink and " * 40, limit=120)

    assert len(prompt) <= 120
    assert prompt.startswith("a dog, ink and")
    assert prompt.endswith(f", {SIGNATURE} --seed 77")


def test_a_style_of_the_longest_length_stays_whole_at_the_usual_limit() -> None:
    assert f", {'y' * 200}, {SIGNATURE}" in prompt_of("a dog", style="y" * 200)


def test_parameters_give_way_to_the_text_when_they_are_too_many() -> None:
    prompt = prompt_of(
        "a dog on a farm under a tree --ar 16:9 --v 7 --s 1000 --c 100 --q 2 --w 1000 --iw 2 --stop 80",
        limit=120,
    )

    assert prompt.startswith("a dog on a farm")
    assert "--ar 16:9" in prompt
    assert "--stop" not in prompt
