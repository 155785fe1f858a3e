"""Ring tones over HTTPS: administrators upload them, everybody's client fetches them (Q-5, ADMIN-5)."""

import io
import json

import pytest

from server.services.sound_files import MAX_BYTES
from tests.server.api.conftest import Ask
from tests.server.sounds import pitch_of, tone

TONE = "/api/v1/ring-tones/anthem"
OWN = "/api/v1/me/ring-tones"


async def test_a_ring_tone_is_uploaded_and_fetched_by_its_hash_Q_5(
    ask: Ask, admin_token: str, user_token: str
) -> None:
    assert (await ask("PUT", TONE, token=admin_token, json={})).status == 200
    assert json.loads((await ask("GET", OWN, token=user_token)).text) == {"hashes": []}
    sent = await ask("PUT", f"{TONE}/sound", token=admin_token, data=tone(600, form="FLAC"))
    assert sent.status == 200, sent.text
    digest = json.loads(sent.text)["hash"]
    assert json.loads((await ask("GET", OWN, token=user_token)).text) == {"hashes": [digest]}
    got = await ask("GET", f"{OWN}/{digest}", token=user_token)
    assert got.headers["Content-Type"] == "audio/wav"
    assert "immutable" in got.headers["Cache-Control"]
    assert pitch_of(got.content) == pytest.approx(600, abs=3)
    assert (await ask("GET", f"{TONE}/sound", token=admin_token)).content == got.content
    queue = {"number": "6400", "ring_tone": "anthem"}
    assert (await ask("PUT", "/api/v1/queues/6400", token=admin_token, json=queue)).status == 200
    used = await ask("DELETE", TONE, token=admin_token)
    assert used.status == 409
    assert "is used by queue 6400" in used.error.message
    assert (await ask("DELETE", "/api/v1/queues/6400", token=admin_token)).status == 204
    assert (await ask("DELETE", TONE, token=admin_token)).status == 204
    assert (await ask("GET", f"{OWN}/{digest}", token=user_token)).status == 404


async def test_what_cannot_be_used_is_refused_Q_5(ask: Ask, admin_token: str, user_token: str) -> None:
    await ask("PUT", TONE, token=admin_token, json={})
    for path, sent, status in (
        (f"{TONE}/sound", b"words", 422),
        (f"{TONE}/sound", tone(seconds=40, form="FLAC"), 422),
        (f"{TONE}/sound", io.BytesIO(bytes(MAX_BYTES + 1)), 413),
        ("/api/v1/ring-tones/none/sound", tone(), 404),
    ):
        answer = await ask("PUT", path, token=admin_token, data=sent)
        assert answer.status == status, answer.text
    assert (await ask("PUT", "/api/v1/ring-tones/pulse", token=admin_token, json={})).status == 422
    assert (await ask("GET", f"{TONE}/sound", token=admin_token)).status == 404
    for digest, status in (("0a" * 32, 404), ("short", 422)):
        assert (await ask("GET", f"{OWN}/{digest}", token=user_token)).status == status


async def test_only_administrators_upload_and_only_who_is_logged_in_fetches_Q_5(
    ask: Ask, user_token: str
) -> None:
    for method, path in (("GET", f"{TONE}/sound"), ("PUT", f"{TONE}/sound"), ("PUT", TONE), ("DELETE", TONE)):
        assert (await ask(method, path, token=user_token)).status == 403
        assert (await ask(method, path)).status == 401
    for path in (OWN, f"{OWN}/{'0a' * 32}"):
        assert (await ask("GET", path)).status == 401
