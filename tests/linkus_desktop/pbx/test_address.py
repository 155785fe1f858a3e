"""AUTH-1: what a person may type as a server's address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkus_desktop.pbx.address import ServerAddress


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("pbx.example.com", "pbx.example.com", 8111),
        (" PBX.Example.com:443 ", "pbx.example.com", 443),
        ("192.168.1.5:8111", "192.168.1.5", 8111),
        ("https://pbx.example.com/", "pbx.example.com", 8111),
        ("[fe80::1]:8112", "fe80::1", 8112),
        ("::1", "::1", 8111),
        ("münchen.example", "münchen.example", 8111),
        ("telefon", "telefon", 8111),
    ],
)
def test_usual_forms_are_understood(text: str, host: str, port: int) -> None:
    assert ServerAddress.parse(text) == ServerAddress(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "a b",
        "pbx:0",
        "pbx:65536",
        "pbx:http",
        "pbx:",
        "300.1.1.1",
        "user@pbx",
        "pbx/path",
        "[::1",
        "-a",
        "a..b",
    ],
)
def test_others_are_refused_with_a_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"\. ?(Enter|$)|Enter"):
        ServerAddress.parse(text)


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_nothing_else_than_a_text_for_people_comes_of_any_input(text: str) -> None:
    try:
        address = ServerAddress.parse(text)
    except ValueError:
        return
    assert ServerAddress.parse(str(address)) == address
    assert ServerAddress.parse(address.url) == address


def test_it_is_written_without_the_usual_port() -> None:
    assert str(ServerAddress("pbx", 8111)) == "pbx"
    assert str(ServerAddress("::1", 1)) == "[::1]:1"
    assert ServerAddress("::1").url == "https://[::1]:8111"
