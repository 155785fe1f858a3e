"""The demo company can be entered into a server as it stands."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from demo import avatars, company
from server.contract.extensions import ExtensionCreate


def test_eight_people_fit_the_contract() -> None:
    """Numbers, names and addresses are what the server accepts, and no two people share one."""
    people = [
        TypeAdapter(ExtensionCreate).validate_python(
            {
                "number": person.number,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "groups": list(person.groups),
            }
        )
        for person in company.PEOPLE
    ]

    assert len(people) == 8
    assert len({person.number for person in people}) == 8
    assert len({person.email for person in people}) == 8


@pytest.mark.parametrize("person", company.PEOPLE, ids=lambda person: person.number)
def test_avatars_are_square_pictures_of_less_than_a_megabyte_DIR_4(
    person: company.Person, tmp_path: Path
) -> None:
    """DIR-4: .png up to 1 MB."""
    picture = tmp_path / "avatar.png"
    avatars.save(person, picture)

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 1_000_000
    image = avatars.draw(person)
    assert (image.width(), image.height()) == (avatars.SIDE, avatars.SIDE)


def test_two_people_look_different() -> None:
    """An avatar is for telling people apart."""
    pictures = {bytes(avatars.draw(person).constBits()) for person in company.PEOPLE}

    assert len(pictures) == len(company.PEOPLE)
