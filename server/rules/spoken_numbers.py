"""The words of which numbers are made when they are said, by language.

Asterisk has the grammars (`say.c`). It looks up one sound for each word, `digits/20` say, and passes over a
word for which there is none: a number would be said wrongly. So it must be known before that all are there.
Words for numbers up to 999 are listed: nobody hears larger ones, but digit by digit.
"""

from collections.abc import Iterable

_TENS = tuple(range(20, 100, 10))
_HUNDREDS = tuple(range(100, 1000, 100))
_UP_TO_19 = tuple(range(20))
_COMMON = (*_UP_TO_19, *_TENS)
_COMPOUND = tuple(f"{one}-and" for one in range(1, 10))

_WORDS: dict[str, tuple[int | str, ...]] = {
    "cs": (0, *range(3, 20), *_TENS, "1w", "2w", "1sto", "2ste", "sta", "set"),
    "da": (*_COMMON, "hundred", "1N", "and", *_COMPOUND),
    "de": (*_COMMON, "hundred", "1N", *_COMPOUND),
    "en-GB": (*_COMMON, "hundred", "and"),
    "es": (*range(31), *range(40, 100, 10), "and", 100, "100-and", *_HUNDREDS[1:]),
    "fr": (*_COMMON, "hundred", "et"),
    "he": (*_COMMON, *_HUNDREDS, "ve", "uu"),
    "hu": (*range(11), *_TENS, "hundred", "10en", "20on"),
    "it": (*_COMMON, "hundred", *(tens + one for tens in _TENS for one in (1, 8))),
    "nl": (*_COMMON, "hundred", "nl-en"),
    "no": (*_COMMON, "hundred", "1N", "and"),
    "pl": (*_COMMON, *_HUNDREDS),
    "pt": (*_COMMON, 100, "100E", *_HUNDREDS[1:], "pt-e"),
    "ru": (*_COMMON, *_HUNDREDS),
    "th": (*_COMMON, *(tens + 1 for tens in _TENS), "roi"),
    "ur": (*range(100), "hundred"),
    "vi": (*_COMMON, "hundred", "1a", "4a", "5a", "odd"),
    "zh": (*range(11), *_TENS, "hundred"),
}
"""By language what follows `digits/`; any other language counts as English does."""


def number_words(language: str) -> frozenset[str]:
    """The sounds that must be there for numbers to be said in this language: `digits/20`."""
    words = _WORDS.get(language) or _WORDS.get(language.partition("-")[0]) or (*_COMMON, "hundred")
    return frozenset(f"digits/{word}" for word in words)


def english_words(number: int) -> list[str]:
    """The sounds by which a number from 0 to 999,999,999 is said in English, in order."""
    return [f"digits/{word}" for word in _english(number)] or ["digits/0"]


def _english(number: int) -> Iterable[int | str]:
    for size, word in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            yield from _english(number // size)
            yield word
            number %= size
    if number >= 20:
        yield number - number % 10
        number %= 10
    if number:
        yield number
