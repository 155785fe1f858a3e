"""SIP-8: how a call sounds, by the counters of its streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkus_desktop.sip.quality import BadSpell, QualityMeter, QualityRecord, Reading, Summary, mos
from linkus_desktop.sip.values import Quality
from linkus_desktop.ui.call_quality import Grade

PACKETS = 50
"""In a second."""


class Stream:
    """A stream whose losses a test chooses, second by second."""

    def __init__(self) -> None:
        self.meter = QualityMeter()
        self._at = self._received = self._lost = self._sent = self._sent_lost = self._reports = 0

    def second(
        self, *, lost: int = 0, sent_lost: int = 0, report: bool = False, silent: bool = False, **more: object
    ) -> Quality:
        self._at += 1
        self._sent += PACKETS
        self._received += 0 if silent else PACKETS - lost
        self._lost += lost
        self._sent_lost += sent_lost
        self._reports += report
        given: dict[str, object] = {
            "jitter_ms": 2.0,
            "round_trip_ms": 20.0,
            "codec": "PCMA",
            "encrypted": False,
        }
        return self.meter.take(
            Reading(
                at=float(self._at),
                received=self._received,
                lost=self._lost,
                sent=self._sent,
                sent_lost=self._sent_lost,
                reports=self._reports,
                **(given | more),  # type: ignore[arg-type]
            )
        )

    def seconds(self, count: int, **each: int) -> Quality:
        return [self.second(**each) for _ in range(count)][-1]  # type: ignore[arg-type]


def test_a_clean_call_is_good_SIP_8() -> None:
    quality = Stream().seconds(8)
    assert quality.loss_received == 0
    assert quality.mos > 4.2
    assert quality.mos_sent is None, "nobody has told how it arrives there"
    assert Grade.of(quality) is Grade.GOOD


def test_the_last_seconds_count_not_the_whole_call_SIP_8() -> None:
    stream = Stream()
    stream.seconds(600)
    bad = stream.seconds(6, lost=10)
    assert bad.loss_received == pytest.approx(20, abs=0.5)
    assert Grade.of(bad) is Grade.BAD
    assert stream.seconds(7).loss_received == 0, "and it is forgotten as fast"


def test_what_the_other_end_misses_counts_too_SIP_8() -> None:
    stream = Stream()
    stream.seconds(15)
    stream.second(report=True)
    stream.seconds(14, sent_lost=10)
    quality = stream.second(sent_lost=10, report=True)
    assert quality.loss_sent == pytest.approx(20, abs=2)
    assert quality.mos > 4.2
    assert quality.worst < 3.1
    assert stream.seconds(20).loss_sent is None, "what was told long ago says nothing of now"


def test_a_line_that_has_gone_dead_is_bad_SIP_8() -> None:
    stream = Stream()
    stream.seconds(20)
    for _ in range(7):
        quality = stream.second(silent=True)
    assert quality.loss_received == 100
    assert quality.mos < 1.2


def test_after_a_hold_the_stream_begins_anew_SIP_8() -> None:
    stream = Stream()
    stream.seconds(10, lost=10)
    stream._received = stream._lost = 0
    assert stream.second().loss_received == 0


@given(
    st.floats(0, 100), st.floats(0, 5000), st.floats(0, 20_000), st.sampled_from(["PCMA", "GSM", "G722", ""])
)
def test_no_figure_is_off_the_scale_SIP_8(loss: float, jitter: float, trip: float, codec: str) -> None:
    assert 1 <= mos(loss, jitter, trip, codec=codec) <= 4.5


def test_the_figures_are_those_of_the_E_model_SIP_8() -> None:
    """G.107, annex B: R 93.2 is 4.41; R 80 is 4.03, R 70 is 3.60, R 60 is 3.10 (G.109, table 1)."""
    assert mos(0, 0, 0) == pytest.approx(4.38, abs=0.02)  # R is 93.2 less 1.4 for 60 ms of delay
    assert mos(25.1, 0, 0) == pytest.approx(2.3, abs=0.1)  # Ppl = Bpl: Ie,eff is half of 95
    assert mos(0, 0, 0, codec="GSM") == pytest.approx(3.68, abs=0.1)  # Ie 20: R is 71.8


def test_a_short_dip_is_no_warning_and_a_warning_stays_until_it_is_well_SIP_8() -> None:
    spell = BadSpell()
    assert not any(spell.take(at, 2.0) for at in range(4))
    assert not spell.take(4, 4.0)
    assert not any(spell.take(at, 2.0) for at in range(5, 9))
    assert spell.take(9, 2.0)
    assert all(spell.take(at, 3.3) for at in range(10, 40)), "between bad and well it stays"
    assert all(spell.take(at, 4.0) for at in range(40, 46))
    assert not spell.take(46, 4.0)


def quality(score: float, **more: object) -> Quality:
    given: dict[str, object] = {
        "codec": "PCMA", "encrypted": True, "loss_received": 0.0, "loss_sent": None, "jitter_ms": 2.0,
        "round_trip_ms": None,
    }  # fmt: skip
    return Quality(mos=score, **(given | more))  # type: ignore[arg-type]


def test_of_a_call_without_sound_nothing_is_told_SIP_8() -> None:
    record = QualityRecord()
    record.take(1.0, None)
    assert record.summary() is None


def test_a_call_is_summed_up_by_averages_and_its_worst_moment_SIP_8() -> None:
    record = QualityRecord()
    record.take(10.0, quality(4.0))
    record.take(11.0, quality(3.0, loss_received=9.0, loss_sent=4.0, jitter_ms=10.0, round_trip_ms=20.0))
    record.take(12.0, None)  # on hold
    record.take(20.0, quality(4.0, mos_sent=2.0, loss_sent=8.0, jitter_ms=6.0, round_trip_ms=40.0))
    record.take(21.0, quality(4.0, codec="G722"))
    assert record.summary() == Summary(
        codec="G722",
        encrypted=True,
        measured_s=2.0,
        mos=(4.0 + 3.0 + 2.0 + 4.0) / 4,
        mos_worst=2.0,
        loss_received=9.0 / 4,
        loss_sent=6.0,
        jitter_ms=5.0,
        jitter_worst_ms=10.0,
        round_trip_ms=30.0,
    )


def test_a_call_that_was_open_for_a_while_is_not_called_encrypted_SIP_8() -> None:
    record = QualityRecord()
    for second, encrypted in enumerate((True, False, True)):
        record.take(second, quality(4.0, encrypted=encrypted))
    summary = record.summary()
    assert summary is not None
    assert not summary.encrypted
    assert summary.loss_sent is None, "the other end never told"
    assert summary.round_trip_ms is None
