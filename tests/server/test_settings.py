"""Settings: where they come from, which source wins, and what is said about a bad one (A.2)."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from server.settings import Settings, SettingsError, load


def test_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.http.port, settings.sip.port, settings.sips.port) == (8111, 5060, 5061)
    assert (settings.rtp.low, settings.rtp.high) == (10000, 12000)
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path / 'linkus.db'}"
    assert settings.certificate == tmp_path / "tls" / "certificate.pem"


def test_options_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "linkus.toml").write_text(
        'name = "Office"\n[sip]\nhost = "192.0.2.1"\nport = 5070\n[http]\nport = 8200\n[auth]\ntries = 7\n'
    )
    monkeypatch.setenv("LINKUS_SIP__PORT", "5080")
    monkeypatch.setenv("LINKUS_HTTP__PORT", "8300")
    settings = load(tmp_path, options={"http": {"port": 8400}})
    assert (settings.name, settings.auth.tries) == ("Office", 7)
    assert (settings.sip.host, settings.sip.port) == ("192.0.2.1", 5080)
    assert settings.http.port == 8400


def test_a_variable_of_a_whole_section_that_is_no_json_is_named_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A section may hold a password (`database.url`)."""
    monkeypatch.setenv("LINKUS_DATABASE", "postgresql://me:secret@host/db")
    with pytest.raises(SettingsError, match=r"database.*LINKUS_<SECTION>__<NAME>") as caught:
        load(tmp_path)
    assert "secret" not in str(caught.value)


def test_the_data_folder_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKUS_DATA", str(tmp_path))
    (tmp_path / "linkus.toml").write_text("[sip]\nport = 5070\n")
    settings = load()
    assert (settings.data, settings.sip.port) == (tmp_path, 5070)


def test_another_file_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[rtp]\nlow = 20000\nhigh = 20100\n")
    assert load(tmp_path / "data", config=file).rtp.high == 20100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sip]\nport = 70000\n", "sip.port cannot be 70000"),
        ("[sip]\nprot = 5060\n", "sip.prot"),
        ("[rtp]\nlow = 5\nhigh = 4\n", "5-4 is not a range"),
        ('[http]\ncertificate = "/x.pem"\n', "http.key must be set"),
        ("this is no toml", "linkus.toml"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "linkus.toml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        load(tmp_path)


def test_a_database_password_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "linkus.toml").write_text('[database]\nurll = "postgresql+psycopg://me:secret@host/db"\n')
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert "secret" not in str(caught.value)


def test_settings_cannot_be_changed_by_accident(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings(data=tmp_path).name = "other"


def test_every_setting_stands_in_the_operators_manual() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    names = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            names.append(f"`{name}`")
            continue
        for inner, inner_field in section.model_fields.items():
            deeper = inner_field.annotation
            if isinstance(deeper, type) and issubclass(deeper, BaseModel):
                names += [f".{deepest}`" for deepest in deeper.model_fields]
            else:
                names.append(f"`{name}.{inner}`")
    assert len(names) > 35
    assert [name for name in names if name not in manual] == []
