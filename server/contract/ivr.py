"""Menus (IVR): a caller hears what there is and chooses by keys (ADMIN-2)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from server.contract.base import ExtensionNumber, Line, Request
from server.contract.configuration import AtLeastOne, ConfigObject, ObjectName, Reference
from server.contract.destinations import Destination, DestinationKind
from server.contract.prompts import Language
from server.contract.routing import RouteDestination, references_of


class Key(StrEnum):
    """A key of a telephone."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"
    SEVEN = "7"
    EIGHT = "8"
    NINE = "9"
    ZERO = "0"
    STAR = "*"
    HASH = "#"


class Choice(Request):
    """What a key leads to."""

    key: Key
    destination: RouteDestination


class Ivr(ConfigObject):
    """A menu. `prompt` is heard up to `plays` times, until a key is pressed.

    A key leads where `choices` say. With `dial_extensions` the caller may also dial an extension: a key that
    could begin one counts by itself when no other has followed for `digit_timeout_s`. Whoever presses nothing
    within `response_timeout_s` of a play hears the next one, after the last one goes to `no_choice`. Whoever
    has pressed what leads nowhere hears `wrong_prompt` and the menu again, and goes to `wrong_choice` after
    `tries` of that. Times are seconds.
    """

    key_field: ClassVar[str] = "number"

    number: ExtensionNumber = ""
    name: Annotated[Line, Field(max_length=63)] = ""
    prompt: ObjectName
    wrong_prompt: ObjectName | None = None
    language: Language | None = None
    """What callers hear, here and where they go from here; none: in their own."""
    choices: Annotated[tuple[Choice, ...], Field(max_length=len(Key)), AtLeastOne()]
    dial_extensions: bool = False
    plays: Annotated[int, Field(ge=1, le=10)] = 3
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    response_timeout_s: Annotated[int, Field(ge=1, le=60)] = 5
    digit_timeout_s: Annotated[int, Field(ge=1, le=10)] = 3
    no_choice: RouteDestination = Destination(kind=DestinationKind.HANG_UP)
    wrong_choice: RouteDestination = Destination(kind=DestinationKind.HANG_UP)

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        keys = [choice.key for choice in self.choices]
        if len(set(keys)) != len(keys):
            raise ValueError("a key leads to two places")
        return self

    def leads_to(self, key: str) -> Destination | None:
        """Where a key leads; None for nowhere."""
        return next((choice.destination for choice in self.choices if choice.key == key), None)

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        yield Reference("prompt", self.prompt, "prompt")
        if self.wrong_prompt is not None:
            yield Reference("prompt", self.wrong_prompt, "wrong_prompt")
        for field, destination in self.destinations():
            yield from references_of(destination, field)

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """See `ConfigObject.destinations`."""
        for index, choice in enumerate(self.choices):
            yield f"choices.{index}.destination", choice.destination
        yield "no_choice", self.no_choice
        yield "wrong_choice", self.wrong_choice

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        choices = ", ".join(f"{choice.key} {choice.destination}" for choice in self.choices)
        return f"{self.name}: {choices}".removeprefix(": ")
