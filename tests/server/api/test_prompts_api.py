"""Prompts over HTTPS (ADMIN-2, ADMIN-5)."""

import io
import json

import pytest

from server.services.sound_files import MAX_BYTES
from tests.server.api.conftest import Ask
from tests.server.sounds import pitch_of, tone

RECORDINGS = "/api/v1/prompts/welcome/recordings"


@pytest.fixture
async def welcome(ask: Ask, admin_token: str) -> None:
    answer = await ask("PUT", "/api/v1/prompts/welcome", token=admin_token, json={})
    assert answer.status == 200


@pytest.mark.usefixtures("welcome")
async def test_a_sound_is_uploaded_listed_downloaded_and_removed_ADMIN_2(ask: Ask, admin_token: str) -> None:
    sent = await ask("PUT", f"{RECORDINGS}/en", token=admin_token, data=tone(440, form="FLAC"))
    assert sent.status == 200, sent.text
    listed = json.loads((await ask("GET", RECORDINGS, token=admin_token)).text)
    assert listed == [json.loads(sent.text)]
    got = await ask("GET", f"{RECORDINGS}/en", token=admin_token)
    assert got.headers["Content-Type"] == "audio/wav"
    assert pitch_of(got.content) == pytest.approx(440, abs=3)
    assert (await ask("DELETE", f"{RECORDINGS}/en", token=admin_token)).status == 204
    assert (await ask("GET", f"{RECORDINGS}/en", token=admin_token)).status == 404
    assert json.loads((await ask("GET", RECORDINGS, token=admin_token)).text) == []


@pytest.mark.usefixtures("welcome")
async def test_what_cannot_be_used_is_refused_and_changes_nothing(ask: Ask, admin_token: str) -> None:
    await ask("PUT", f"{RECORDINGS}/en", token=admin_token, data=tone(440))
    before = (await ask("GET", RECORDINGS, token=admin_token)).text
    for path, sent, status in (
        (f"{RECORDINGS}/en", b"no sound", 422),
        (f"{RECORDINGS}/english", tone(), 422),
        (f"{RECORDINGS}/en", io.BytesIO(bytes(MAX_BYTES + 1)), 413),
        ("/api/v1/prompts/gone/recordings/en", tone(), 404),
    ):
        answer = await ask("PUT", path, token=admin_token, data=sent)
        assert answer.status == status, answer.text
        assert answer.error.message
    assert (await ask("GET", RECORDINGS, token=admin_token)).text == before


@pytest.mark.usefixtures("welcome")
async def test_only_administrators_hear_and_change_prompts(ask: Ask, user_token: str) -> None:
    for method, path in (
        ("GET", RECORDINGS),
        *((verb, f"{RECORDINGS}/en") for verb in ("GET", "PUT", "DELETE")),
    ):
        assert (await ask(method, path, token=user_token)).status == 403
        assert (await ask(method, path)).status == 401
