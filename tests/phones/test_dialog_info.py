"""Reading dialog-info: what RFC 4235 allows is read, what it forbids is refused (KEY-4)."""

import pytest

from tests.phones.dialog_info import NAMESPACE, DialogInfo, faults, parse, read

IDLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="{NAMESPACE}" version="0" state="full" entity="sip:1002@127.0.0.1:5060">
 <dialog id="1002">
  <state>terminated</state>
 </dialog>
</dialog-info>
"""
RINGING = IDLE.replace('<dialog id="1002">', '<dialog id="1002" direction="recipient">').replace(
    "<state>terminated</state>",
    """<local>
   <identity>sip:1002@127.0.0.1:5060</identity>
   <target uri="sip:1002@127.0.0.1:5060" />
  </local>
  <state>early</state>""",
)
HELD = IDLE.replace(
    "<state>terminated</state>",
    """<state>confirmed</state>
  <local>
   <target uri="sip:1002@127.0.0.1:5060">
    <param pname="+sip.rendering" pvalue="no" />
   </target>
  </local>""",
)
"""As Asterisk 22 writes them."""

EVERYTHING = f"""<?xml version="1.0"?>
<dialog-info xmlns="{NAMESPACE}" xmlns:x="urn:example:other"
 version="18" state="partial" entity="sips:a@b.test">
 <dialog id="as7d" call-id="a84b" local-tag="1928" remote-tag="456" direction="initiator" x:appearance="2">
  <state event="remote-bye" code="699">terminated</state>
  <duration>274</duration>
  <replaces call-id="hg287s" local-tag="98asjd8" remote-tag="js7s"/>
  <referred-by display="Čeněk" xml:lang="cs">sip:c@b.test</referred-by>
  <route-set><hop>sip:p1.b.test;lr</hop><hop>sip:p2.b.test;lr</hop></route-set>
  <local>
   <identity display="Anna">sip:a@b.test</identity>
   <target uri="sip:a@pc33.b.test">
    <param pname="+sip.rendering" pval="yes"/><param pname="x" pval=""/>
   </target>
   <session-description type="application/sdp">v=0</session-description>
   <cseq>1</cseq>
   <x:mood>merry</x:mood>
  </local>
  <remote><identity>tel:+420123</identity><target uri="sip:d@b.test"/></remote>
  <x:exclusive>false</x:exclusive>
 </dialog>
 <x:more/>
</dialog-info>
"""

NOT_ONE = "is not an element of the schema"
BROKEN = {
    "an unknown state": (IDLE, ">terminated<", ">ringing<", "dialog/state"),
    "a state in capitals": (IDLE, ">terminated<", ">Terminated<", "dialog/state"),
    "no state": (IDLE, "<state>terminated</state>", "", "'di:state' expected"),
    "two states": (IDLE, "</state>", "</state><state>early</state>", "'state' at position 2"),
    "an unknown event": (IDLE, "<state>", '<state event="hung-up">', "hung-up"),
    "a code that SIP has not": (IDLE, "<state>", '<state code="700">', "699"),
    "no version": (IDLE, ' version="0"', "", "'version'"),
    "a version below zero": (IDLE, 'version="0"', 'version="-1"', "version='-1'"),
    "a version that is no number": (IDLE, 'version="0"', 'version="0.1"', "version='0.1'"),
    "no entity": (IDLE, ' entity="sip:1002@127.0.0.1:5060"', "", "'entity'"),
    "an entity that is no address": (IDLE, 'entity="sip:1002@127.0.0.1:5060"', 'entity="1002"', "'1002'"),
    "neither full nor partial": (IDLE, ' state="full"', "", "'state'"),
    "half a state": (IDLE, 'state="full"', 'state="half"', "half"),
    "a wrong direction": (RINGING, '"recipient"', '"incoming"', "incoming"),
    "a dialog without an id": (IDLE, '<dialog id="1002">', "<dialog>", "'id'"),
    "no dialog": (IDLE, '<dialog id="1002">\n  <state>terminated</state>\n </dialog>', "", "0 dialogs"),
    "two dialogs": (IDLE, "</dialog>", '</dialog><dialog id="2"><state>early</state></dialog>', "2 dialogs"),
    "an attribute nobody knows": (IDLE, '<dialog id="1002">', '<dialog id="1002" name="x">', "'name'"),
    "an element nobody knows": (IDLE, "</state>", "</state><mood>merry</mood>", "'mood'"),
    "the parties in the wrong order": (
        EVERYTHING,
        "</local>",
        '</local><remote><identity>sip:e@b.test</identity></remote><local><target uri="sip:a@b"/></local>',
        "Unexpected child with tag 'local'",
    ),
    "both parties before the state": (RINGING, "<local>", "<remote/><local>", "with tag 'remote'"),
    "a target without an address": (RINGING, 'target uri="sip:1002@127.0.0.1:5060"', "target", "'uri'"),
    "an identity that is none": (RINGING, ">sip:1002@127.0.0.1:5060</i", ">Boris</i", "Boris"),
    "a parameter without a name": (HELD, 'pname="+sip.rendering"', "", "'pname'"),
    "a parameter without a value": (HELD, 'pvalue="no"', "", "'pval'"),
    "a parameter with two values": (HELD, 'pvalue="no"', 'pvalue="no" pval="yes"', "'pvalue'"),
    "media that is rendered perhaps": (HELD, 'pvalue="no"', 'pvalue="perhaps"', "perhaps"),
    "a route without a hop": (IDLE, "</state>", "</state><route-set/>", "'di:hop' expected"),
    "the wrong space": (IDLE, NAMESPACE, f"{NAMESPACE}s", NOT_ONE),
    "no space": (IDLE, f' xmlns="{NAMESPACE}"', "", NOT_ONE),
    "another document": (IDLE.replace("dialog-info ", "presence "), "</dialog-info>", "</presence>", NOT_ONE),
    "half a document": (IDLE, "</dialog-info>", "", "not XML"),
}  # fmt: skip
"""What is wrong: a document, what is replaced in it by what, and a word of the reason."""


@pytest.mark.parametrize("what", BROKEN)
def test_a_document_that_the_rfc_forbids_is_refused_KEY_4(what: str) -> None:
    document, right, wrong, reason = BROKEN[what]
    assert right in document
    with pytest.raises(AssertionError) as refused:
        read(document.replace(right, wrong))
    told, _, _ = str(refused.value).partition("<?xml")
    assert reason in told


@pytest.mark.parametrize(
    ("document", "lamp"),
    [(IDLE, "idle"), (RINGING, "ringing"), (HELD, "held")],
    ids=["idle", "ringing", "held"],
)
def test_what_asterisk_writes_is_read_KEY_4(document: str, lamp: str) -> None:
    assert read(document).lamp == lamp


def test_all_that_the_rfc_allows_is_read_KEY_4() -> None:
    assert faults(parse(EVERYTHING)) == []
    assert read(EVERYTHING) == DialogInfo(18, False, "sips:a@b.test", "terminated", "initiator", True)


def test_only_two_habits_of_asterisk_are_let_pass_KEY_4() -> None:
    assert faults(parse(IDLE)) == []
    (order,) = faults(parse(RINGING))
    assert "local" in order
    assert "di:state' expected" in order
    missing, unknown = faults(parse(HELD))
    assert "'pval'" in missing
    assert "'pvalue'" in unknown
