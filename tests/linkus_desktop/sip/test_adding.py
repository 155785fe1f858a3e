"""SIP-4: somebody is called into a conversation from the window, and all hear each other: a real phone."""

from PySide6.QtWidgets import QApplication, QWidget

from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.pbx.live import LiveState
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_panel import CallPanel
from linkus_desktop.ui.transfer_panel import TransferPanel
from linkus_desktop.ui.transfers import Transfers
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.linkus_desktop.sip.test_conference import HERE, TONES, Talk, heard_by, talk

__all__ = ["talk"]


async def test_who_is_added_at_once_hears_everybody_as_soon_as_they_answer_SIP_4(
    qapp: QApplication, registered: Phone, pbx: SmallPbx, cards: SoundCards, talk: Talk, until: Until
) -> None:
    window = QWidget()
    window.resize(900, 700)
    blinker = Blinker(window)
    calls = CallPanel(registered, blinker)
    calls.setParent(window)
    colleagues = ColleaguesModel(LiveState(window).extensions, None, window)
    transfers = Transfers(registered, calls, TransferPanel(colleagues, blinker, None, window), window)
    window.show()
    try:
        (first,) = await talk("2001")
        card = calls.card_of(first)
        assert card is not None
        for number in ("2002", "2003"):
            await pbx.add_line(number, TONES[number])
            (card.add if number == "2002" else calls.conference.add).click()
            transfers.panel.field.setText(number)
            transfers.panel.now.click()
            expected = 2 if number == "2002" else 3
            await until(lambda n=expected: len(registered.conference.calls) == n, f"{number} is brought in")
        await until(
            lambda: all(call.state is CallState.ACTIVE for call in registered.calls), "all talk together"
        )
        everybody = {HERE, TONES["2001"], TONES["2002"], TONES["2003"]}
        for number in ("2001", "2002", "2003"):
            await heard_by(pbx, number, everybody - {TONES[number]}, until)
        registered.conference.hangup()
        await until(lambda: not registered.calls, "all have hung up")
    finally:
        window.close()
        window.deleteLater()
