"""Sound packages over HTTPS (Q-5, ADMIN-2, ADMIN-5)."""

import io
import json

from server.contract.languages import MAX_PACKAGE_BYTES
from tests.server.api.conftest import Ask
from tests.server.sounds import package, tone

LANGUAGES = "/api/v1/languages"
THANKS = package({"cs/queue-thankyou.wav": tone(600, seconds=0.3), "cs/CREDITS": b"words"}, form="zip")


async def test_a_language_is_installed_listed_and_removed_Q_5(ask: Ask, admin_token: str) -> None:
    sent = await ask("PUT", f"{LANGUAGES}/cs", token=admin_token, data=THANKS)
    assert sent.status == 200, sent.text
    told = json.loads(sent.text)
    assert (told["language"], told["sounds"], told["ignored"], told["says_numbers"]) == ("cs", 1, 1, False)
    assert "digits/1w" in told["missing"]
    assert len(told["missing"]) == told["needed"] - 1
    del told["ignored"]
    assert json.loads((await ask("GET", LANGUAGES, token=admin_token)).text) == [told]
    assert (await ask("DELETE", f"{LANGUAGES}/cs", token=admin_token)).status == 204
    assert (await ask("DELETE", f"{LANGUAGES}/cs", token=admin_token)).status == 404
    assert json.loads((await ask("GET", LANGUAGES, token=admin_token)).text) == []


async def test_what_cannot_be_used_is_refused_with_the_reason_Q_5(ask: Ask, admin_token: str) -> None:
    for language, sent, status, why in (
        ("cs", b"words", 422, "neither"),
        ("cs", package({"../queue-thankyou.wav": tone()}), 422, "leads out"),
        ("en", THANKS, 422, "by itself"),
        ("czech", THANKS, 422, "czech"),
        ("cs", io.BytesIO(bytes(MAX_PACKAGE_BYTES + 1)), 413, "allowed"),
    ):
        answer = await ask("PUT", f"{LANGUAGES}/{language}", token=admin_token, data=sent)
        assert answer.status == status, answer.text
        assert why in answer.error.message or (status == 422 and language == "czech")
    assert json.loads((await ask("GET", LANGUAGES, token=admin_token)).text) == []


async def test_only_administrators_install_languages_ADMIN_2(ask: Ask, user_token: str) -> None:
    for method, path in (("GET", LANGUAGES), ("PUT", f"{LANGUAGES}/cs"), ("DELETE", f"{LANGUAGES}/cs")):
        assert (await ask(method, path, token=user_token)).status == 403
        assert (await ask(method, path)).status == 401
