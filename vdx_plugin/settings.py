"""Settings of one workplace: from a TOML file, overridden by environment variables ``VDX_PLUGIN_…``.

Nothing secret stands here. Passwords and client secrets lie in the operating system's keyring under the service
``vdx-plugin``, and are named by the setting they belong to.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from vdx_plugin.domain.parties import Purpose
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured

APP = "vdx-plugin"
KEYRING_SERVICE = "vdx-plugin"

Secrets = Callable[[str], Secret]
"""Finds a secret by its name; ``secret`` below is the one of a real workplace."""

Transport = Literal["hub", "vans-folder", "vans-http", "record"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Vdx(_Part):
    """Access to VDX. ``node`` is the Pexip node that serves the rooms, ``portal`` the guests' web page.

    ``version`` v1-proxy goes through MedCom's local certificate proxy: ``api_url`` is then a port of this machine, and
    nobody signs in. ``sign_in`` person lets the user sign in by the browser at ``issuer`` instead of with a secret.
    """

    api_url: str = ""
    version: Literal["v2", "v1-proxy"] = "v2"
    sign_in: Literal["client", "person"] = "client"
    issuer: str = ""
    token_url: str = ""
    client_id: str = ""
    node: str = ""
    portal: str = ""
    project_code: str = ""
    test_alias: str = ""
    """A room at ``node`` that sends back what it gets, by which the line is checked; empty: the line is not."""
    direct_media: bool = False
    """Let a consultation of two go straight from one to the other where the room allows it."""
    poll_s: float = Field(default=3.0, ge=0.05)


class Practice(_Part):
    """Who we are. ``sor`` and ``gln`` sign our MedCom messages; ``pseudonym`` stands in measures."""

    name: str = ""
    sor: str = ""
    gln: str = ""
    provider_number: str = ""
    phone: str = ""
    author_given: str = ""
    author_family: str = ""
    """Who signs letters when the record does not say who is signed in."""
    pseudonym: str = Field(default="", pattern=r"^([a-z]{1,10}-?[0-9]{1,6}|[0-9a-f]{32})?$")
    region: str = Field(default="", pattern=r"^([0-9]{4})?$")
    """Code of the region, four digits."""


class Mail(_Part):
    """The mail server for links to patients and interpreters; empty host means: no mail is sent."""

    host: str = ""
    port: int = 587
    sender: str = ""
    user: str = ""
    security: Literal["none", "starttls", "tls"] = "starttls"
    language: Literal["da", "en"] = "da"
    """Language of mails, whatever the program shows."""


class Sms(_Part):
    """How text messages leave: not at all, through VDX's own service, or through a gateway described here.

    The gateway's key lies in the keyring as ``sms.secret``: the whole value of ``auth_header``. Names of fields and
    ``id_path`` may be paths, ``recipients.0.msisdn``; ``report_url`` holds ``{id}``.
    """

    service: Literal["none", "vdx", "gateway"] = "none"
    link: Literal["own", "meeting"] = "own"
    """With VDX: the party's own link, or the meeting's short one, which names no party."""
    url: str = ""
    """The gateway's address, or the base of VDX's service."""
    method: Literal["POST", "PUT"] = "POST"
    body: Literal["json", "form"] = "json"
    to_field: str = "to"
    text_field: str = "message"
    fields: dict[str, str] = Field(default_factory=dict)
    """What else the gateway wants, such as the sender's name."""
    plain_digits: bool = False
    auth_header: str = "Authorization"
    ok_status: frozenset[int] = frozenset({200, 201, 202})
    id_path: str = ""
    report_url: str = ""
    report_path: str = "status"
    arrived_words: frozenset[str] = frozenset({"delivered"})
    lost_words: frozenset[str] = frozenset({"undelivered", "failed", "rejected", "expired"})


class Interpreters(_Part):
    """What patients hear of the interpreter. ``fee`` is what the region charges by video, as text: ``191 kr``"""

    tells_fee: bool = True
    """Whether the invitation tells a patient with an interpreter that the region may charge for it."""
    fee: str = ""


class Vans(_Part):
    """The way to a VANS supplier: two folders that a VANS client watches, or the supplier's interface over HTTP.

    A bearer token or a password lies in the keyring as ``vans.token`` and ``vans.password``. ``final_codes`` are the
    supplier's error codes after which another try is pointless.
    """

    out: Path | None = None
    into: Path | None = None
    keep_days: float = Field(default=7.0, ge=0)
    """How long dealt-with files are kept in ``into``/done."""
    url: str = ""
    user: str = ""
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    final_codes: tuple[int, ...] = ()


