"""How a call of the log sounded, in words and figures (SIP-8)."""

from linkus_desktop.ui.call_quality import NOTHING, Grade
from linkus_desktop.ui.texts import duration
from linkus_desktop.ui.widgets.labels import ElidedLabel
from server.contract.calls import CallLogEntry, CallQuality


def sound_word(quality: CallQuality | None) -> str:
    """`good`, `fair`, `poor` or `bad`; empty where no estimate was told."""
    return Grade.of_score(quality.mos).word.lower() if quality is not None and quality.mos else ""


def sound_facts(quality: CallQuality) -> list[tuple[str, str]]:
    """Name and value of all figures that were told, for people."""
    told = [
        ("Sound", _estimate(quality)),
        ("What you heard", _loss(quality.loss_received)),
        ("What they heard", _loss(quality.loss_sent)),
        ("Jitter", _jitter(quality)),
        ("Round trip", "" if quality.round_trip_ms is None else f"{quality.round_trip_ms:.0f} ms"),
        ("Codec", _codec(quality)),
        ("Measured", "" if quality.measured_s is None else duration(quality.measured_s)),
    ]
    return [(name, value) for name, value in told if value]


def sound_lines(entry: CallLogEntry) -> str:
    """A line for each figure; empty where the client told nothing."""
    if entry.quality is None:
        return ""
    return "\n".join(f"{name}: {value}" for name, value in sound_facts(entry.quality))


class SoundLine(ElidedLabel):
    """One line below the log, about the call that is selected; hidden where its client told nothing."""

    def __init__(self) -> None:
        super().__init__(size="small", muted=True)
        self.setContentsMargins(16, 8, 16, 8)
        self.setAccessibleName("Sound of the selected call")
        self.hide()

    def follow(self, entry: CallLogEntry | None) -> None:
        """Show how this call sounded; None: no call, or several."""
        quality = entry.quality if entry is not None else None
        facts = sound_facts(quality) if quality is not None else []
        self.setText(" · ".join(f"{name}: {value}" for name, value in facts))
        self.setAccessibleDescription(". ".join(f"{name}: {value}" for name, value in facts))
        self.setVisible(bool(facts))


def _estimate(quality: CallQuality) -> str:
    if quality.mos is None:
        return ""
    worst = "" if quality.mos_worst is None else f", at worst {quality.mos_worst:.1f}"
    return f"{Grade.of_score(quality.mos).word}, {quality.mos:.1f} of 4.4{worst}"


def _loss(percent: float | None) -> str:
    if percent is None:
        return ""
    return "nothing arrived" if percent >= NOTHING else f"{percent:.1f} % lost"


def _jitter(quality: CallQuality) -> str:
    if quality.jitter_ms is None:
        return ""
    worst = "" if quality.jitter_worst_ms is None else f", at most {quality.jitter_worst_ms:.0f} ms"
    return f"{quality.jitter_ms:.0f} ms{worst}"


def _codec(quality: CallQuality) -> str:
    secure = {None: "", True: "encrypted", False: "not encrypted"}[quality.encrypted]
    return ", ".join(part for part in (quality.codec or "", secure) if part)
