"""How a phone is asked to answer by itself (SIP-9); there is no one way that all of them know."""

AUTO_ANSWER = {
    "Call-Info": "<sip:intercom>;answer-after=0",
    "Alert-Info": "<http://intercom>;info=alert-autoanswer",
    "Answer-Mode": "Auto",
}
"""Headers of an INVITE: two that desk phones know, and RFC 5373's. A phone that knows none of them rings."""
