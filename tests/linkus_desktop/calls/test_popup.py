"""SIP-10: what a pop-up opens. Number and name come from whoever calls; they must stay data."""

import shlex
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkus_desktop.calls.popup import (
    SAMPLE,
    Facts,
    Opens,
    PopUp,
    PopUpError,
    When,
    Which,
    address,
    command,
)

EVIL = "x&admin=1#/../\"'<>%00 $(touch y); rm -rf ~ `id` | ž\\"
TEMPLATE = "https://crm.example.com/find/{name}?phone={number}&who={name}&way={direction}"


def test_an_address_has_the_calls_values_escaped_SIP_10() -> None:
    found = address(TEMPLATE, Facts("+420530335533", "Zoë & Söhne", incoming=False))
    assert found == (
        "https://crm.example.com/find/Zo%C3%AB%20%26%20S%C3%B6hne"
        "?phone=%2B420530335533&who=Zo%C3%AB%20%26%20S%C3%B6hne&way=outgoing"
    )


@given(st.text(max_size=80), st.text(max_size=40))
def test_whatever_the_caller_is_called_the_address_leads_to_the_same_place_SIP_10(
    name: str, number: str
) -> None:
    found = address(TEMPLATE, Facts(number, name, incoming=True))
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "crm.example.com", "")
    assert parts.path.count("/") == 2
    assert ".." not in parts.path.split("/")
    query = parse_qs(parts.query, keep_blank_values=True)
    assert set(query) == {"phone", "who", "way"}
    if name.strip(".") and name.isprintable():
        assert unquote(parts.path.rpartition("/")[2]) == name
    assert found.isascii()


def test_a_name_of_dots_is_no_step_up_SIP_10() -> None:
    assert address("https://a.b/x/{name}/y", Facts("", "..", incoming=True)) == "https://a.b/x//y"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", "begins with"),
        ("crm.example.com/{number}", "begins with"),
        ("{name}:x", "begins with"),
        ("file:///etc/passwd", "“file:”"),
        ("JavaScript:alert({name})", "“javascript:”"),
        ("data:text/html,{name}", "“data:”"),
        ("https://{name}.example.com/", "host"),
        ("https://{number}@example.com/", "host"),
        ("https:///x", "no host"),
        ("https:/{name}", "no host"),
        ("https://[x/", "not an address"),
        ("https://crm.example.com/{nmber}", "{nmber} is not known"),
        ("https://crm.example.com/a b", "space"),
        ("https://crm.example.com/" + "a" * 1000, "1000 characters"),
    ],
)
def test_an_address_that_cannot_be_is_told_SIP_10(template: str, text: str) -> None:
    with pytest.raises(PopUpError) as told:
        address(template, SAMPLE)
    assert text in str(told.value)


def test_other_schemes_are_for_other_programs_SIP_10() -> None:
    assert address("crm:open?number={number}", Facts("1002", "", incoming=True)) == "crm:open?number=1002"


def test_arguments_are_words_whatever_is_in_them_SIP_10() -> None:
    words = command(
        "find --who '{name} here' --phone={number} {direction}", Facts("+420", EVIL, incoming=True)
    )
    assert words == ["find", "--who", f"{EVIL} here", "--phone=+420", "incoming"]


@given(st.text(max_size=80))
def test_a_name_is_never_an_option_nor_two_arguments_SIP_10(name: str) -> None:
    words = command("find {name} end", Facts("", name, incoming=True))
    assert len(words) == 3
    assert not words[1].startswith("-")
    assert "\0" not in words[1]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", "Name a program"),
        ("   ", "Name a program"),
        ("'' x", "Name a program"),
        ("{name} x", "cannot be a variable"),
        ("/usr/bin/{number}", "cannot be a variable"),
        ("find 'x", "quotation mark"),
        ("find {who}", "{who} is not known"),
        ("C:/crm/open.BAT {name}", "Batch files"),
    ],
)
def test_a_program_that_cannot_be_is_told_SIP_10(template: str, text: str) -> None:
    with pytest.raises(PopUpError) as told:
        command(template, SAMPLE)
    assert text in str(told.value)


@given(st.text(max_size=60))
def test_a_word_in_quotes_is_one_word_SIP_10(word: str) -> None:
    plain = word.replace("{", "").replace("}", "").replace("\0", "")
    assert command(f"find {shlex.quote(plain)}", SAMPLE) == ["find", plain]


def test_settings_keep_it_and_a_newer_versions_row_is_left_out_SIP_10() -> None:
    made = PopUp(When.ENDED, Which.ALL, Opens.PROGRAM, "find {number}")
    assert PopUp.from_row(made.to_row()) == made
    assert PopUp.from_row(("at noon", "all", "program", "x")) is None
    assert PopUp.from_row(("ended", "all")) is None


@pytest.mark.parametrize(
    ("which", "incoming", "concerns"),
    [
        (Which.INCOMING, True, True),
        (Which.INCOMING, False, False),
        (Which.OUTGOING, True, False),
        (Which.OUTGOING, False, True),
        (Which.ALL, True, True),
        (Which.ALL, False, True),
    ],
)
def test_it_is_for_the_calls_that_were_chosen_SIP_10(which: Which, incoming: bool, concerns: bool) -> None:
    made = PopUp(When.RINGING, which, Opens.ADDRESS, "https://a.b/")
    assert made.concerns(When.RINGING, Facts("1", "", incoming=incoming)) is concerns
    assert not made.concerns(When.ENDED, Facts("1", "", incoming=incoming))
