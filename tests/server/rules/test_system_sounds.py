"""Which sounds a language needs (Q-5): what the code plays, and the words of its numbers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import server
from server.rules.spoken_numbers import english_words, number_words
from server.rules.system_sounds import NEUTRAL, PROMPTS, system_sounds
from server.switch.simulated.sound import prompts

_MAKES_SOUNDS = {"prompt", "words", "_prompts"}


def named_in_code() -> Iterator[str]:
    """Every prompt that a flow names in clear."""
    for module in (Path(server.__file__).parent / "flows").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if name in _MAKES_SOUNDS:
                    for argument in node.args:
                        parts = ast.walk(argument)
                        texts = (part.value for part in parts if isinstance(part, ast.Constant))
                        yield from (text for text in texts if isinstance(text, str) and text)


def test_the_list_of_system_sounds_has_what_the_server_plays_and_nothing_else_Q_5() -> None:
    named = set(named_in_code())
    whole = {name for name in named if not name.startswith("digits/")}
    assert whole - PROMPTS - NEUTRAL == set()
    assert {name for name in PROMPTS if not name.startswith("digits/")} - named == {"conf-now-recording"}
    begun = {name for name in named if name.startswith("digits/")}  # `digits/h-` of `digits/h-3`
    assert all(any(sound.startswith(name) for sound in PROMPTS) for name in begun)
    assert "conf-now-recording" in PROMPTS, "the usual announcement that a call is recorded"


def test_english_has_them_all_Q_5() -> None:
    assert system_sounds("en") <= prompts().keys()


@pytest.mark.parametrize(
    ("language", "its_own"),
    [
        ("cs", {"digits/1w", "digits/2w", "digits/sta"}),
        ("de", {"digits/1N", "digits/3-and"}),
        ("de-AT", {"digits/1N", "digits/3-and"}),
        ("en-GB", {"digits/and"}),
        ("es", {"digits/21", "digits/100-and"}),
        ("pt-BR", {"digits/pt-e"}),
        ("zh", {"digits/hundred"}),
        ("xx", {"digits/hundred"}),
    ],
)
def test_numbers_have_the_words_of_the_grammar_Q_5(language: str, its_own: set[str]) -> None:
    words = number_words(language)
    assert its_own <= words
    assert {f"digits/{number}" for number in (0, 3, 10, 20, 90)} <= words
    assert ("digits/hundred" in words) == (language not in {"cs", "es", "pt-BR"})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (7, "7"),
        (21, "20 1"),
        (100, "1 hundred"),
        (342, "3 hundred 40 2"),
        (1002, "1 thousand 2"),
        (2_000_017, "2 million 17"),
        (999_999_999, "9 hundred 90 9 million 9 hundred 90 9 thousand 9 hundred 90 9"),
    ],
)
def test_a_number_in_english_words_Q_5(number: int, said: str) -> None:
    assert english_words(number) == [f"digits/{word}" for word in said.split()]
