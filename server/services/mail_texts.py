"""What stands in mails: every sentence, in each language, and nothing else (OPS-4).

`{…}` are facts; `mail_letters` fills them in. A language is complete or does not type-check.
"""

from dataclasses import dataclass

from server.contract.agents import QueueEnd
from server.contract.mail import MailLanguage


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language.

    Attributes:
        footer: below every mail, with the name of the server.
        unknown: a caller without number.
    """

    footer: str
    unknown: str
    test_subject: str
    test_body: str
    queue_subject: str
    queue_intro: str
    queue_call: str
    queue_ends: dict[QueueEnd, str]
    queue_rung: str
    queue_more: str
    queue_log: str
    paused_subject: str
    paused_body: str
    changed_subject: str
    changed_body: str
    missed_subject: str
    missed_call: str
    missed_log: str
    message_subject: str
    message_body: str
    message_attached: str
    message_gone: str
    message_waits: str
    welcome_subject: str
    welcome_hello: str
    welcome_body: str
    welcome_links: dict[str, str]
    welcome_once: str


ENGLISH = Words(
    footer="This mail was sent by {server}. Answers to it are not read.",
    unknown="unknown number",
    test_subject="Test mail from {server}",
    test_body="The mail settings work: {server} could send this mail.",
    queue_subject="Queue {queue}: {count} lost",
    queue_intro="These callers of queue {queue} have not spoken with an agent:",
    queue_call="{at}  {caller}, waited {waited}: {end}",
    queue_ends={
        QueueEnd.FAILED_OVER: "missed, nobody answered in time",
        QueueEnd.ABANDONED: "abandoned, the caller hung up",
    },
    queue_rung="rung in vain: {agents}",
    queue_more="... and {count} more.",
    queue_log="The log of the queue has all of them.",
    paused_subject="You are paused in queue {queue}",
    paused_body=(
        "You have been paused in queue {queue} at {at}, since {missed} calls in a row rang at your phone and "
        "were not answered. No calls of this queue come to you until you end the pause."
    ),
    changed_subject="Your password was changed",
    changed_body=(
        "The password of extension {number} was changed at {at} by {by}, from {address}. If you know nothing "
        "of that, tell your administrator at once."
    ),
    missed_subject="Extension {number}: {count} missed",
    missed_call="{at}  {caller}",
    missed_log="The call log has all of them.",
    message_subject="New message from {caller}",
    message_body="{caller} has left a message of {length} for {box}, at {at}.",
    message_attached="It is attached.",
    message_gone="It was deleted before this mail was sent, so it is not attached.",
    message_waits="It can be heard in the client, and by phone.",
    welcome_subject="Log in to {server}",
    welcome_hello="Hello {name},",
    welcome_body=(
        "extension {number} of {server} is yours. Open a link on the computer that has Linkus Desktop: it "
        "logs you in, and you need not type anything."
    ),
    welcome_links={"local": "In the company's network:", "public": "Anywhere else:"},
    welcome_once="It works once, until {until}. It gives you a new password, which you can change then.",
)

CZECH = Words(
    footer="Tuto zprávu odeslal systém {server}. Odpovědi na ni nikdo nečte.",
    unknown="neznámé číslo",
    test_subject="Zkušební zpráva ze systému {server}",
    test_body="Nastavení pošty je v pořádku: {server} dokázal tuto zprávu odeslat.",
    queue_subject="Fronta {queue}: ztracené hovory ({count})",
    queue_intro="Tito volající z fronty {queue} se nedovolali žádnému agentovi:",
    queue_call="{at}  {caller}, čekání {waited}: {end}",
    queue_ends={
        QueueEnd.FAILED_OVER: "zmeškaný, nikdo včas nepřijal",
        QueueEnd.ABANDONED: "opuštěný, volající zavěsil",
    },
    queue_rung="marně vyzváněno: {agents}",
    queue_more="... a další ({count}).",
    queue_log="Všechny jsou v záznamu fronty.",
    paused_subject="Ve frontě {queue} máte pauzu",
    paused_body=(
        "Ve frontě {queue} vám byla {at} zapnuta pauza, protože jste nepřijali hovory, které vám "
        "zvonily (počet v řadě: {missed}). Dokud pauzu neukončíte, hovory z této fronty k vám nepůjdou."
    ),
    changed_subject="Vaše heslo bylo změněno",
    changed_body=(
        "Heslo linky {number} změnil {at} uživatel {by} z adresy {address}. Pokud o tom nevíte, obraťte se "
        "ihned na správce."
    ),
    missed_subject="Linka {number}: zmeškané hovory ({count})",
    missed_call="{at}  {caller}",
    missed_log="Všechny jsou v seznamu hovorů.",
    message_subject="Nový vzkaz: {caller}",
    message_body="V hlasové schránce {box} je vzkaz dlouhý {length}, zanechal jej {caller} v {at}.",
    message_attached="Je v příloze.",
    message_gone="Před odesláním této zprávy byl smazán, proto v příloze není.",
    message_waits="Můžete si jej poslechnout v aplikaci nebo telefonem.",
    welcome_subject="Přihlášení do systému {server}",
    welcome_hello="Dobrý den, {name},",
    welcome_body=(
        "linka {number} systému {server} je vaše. Otevřete odkaz na počítači s aplikací Linkus Desktop: "
        "přihlásí vás a nemusíte nic psát."
    ),
    welcome_links={"local": "Ve firemní síti:", "public": "Odjinud:"},
    welcome_once="Funguje jednou, do {until}. Dostanete jím nové heslo, které si pak můžete změnit.",
)

CHINESE = Words(
    footer="本邮件由 {server} 自动发送，请勿回复。",
    unknown="未知号码",
    test_subject="{server} 的测试邮件",
    test_body="邮件设置正确：{server} 已成功发送此邮件。",
    queue_subject="队列 {queue}：{count} 个未接通的来电",
    queue_intro="队列 {queue} 中的以下来电者未能与坐席通话：",
    queue_call="{at}  {caller}，等待 {waited}：{end}",
    queue_ends={
        QueueEnd.FAILED_OVER: "未接，没有坐席及时应答",
        QueueEnd.ABANDONED: "放弃，来电者已挂断",
    },
    queue_rung="振铃未接：{agents}",
    queue_more="……另有 {count} 个。",
    queue_log="全部记录见队列日志。",
    paused_subject="您在队列 {queue} 中已被暂停",
    paused_body=(
        "由于连续 {missed} 个来电在您的话机上振铃而未接听，您已于 {at} 在队列 {queue} 中被暂停。"
        "在您结束暂停之前，该队列的来电不会分配给您。"
    ),
    changed_subject="您的密码已被修改",
    changed_body=(
        "分机 {number} 的密码已于 {at} 由 {by} 从 {address} 修改。如果您对此不知情，请立即联系管理员。"
    ),
    missed_subject="分机 {number}：{count} 个未接来电",
    missed_call="{at}  {caller}",
    missed_log="全部记录见通话记录。",
    message_subject="新留言：{caller}",
    message_body="{caller} 于 {at} 在 {box} 的信箱中留下了一条时长 {length} 的留言。",
    message_attached="录音见附件。",
    message_gone="该留言在本邮件发送前已被删除，因此没有附件。",
    message_waits="可以在客户端中或通过电话收听。",
    welcome_subject="登录 {server}",
    welcome_hello="{name}，您好！",
    welcome_body=(
        "您的分机是 {server} 的 {number}。"
        "请在装有 Linkus Desktop 的电脑上打开链接，无需输入任何内容即可登录。"
    ),
    welcome_links={"local": "在公司网络中：", "public": "在其他地方："},
    welcome_once="链接仅可使用一次，有效期至 {until}。登录后您会获得新密码，之后可自行修改。",
)

WORDS: dict[MailLanguage, Words] = {
    MailLanguage.ENGLISH: ENGLISH,
    MailLanguage.CZECH: CZECH,
    MailLanguage.CHINESE: CHINESE,
}
