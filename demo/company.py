"""The demo company: who works there, in which groups, and what two of them say to each other."""

from dataclasses import dataclass

NAME = "Halvorsen & Okafor Instruments"


@dataclass(frozen=True)
class Person:
    """A colleague with an extension.

    Attributes:
        number: the extension.
        groups: extension groups, in the order the client lists them.
        skin, hair, cloth, ground: colours of the drawn avatar.
        cut: the avatar's hair: short, long, bun, curls, bald or scarf.
    """

    number: str
    first_name: str
    last_name: str
    groups: tuple[str, ...]
    skin: str
    hair: str
    cloth: str
    ground: str
    cut: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        """An address that cannot exist outside (RFC 2606)."""
        return f"ext{self.number}@halvorsen-okafor.example"


PEOPLE = (
    Person("1001", "Ingrid", "Halvorsen", ("Management",), "#f0c9a8", "#d8b56a", "#35507a", "#cfe0ee", "bun"),
    Person(
        "1002",
        "Chidi",
        "Okafor",
        ("Management", "Sales"),
        "#7a4b2e",
        "#1d1613",
        "#8a3b3b",
        "#f1ddc8",
        "short",
    ),
    Person("1010", "Maja", "Kowalczyk", ("Sales",), "#f3cfb3", "#7b3f1d", "#3e7a63", "#e3ecd9", "long"),
    Person("1011", "Tomás", "Villaseñor", ("Sales",), "#d39b72", "#2a1c15", "#d39a2d", "#e4dff0", "curls"),
    Person("1020", "Aiko", "Nakagawa", ("Support",), "#f2cda6", "#18161a", "#6a4c93", "#f5e1e4", "long"),
    Person("1021", "Samir", "Haddad", ("Support",), "#c68f63", "#30231c", "#2f6f86", "#e8e4d4", "bald"),
    Person(
        "1022",
        "Leyla",
        "Demirtaş",
        ("Support", "Night shift"),
        "#e4b58e",
        "#3b2a5c",
        "#5c6b8a",
        "#dfeae6",
        "scarf",
    ),
    Person(
        "1030",
        "Maximilian-Alexander",
        "von Hohenstein-Rautenberg",
        ("Workshop", "Night shift"),
        "#efc4a0",
        "#9c8f85",
        "#4d5a3c",
        "#ece3d3",
        "short",
    ),
)

CALLER = PEOPLE[2]
CALLEE = PEOPLE[4]

BOSS = PEOPLE[0]
SECRETARY = CALLER
"""Calls to the boss from outside ring at the secretary first."""


def keys_of(person: Person) -> list[dict[str, str]]:
    """The function keys with which somebody begins: the colleagues, a parking slot, and what else helps."""
    colleagues = [
        {"type": "blf", "value": other.number, "label": other.first_name}
        for other in PEOPLE
        if other is not person
    ]
    own = [{"type": "boss_secretary", "value": f"*59{SECRETARY.number}"}] if person is BOSS else []
    return [
        *own,
        *colleagues,
        {"type": "park", "value": "6900", "label": "Park"},
        {"type": "voicemail", "value": "", "label": "Messages"},
        {"type": "presence", "value": "lunch_break", "label": "Lunch"},
    ]


@dataclass(frozen=True)
class Line:
    """What a person says. `voice` is one of espeak-ng's, `pitch` 0–99, `speed` words a minute."""

    text: str
    voice: str
    pitch: int
    speed: int


CALLER_SAYS = Line(
    "Hello Aiko, this is Maja from sales. A customer in Trondheim asks whether the new barometers can be "
    "calibrated before Friday, and how many of them you could ship.",
    "en-us+f2",
    62,
    165,
)
CALLEE_SAYS = Line(
    "Good morning Maja. Yes, eleven instruments are on the bench right now. If the workshop finishes the "
    "cases tomorrow, everything leaves on Thursday afternoon with the ordinary courier.",
    "en-gb+m4",
    38,
    150,
)
