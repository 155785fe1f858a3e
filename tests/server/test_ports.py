"""Ports: free ones are chosen once and found again; taken ones are explained."""

import socket
from collections.abc import Callable

import pytest

from server.ports import PortTaken, listen, listen_http, settle
from server.settings import Settings


def test_port_0_is_chosen_once_and_remembered(settings_with: Callable[..., Settings]) -> None:
    """An Asterisk that outlived its server still has the port: the next server must name the same."""
    settings = settings_with()
    first, second = settle(settings), settle(settings)
    assert first.sip.port == second.sip.port > 0
    assert first.sips.port == second.sips.port > 0
    assert first.sip.port != first.sips.port
    assert (first.rtp.low, first.rtp.high) == (second.rtp.low, second.rtp.high)
    assert first.rtp.high - first.rtp.low >= 100


def test_a_given_port_is_kept(settings_with: Callable[..., Settings]) -> None:
    settled = settle(settings_with(sip={"host": "127.0.0.1", "port": 5999}))
    assert settled.sip.port == 5999


def test_the_api_gets_its_former_port_again_if_it_is_free(settings_with: Callable[..., Settings]) -> None:
    settings = settings_with()
    with listen_http(settings) as bound:
        port = bound.getsockname()[1]
        with listen_http(settings) as other:
            assert other.getsockname()[1] != port
            last = other.getsockname()[1]
    with listen_http(settings) as bound:
        assert bound.getsockname()[1] == last


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"The API cannot listen on 127.0.0.1:{port}.*--http HOST:PORT"):
            listen("127.0.0.1", port, what="The API", option="--http HOST:PORT")
    with pytest.raises(PortTaken, match=r"192\.0\.2\.77"):
        listen("192.0.2.77", 0, what="The API", option="--http HOST:PORT")