class Partners(_Part):
    """``transport`` says what carries MedCom messages: the endpoint at ``hub_url``, a VANS supplier, the record's mail.

    ``directory`` is a CSV file of partners that is only read.

    ``validator_url`` is an official FHIR validator that looks at every outgoing message: ``validator`` says whether
    it is HL7's wrapper or a FHIR server. ``validator_required`` holds messages back while it cannot be reached.

    ``eas_url`` is the base of EHMI's addressing service; empty means that nobody is asked who can receive what. Its
    access is by client credentials over mutual TLS: ``eas_certificate`` and ``eas_key`` are files in PEM.
    """

    transport: Transport = "hub"
    hub_url: str = ""
    vans: Vans = Vans()
    directory: Path | None = None
    mime: Literal["json", "xml"] = "json"
    """Form of the letters we write; we read both."""
    topics: dict[Purpose, str] = Field(default_factory=dict)
    """What letters for a purpose are called, where the region has agreed on words; day and time are added."""
    validator_url: str = ""
    validator: Literal["hl7", "fhir"] = "hl7"
    validator_required: bool = False
    eas_url: str = ""
    eas_token_url: str = ""
    eas_client_id: str = ""
    eas_certificate: Path | None = None
    eas_key: Path | None = None
    resend_after_min: int = Field(default=30, ge=30)
    """So long a letter waits for its acknowledgement before it is sent again: half an hour at least (MedCom)."""
    max_resends: int = Field(default=2, ge=0, le=3)
    """How often it is then sent again by itself; MedCom's papers say two or three."""
    converted_resend_after_min: int = Field(default=120, ge=120)
    """The same for partners whose letters are converted on the way: the conversion service allows two hours."""
    converted_max_resends: int = Field(default=0, ge=0, le=3)
    undo_within_s: int = Field(default=8, ge=0, le=60)
    """So long word to a party waits before it leaves, and can be taken back with one click; 0 sends at once."""
    workers: int = Field(default=1, ge=1, le=32)
    """How many workers of this host carry messages out; more than one is for a server that many practices share."""


class Database(_Part):
    """Where consultations and messages are kept: in a file of ``data_dir``, or in a PostgreSQL that hosts share.

    ``url`` is ``postgresql://user@host/database``; its password and the key that seals what is kept lie in the keyring
    as ``store.password`` and ``store.shared``.
    """

    url: str = Field(default="", pattern=r"^(postgresql://[^:@/\s]+@[^@\s]+)?$")


class Data(_Part):
    """``keep_messages_days``: so long letters, receivers and answers are kept after they are over."""

    keep_messages_days: int = Field(default=30, ge=1)


class Checks(_Part):
    """``at``: when the workplace is checked by itself each day, ``07:45``; empty: only when somebody asks for it."""

    at: str = Field(default="", pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")


class CdsClient(_Part):
    """A record that may call the cards' service: its name in ``iss``, and the address of its keys."""

    iss: str
    jku: str


class CdsHooks(_Part):
    """The service that shows a card in web records (``vdx-plugin cds-hooks``).

    ``public_url`` is the base under which records call it. ``launch_url`` is the program's SMART launch address,
    ``page_url`` any https page; a card leads to each that is set. ``allow_origins`` are pages whose browsers may call.
    """

    public_url: str = ""
    port: int = Field(default=8780, ge=0, le=65535)
    launch_url: str = ""
    page_url: str = ""
    trusted: tuple[CdsClient, ...] = ()
    allow_origins: tuple[str, ...] = ()


class Settings(BaseSettings):
    """All settings. ``load`` reads them; commands and tests may build them directly."""

    model_config = SettingsConfigDict(env_prefix="VDX_PLUGIN_", env_nested_delimiter="__", extra="forbid", frozen=True)

    environment: Literal["sandbox", "stage", "production"] = "production"
    language: Literal["da", "en"] = "da"
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir(APP, appauthor=False)))
    vdx: Vdx = Vdx()
    practice: Practice = Practice()
    mail: Mail = Mail()
    partners: Partners = Partners()
    sms: Sms = Sms()
    interpreters: Interpreters = Interpreters()
    store: Database = Database()
    data: Data = Data()
    checks: Checks = Checks()
    cds_hooks: CdsHooks = CdsHooks()
    disabled_adapters: tuple[str, ...] = ("dummy", "fhircast", "gdt", "gnuhealth", "smart")
    """Off until somebody switches them on: the specimen, whose patients are nobody's, and what must be set up first."""
    adapters: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Settings of each adapter, by its name."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, default_file()))

    def missing(self) -> list[str]:
        """Return the names of settings without which no consultation can start."""
        needed: dict[str, Any] = {
            "vdx.api_url": self.vdx.api_url,
            **self._needed_to_sign_in(),
            "vdx.node": self.vdx.node,
            "vdx.portal": self.vdx.portal,
            "practice.name": self.practice.name,
            "practice.author_family": self.practice.author_family,
        }
        return [name for name, value in needed.items() if not value]

    def _needed_to_sign_in(self) -> dict[str, Any]:
        if self.vdx.version == "v1-proxy":
            return {}
        needed = {"vdx.token_url": self.vdx.token_url, "vdx.client_id": self.vdx.client_id}
        return needed | ({"vdx.issuer": self.vdx.issuer} if self.vdx.sign_in == "person" else {})


def default_file() -> Path:
    """Where the settings file lies on this workplace."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "settings.toml"


def load() -> Settings:
    """Read the settings. Raises Misconfigured that names the setting at fault, never its value."""
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("settings.file", str(error), setting=default_file().name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("settings.file", type(error).__name__, setting=default_file().name) from error
    except SettingsError as error:
        # Its words name the field and the source, never the value.
        raise Misconfigured("settings.value", str(error), setting="VDX_PLUGIN_…") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Misconfigured("settings.value", error.errors()[0]["type"], setting=place) from error


def secret(name: str) -> Secret:
    """Return a secret from the keyring; an empty one if it is not there."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return Secret(keyring.get_password(KEYRING_SERVICE, name) or "")
    except KeyringError as error:
        raise Misconfigured("settings.keyring", type(error).__name__, setting=name) from error


def keep_secret(name: str, value: str) -> None:
    """Put a secret into the keyring."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(KEYRING_SERVICE, name, value)
    except KeyringError as error:
        raise Misconfigured("settings.keyring", type(error).__name__, setting=name) from error
