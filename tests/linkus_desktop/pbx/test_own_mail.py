"""LOG-3: choices of mails reach the server in the end as they were made, whenever it answers."""

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.own_mail import OwnMail
from server.contract.mail import MailPreferences


class Server:
    """Remembers what it was asked; answers when the test wants."""

    def __init__(self) -> None:
        self.sent: list[MailPreferences] = []
        self.waiting = []

    def run(self, coro, *, on_done, on_error):
        coro.close()
        self.waiting.append((on_done, on_error))

    async def mail_preferences(self):
        """Asked."""

    def set_mail_preferences(self, preferences):
        self.sent.append(preferences)
        return self.mail_preferences()

    def answer(self, preferences=None):
        on_done, on_error = self.waiting.pop(0)
        if preferences is None:
            on_error(NotConnected("The PBX cannot be reached."))
        else:
            on_done(preferences)


def known(qapp) -> tuple[Server, OwnMail]:
    server = Server()
    mail = OwnMail(server, run=server.run)
    mail.put("missed_calls", on=True)  # nothing is known yet: nothing is sent
    mail.load()
    mail.load()
    assert len(server.waiting) == 1
    server.answer(MailPreferences(mail_server=True))
    return server, mail


def test_what_is_chosen_while_a_choice_is_sent_is_sent_after_it_LOG_3(qapp):
    server, mail = known(qapp)
    mail.put("missed_calls", on=True)
    mail.put("password_changed", on=False)
    mail.load()
    assert [one.missed_calls for one in server.sent] == [True]
    assert len(server.waiting) == 1, "one request at a time"
    server.answer(server.sent[0])
    assert mail.preferences.password_changed is False, "not what was sent before it"
    server.answer(server.sent[1])
    assert server.sent[1] == mail.preferences == MailPreferences(
        missed_calls=True, password_changed=False, mail_server=True
    )  # fmt: skip
    assert server.waiting == []


def test_a_request_that_fails_leaves_what_the_server_has_LOG_3(qapp):
    server, mail = known(qapp)
    failures = []
    mail.failed.connect(failures.append)
    mail.put("missed_calls", on=True)
    mail.put("password_changed", on=False)
    server.answer()
    assert mail.preferences == MailPreferences(mail_server=True)
    assert (len(failures), server.waiting) == (1, [])
    mail.put("missed_calls", on=True)
    server.answer(server.sent[-1])
    assert mail.preferences.missed_calls
