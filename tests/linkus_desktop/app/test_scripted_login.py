"""`--login-stdin`: a login from a script, with no secret on a command line."""

import json
from typing import Any

import pytest

from linkus_desktop import scripted_login
from linkus_desktop.pbx.address import ServerAddress

COMPLETE = {"server": "pbx:8112", "user": "1001", "password": "the secret"}


def parsed(**change: Any) -> scripted_login.ScriptedLogin:
    return scripted_login.parse(json.dumps(COMPLETE | change))


def test_one_server_is_enough() -> None:
    login = parsed()
    assert (login.lan, login.wan) == (ServerAddress("pbx", 8112), None)
    assert (login.user, login.password, login.fingerprint) == ("1001", "the secret", None)


def test_lan_and_wan_may_be_given_AUTH_1() -> None:
    login = parsed(lan="10.0.0.1", wan="pbx.example.com:443", fingerprint="AA")
    assert (login.lan, login.wan) == (ServerAddress("10.0.0.1"), ServerAddress("pbx.example.com", 443))
    assert login.fingerprint == "AA"
    assert parsed(server=None, wan="pbx.example.com").lan == ServerAddress("pbx.example.com")


def test_the_password_is_not_shown_in_a_repr_AUTH_4() -> None:
    assert "the secret" not in repr(parsed())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "one line of JSON"),
        ("{", "one line of JSON"),
        ('["pbx"]', "one line of JSON"),
        (json.dumps(COMPLETE | {"server": ""}), '"server"'),
        (json.dumps(COMPLETE | {"server": "a b"}), "not a server address"),
        (json.dumps(COMPLETE | {"user": None}), '"user"'),
        (json.dumps(COMPLETE | {"password": ""}), '"password"'),
        (json.dumps(COMPLETE | {"password": ["the secret"]}), "must be a text"),
    ],
)
def test_what_is_missing_is_named_and_the_password_is_not(line: str, text: str) -> None:
    with pytest.raises(ValueError, match=text) as refused:
        scripted_login.parse(line)
    assert "the secret" not in str(refused.value)
