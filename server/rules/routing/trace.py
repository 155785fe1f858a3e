"""The steps of a decision, as they are taken."""

from collections.abc import Sequence

from server.contract.decisions import Decision, DecisionKind, Refusal, Rule, Step, TrunkChoice
from server.contract.features import Feature
from server.rules.features import FeatureCall

_REFUSED = {
    Refusal.INVALID_NUMBER: "what was dialled cannot be a number",
    Refusal.UNKNOWN_NUMBER: "no rule leads there",
    Refusal.UNKNOWN_CALLER: "the caller is not known, or disabled",
    Refusal.FORBIDDEN: "not permitted",
    Refusal.OUTSIDE_HOURS: "not at this time",
    Refusal.NO_TRUNK: "no trunk is enabled",
}


class Trace:
    """Collects steps until the decision, which is the last one."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def no(self, rule: Rule, name: str, reason: str) -> None:
        """A rule was tried and did not match."""
        self._steps.append(Step(rule=rule, name=name, matched=False, reason=reason))

    def yes(self, rule: Rule, name: str, reason: str) -> None:
        """A rule matched."""
        self._steps.append(Step(rule=rule, name=name, matched=True, reason=reason))

    def to(self, kind: DecisionKind, number: str = "", *, route: str = "") -> Decision:
        """Decide for something inside, or for hanging up."""
        words = f"{kind.replace('_', ' ')} {number}".strip()
        return self._decision(f"To {words}." if number else "Hang up.", kind, number=number, route=route)

    def call_back(self, extension: str) -> Decision:
        """Decide that an emergency centre calls this extension back."""
        words = f"To extension {extension}, as the call-back of an emergency call."
        return self._decision(words, DecisionKind.EXTENSION, number=extension, emergency_call_back=True)

    def out(
        self, kind: DecisionKind, number: str, trunks: Sequence[TrunkChoice], *, route: str = ""
    ) -> Decision:
        """Decide for trunks, in this order."""
        named = ", then ".join(choice.trunk for choice in trunks)
        urgent = " as an emergency call" if kind is DecisionKind.EMERGENCY else ""
        words = f"Out to {number}{urgent} by {named}."
        return self._decision(words, kind, number=number, trunks=tuple(trunks), route=route)

    def do(self, wanted: FeatureCall) -> Decision:
        """Decide for a feature."""
        words = f"Do {wanted.feature.replace('_', ' ')} {wanted.number}".strip()
        return self._decision(f"{words}.", DecisionKind.FEATURE, number=wanted.number, feature=wanted.feature)

    def refuse(self, refusal: Refusal, number: str = "") -> Decision:
        """Decide against the call."""
        return self._decision(
            f"Refused: {_REFUSED[refusal]}.", DecisionKind.REFUSED, number=number, refusal=refusal
        )

    def _decision(
        self,
        words: str,
        kind: DecisionKind,
        *,
        number: str,
        trunks: tuple[TrunkChoice, ...] = (),
        route: str = "",
        refusal: Refusal | None = None,
        feature: Feature | None = None,
        emergency_call_back: bool = False,
    ) -> Decision:
        last = Step(rule=Rule.DECISION, matched=kind is not DecisionKind.REFUSED, reason=words)
        return Decision(
            kind=kind,
            number=number,
            trunks=trunks,
            route=route,
            refusal=refusal,
            feature=feature,
            emergency_call_back=emergency_call_back,
            steps=(*self._steps, last),
        )
