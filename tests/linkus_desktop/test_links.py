"""SIP-2: links of other programs."""

import pytest

from linkus_desktop.links import CallLink, LinkError, is_login, parse, parse_login


@pytest.mark.parametrize(
    ("link", "number"),
    [
        ("tel:+420530335533", "+420530335533"),
        ("tel:+420-530-335-533", "+420530335533"),
        ("TEL:+1(212)555.0100", "+12125550100"),
        ("tel:%2B420%20530%20335%20533", "+420530335533"),
        ("tel://+420530335533", "+420530335533"),
        (" tel:1002\n", "1002"),
        ("tel:863-1234;phone-context=+1-914-555", "8631234"),
        ("tel:7042;phone-context=example.com", "7042"),
        ("tel:*59%23", "*59#"),
        ("callto:1002", "1002"),
        ("sip:1002@pbx.example.com", "1002"),
        ("SIPS:1002@pbx.example.com:5061;transport=tcp?Subject=hello%20there", "1002"),
        ("sip:+1-212-555-1212:1234@gateway.example.com;user=phone", "+12125551212"),
        ("sip:%2B12125551212@gateway.example.com", "+12125551212"),
        ("sip:+358-555-1234567;phone-context=5@example.com;user=phone", "+3585551234567"),
        ("sip://1002@[2001:db8::1]:5060", "1002"),
        ("sip:1002", "1002"),
        ("1002", "1002"),
        ("+420 530-335 533", "+420530335533"),
    ],
)
def test_every_spelling_of_a_number_gives_the_number_SIP_2(link: str, number: str) -> None:
    """RFC 3966; RFC 3261, 19.1; percent-encoding; what people write."""
    assert parse(link) == CallLink(number)


def test_an_extension_behind_the_number_is_told_and_not_dialled_SIP_2() -> None:
    """RFC 3966, 5.3: `ext` is dialled after the call is there."""
    link = parse("tel:+420-530-335-533;ext=5")
    assert link.number == "+420530335533"
    assert "extension 5" in link.note
    assert parse("tel:1002;ext=<b>x</b>").note == ""


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("", "no number"),
        ("tel:", "no number"),
        ("tel:%00%ff", "no number"),
        ("tel:+420 call me", "no number"),
        ("tel:sip:1002@pbx", "no number"),
        ("tel:" + "1" * 41, "no number"),
        ("tel:" + "1" * 5000, "5004 characters"),
        ("sip:", "no number"),
        ("sip:@", "no number"),
        ("sip:pbx.example.com", "no number"),
        ("sip:10.0.0.5", "no number"),
        ("sip:anna@example.com", "“anna” at “example.com”"),
        ("sip:%0D%0ARoute@example.com", "“Route” at “example.com”"),
        ("https://example.com/1002", "not a link to call"),
        ("/etc/passwd", "no number"),
        ("javascript:alert(1)", "not a link to call"),
        ("linkus://login?token=abc", "not one to call"),
        ("tel:١٢٣", "no number"),
    ],
)
def test_what_cannot_be_called_is_told_in_words_SIP_2(link: str, text: str) -> None:
    """Hostile or merely odd: an error for people, nothing else."""
    with pytest.raises(LinkError, match=text.replace("(", r"\(")) as refused:
        parse(link)
    assert str(refused.value).isprintable()


def test_an_error_repeats_no_password_and_no_secret_of_a_link_AUTH_4() -> None:
    """A SIP link may have one (RFC 3261, 19.1.1), a login link is one."""
    for link in ("sip:anna:hush@example.com", "x:anna:hush@example.com", "linkus://login?token=hush"):
        with pytest.raises(LinkError) as refused:
            parse(link)
        assert "hush" not in str(refused.value)


TOKEN, FINGERPRINT = "t" * 43, "ab" * 32
LOGIN = f"linkus://login?server=pbx.example.com%3A8222&user=1001&token={TOKEN}&fingerprint={FINGERPRINT}"


def test_a_login_link_says_where_who_and_by_what_AUTH_2() -> None:
    for link in (LOGIN, f" {LOGIN}\n", LOGIN.replace("linkus://login?", "LINKUS://LOGIN/?")):
        assert is_login(link)
        found = parse_login(link)
        assert (found.server, found.user, found.token) == ("pbx.example.com:8222", "1001", TOKEN)
        assert found.fingerprint == FINGERPRINT
        assert TOKEN not in repr(found)
    assert parse_login(LOGIN.partition("&fingerprint")[0]).fingerprint == ""
    assert not is_login("tel:1002")


@pytest.mark.parametrize(
    "link",
    [
        "linkus://login",
        "linkus:",
        LOGIN.replace("login", "logout", 1),
        LOGIN.replace(TOKEN, "short"),
        LOGIN.replace(TOKEN, TOKEN + "%0A"),
        LOGIN.replace("user=1001", "user=admin%20x"),
        LOGIN.replace("pbx.example.com", "pbx example"),
        LOGIN.replace(FINGERPRINT, "zz" * 32),
        LOGIN + "&a=1" * 40,
        LOGIN + "x" * 5000,
    ],
)
def test_a_login_link_that_is_broken_is_told_without_repeating_it_AUTH_2(link: str) -> None:
    with pytest.raises(LinkError, match="not complete") as refused:
        parse_login(link)
    assert TOKEN not in str(refused.value)
