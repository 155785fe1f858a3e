"""The demo takes the usual ports, and makes way for whoever has them."""

import socket

import pytest

from demo import ports


def test_a_listened_port_is_not_free() -> None:
    """TCP and UDP are looked at each for itself."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("0.0.0.0", 0))
        tcp.listen()
        udp.bind(("0.0.0.0", 0))

        assert not ports.is_free(tcp.getsockname()[1], udp=False)
        assert not ports.is_free(udp.getsockname()[1], udp=True)


def test_taken_ports_are_replaced_by_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside another PBX the demo uses other ports, media included."""
    usual = {ports.HTTP, ports.SIP, ports.SIPS}
    monkeypatch.setattr(ports, "is_free", lambda port, *, udp: port not in usual)

    chosen = ports.choose()

    assert len({chosen.http, chosen.sip, chosen.sips} - usual) == 3
    assert chosen.rtp[0] > ports.RTP_HIGH
    assert chosen.rtp[0] % 2 == 0
    assert not chosen.usual


def test_free_ports_are_the_products_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documentation says holds for the demo too."""
    monkeypatch.setattr(ports, "is_free", lambda port, *, udp: True)

    chosen = ports.choose()

    assert chosen.usual
    assert chosen.rtp == (10000, 12000)
