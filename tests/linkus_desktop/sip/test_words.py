"""What the phone reads and says: headers, reasons, numbers. Pure functions, any input."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkus_desktop.sip.account import escape_user, quoted
from linkus_desktop.sip.headers import (
    Party,
    Reason,
    called_for,
    caller,
    clean,
    header_values,
    is_emergency_call_back,
    parse_party,
    reasons,
    waited_s,
)
from linkus_desktop.sip.number import dialled, number_in
from linkus_desktop.sip.quality import mos
from linkus_desktop.sip.reasons import answered_elsewhere, call_end, text_for
from linkus_desktop.sip.values import CALL_TRANSITIONS, CallState, PhoneError

any_text = st.text(st.characters(exclude_categories=[]), max_size=200)


@pytest.mark.parametrize(
    ("value", "party"),
    [
        ('"Zoë Ångström" <sip:2001@pbx>;tag=1', Party("2001", "Zoë Ångström")),
        ("Emily Stone <sip:2000@10.0.0.1:5060;user=phone>", Party("2000", "Emily Stone")),
        ('"a \\"quoted\\" name" <sips:x%20y@h>', Party("x y", 'a "quoted" name')),
        ("sip:2001@pbx;tag=9", Party("2001", "")),
        ("<tel:+420-530-335-533;phone-context=x>", Party("+420-530-335-533", "")),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', Party("", "Anonymous")),
        ('"多言語 🙂" <sip:7@x>', Party("7", "多言語 🙂")),
        ("", Party("", "")),
        ('"never closed <sip:1@x>', Party("1", "")),
    ],
)
def test_who_calls(value: str, party: Party) -> None:
    """SIP-9, RFC 3261, 20.20."""
    assert parse_party(value) == party


def test_the_pbx_knows_better_than_from() -> None:
    """RFC 3325: P-Asserted-Identity of the PBX wins; its name may be missing."""
    message = (
        'INVITE sip:x SIP/2.0\r\nf: "Front Desk" <sip:100@pbx>;tag=1\r\n'
        "P-Asserted-Identity:\r\n <sip:2001@pbx>\r\n\r\nFrom: <sip:body@x>"
    )
    assert caller(message) == Party("2001", "Front Desk")


def test_privacy_hides_the_number() -> None:
    message = (
        "INVITE sip:x SIP/2.0\r\nFrom: <sip:anonymous@anonymous.invalid>;tag=1\r\n"
        'Privacy: id\r\nP-Asserted-Identity: "Boss" <sip:2001@pbx>\r\n\r\n'
    )
    assert caller(message).number == ""


@given(any_text)
def test_no_message_does_harm(text: str) -> None:
    """SIP-9: whatever comes in, what is shown is one printable line of bounded length."""
    for party in (parse_party(text), caller(f"INVITE x SIP/2.0\r\nFrom: {text}\r\n\r\n"), caller(text)):
        assert len(party.name) <= 80
        assert len(party.number) <= 64
        assert all(c.isprintable() for c in party.name + party.number)
    header_values(text, "From")
    for reason in reasons(f"CANCEL x SIP/2.0\r\nReason: {text}\r\n\r\n"):
        assert 0 <= reason.cause <= 999


@given(any_text)
def test_clean_is_stable(text: str) -> None:
    assert clean(clean(text, 80), 80) == clean(text, 80)


@pytest.mark.parametrize(
    ("header", "party"),
    [
        ('Diversion: "Bob \\"B\\" Boss" <sip:2000@diverted.invalid>;a=1', Party("2000", 'Bob "B" Boss')),
        ("diversion: <sip:2000@x>;reason=no-answer", Party("2000", "")),
        ("Diversion: <sip:2000@x>\r\nDiversion: <sip:3000@x>", Party("2000", "")),
        ("Diversion: \x07", None),
        ("Subject: <sip:2000@x>", None),
    ],
)  # fmt: skip
def test_for_whom_a_call_is_BOSS_1(header: str, party: Party | None) -> None:
    assert called_for(f"INVITE sip:2007@pbx SIP/2.0\r\n{header}\r\n\r\n") == party


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ('"Support" <sip:6400@diverted.invalid>;reason=unconditional;counter=1;waited=65', 65),
        ("<sip:6400@diverted.invalid>;waited=0", 0),
        ("<sip:2000@diverted.invalid>;reason=unconditional;counter=1", None),
        ('"x>;waited=9" <sip:2000@diverted.invalid>;counter=1', None),
        ("<sip:6400@diverted.invalid>;waited=-1", None),
        ("<sip:6400@diverted.invalid>;waited=99999999999999999999", None),
        ("<sip:6400@diverted.invalid>;waited=abc", None),
    ],
)
def test_for_how_long_a_caller_of_a_queue_has_waited_Q_4(value: str, seconds: int | None) -> None:
    assert waited_s(f"INVITE sip:1001@pbx SIP/2.0\r\nDiversion: {value}\r\n\r\n") == seconds


@pytest.mark.parametrize(
    ("header", "is_one"),
    [
        ("Priority: psap-callback", True),
        ("priority:  PSAP-Callback", True),
        ("Priority: emergency", False),
        ("Subject: psap-callback", False),
    ],
)
def test_a_call_back_of_the_emergency_service_is_marked_PRES_8(header: str, *, is_one: bool) -> None:
    assert is_emergency_call_back(f"INVITE sip:1001@pbx SIP/2.0\r\n{header}\r\n\r\n") is is_one


@given(st.text(max_size=300))
def test_no_diversion_does_harm_BOSS_1(text: str) -> None:
    assert waited_s(f"INVITE sip:2007@pbx SIP/2.0\r\nDiversion: {text}\r\n\r\n") is None
    found = called_for(f"INVITE sip:2007@pbx SIP/2.0\r\nDiversion: {text}\r\n\r\n")
    assert found is None or (found.number + found.name).isprintable()


def test_reasons_are_read() -> None:
    """RFC 3326: several values, in one header or many, quoted commas inside."""
    message = (
        'CANCEL sip:x SIP/2.0\r\nReason: SIP ;cause=200 ;text="Call completed, elsewhere"\r\n'
        "Reason: Q.850;cause=26, X;cause=abc\r\n\r\n"
    )
    assert reasons(message) == [Reason("SIP", 200, "Call completed, elsewhere"), Reason("Q.850", 26, "")]
    assert answered_elsewhere(reasons(message))
    assert not answered_elsewhere([Reason("Q.850", 16, "")])


def test_every_code_has_words() -> None:
    for code in range(300, 700):
        text = text_for(code)
        assert text
        assert text[0].isupper()


def test_what_the_user_did_is_not_the_other_ends_doing() -> None:
    end = call_end(487, [], by_us=True, incoming=False, answered=False)
    assert (end.text, end.by_us) == ("Cancelled", True)
    assert call_end(603, [], by_us=True, incoming=True, answered=False).text == "Declined"
    assert call_end(200, [], by_us=False, incoming=True, answered=True).text == ""
    assert call_end(408, [], by_us=False, incoming=False, answered=True, transport_failed=True).text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+420 530-335 533", "+420530335533"),
        ("tel:+420-530-335-533;ext=1", "+420530335533"),
        ("sip:2001@pbx.example", "2001"),
        ("sip:emily@pbx.example", "emily"),
        (" (02) 123.45/6 ", "02123456"),
        ("\u202a+420\u00a0530\u202c", "+420530"),
        ("*59#", "*59#"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0044 (0) 20 7946 0958", "00442079460958"),
        ("(0)20 7946 0958", "02079460958"),
        ("+39 (0)6 698 1234", "+39066981234"),
        ("(+420) 530 335 533", "+420530335533"),
    ],
)
def test_what_is_typed_or_pasted(text: str, number: str) -> None:
    """SIP-2."""
    assert dialled(text) == number


@pytest.mark.parametrize("text", ["", "   ", "Emily", "12;34", "sip:", "1" * 60, "5+5"])
def test_what_cannot_be_dialled_says_so(text: str) -> None:
    with pytest.raises(PhoneError):
        dialled(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Call me on +420 530 335 533, thanks", "+420530335533"),
        ("Otto Dorn (1002)", "1002"),
        ('"Otto Dorn" <sip:1002@pbx.example.com>', "1002"),
        ("Please ring tel:+420-530-335-533;ext=5.", "+420530335533"),
        ("Room 12, tel. 530 335 533", "530335533"),
        ("On 12.03.2026 at 14:30 call 530335533", "530335533"),
        ("Phone: (02) 9876-5432", "0298765432"),
        ("T +1 (212) 555-0123 F 212 555 0124", "+12125550123"),
        ("+420 530 335 533 ext. 123", "+420530335533"),
        ("02.12.23.34.45", "0212233445"),
        ("１００２", "1002"),
        ("٥٣٠ ٣٣٥", "530335"),
        ("Ústředna: 530\u00a0335\u00a0533\t", "530335533"),
    ],
)
def test_one_number_among_words_is_found_SIP_2(text: str, number: str) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", "Otto Dorn", "Ada", "Otto 2", "530 335 533 or 530 335 534", "530335533\n530335534", "12.03.2026",
        "https://pbx.example.com/12345", "otto1002@example.com", "Zimmer 4711b", "tel:1002 or tel:1003",
        "5+5",
        "order 12345678901234567890", "see 192.168.100.200",
    ],
)  # fmt: skip
def test_names_and_guesses_are_no_numbers_SIP_2(text: str) -> None:
    assert number_in(text) is None


@given(any_text)
def test_whatever_is_pasted_the_number_can_be_dialled_SIP_2(text: str) -> None:
    number = number_in(text)
    if number is not None:
        assert dialled(number) == number
        assert number_in(number) == number


def test_a_long_text_takes_no_time_SIP_2() -> None:
    """A pattern that goes back over the text would take minutes, of the window's own thread."""
    begun = time.process_time()
    for text in ("1 (" * 4000, "(" * 9000, "+1 " * 5000, "1." * 9000, "x1" * 5000):
        assert number_in(text) is None
    assert time.process_time() - begun < 2


@given(any_text)
def test_uris_and_names_cannot_be_broken_out_of(text: str) -> None:
    plain = text.encode(errors="ignore").decode()
    assert not set(escape_user(plain)) & set('<>"@: #\r\n\\')
    inside = quoted(plain)[1:-1]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")
    assert "\n" not in inside


def test_quality_falls_with_loss_jitter_and_delay() -> None:
    """SIP-8."""
    best = mos(0, 0, 0)
    assert 4.2 < best <= 4.5
    assert best > mos(1, 0, 0) > mos(5, 0, 0) > mos(30, 0, 0) >= 1
    assert best > mos(0, 60, 0)
    assert best > mos(0, 0, 700)


def test_a_call_that_ended_stays_ended() -> None:
    assert CALL_TRANSITIONS[CallState.ENDED] == frozenset()
    assert all(
        CallState.ENDED in targets
        for state, targets in CALL_TRANSITIONS.items()
        if state is not CallState.ENDED
    )
