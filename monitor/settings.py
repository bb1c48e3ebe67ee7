"""The configuration: one TOML file, the environment over it, one validated model.

Every key can come from the environment as `POSTDOSE_SECTION__KEY`. What is wrong is said
in one line that names the file, the line, the key and the mend.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from alerts.rules import explain_errors
from drivers.registry import DeviceSpec, SpecError
from monitor.journal import JOURNAL_STREAM, parse_store_url
from monitor.patient import RECORDS_STREAM
from monitor.session import BY_HAND, CheckKind, jurisdictions

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""What may stand in a URL and an MQTT topic as it is."""


DEFAULT_STORE: Final = "sqlite:///postdose.db"
_BARE_NAME: Final = re.compile(r"sqlite:///([^/:]+)")

TAKEN: Final = frozenset({BY_HAND, *CheckKind})
"""What stands where a device's id does in alarms and pressures."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names where and how to mend it."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(_Section):
    """Who this installation is."""

    id: Name = "site"
    timezone: str | None = None
    jurisdiction: str = "us"
    expects_displays: bool | None = None

    @field_validator("jurisdiction")
    @classmethod
    def _ships(cls, name: str) -> str:
        if name not in (known := jurisdictions()):
            raise ValueError(f"{name!r} is no jurisdiction; there are: {', '.join(known)}")
        return name

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        try:
            None if name is None else ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(
                f"{name!r} is no time zone; write one as America/Chicago, or leave it out for "
                "this machine's"
            ) from None
        return name

    @property
    def zone(self) -> tzinfo | None:
        """The time zone in which a day begins and ends here; None for this machine's."""
        return None if self.timezone is None else ZoneInfo(self.timezone)


class Api(_Section):
    """Where people reach the ward page and the HTTP interface."""

    behind_proxy: bool = False
    cert: Path | None = None
    key: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8600
    enabled: bool = True
    needs_users: bool = False

    @field_validator("host")
    @classmethod
    def _is_not_overheard(cls, host: str, info: ValidationInfo) -> str:
        others = info.data
        if _is_loopback(host) or others.get("behind_proxy") or others.get("cert"):
            return host
        raise ValueError(
            f"{host} can be reached by others, and passwords would be sent in clear: give "
            "cert and key, or behind_proxy = true where a proxy has TLS, or keep 127.0.0.1"
        )

    @model_validator(mode="after")
    def _has_both_files(self) -> Self:
        _check_both(self.cert, self.key)
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return _is_loopback(self.host)

    @property
    def others_reach(self) -> bool:
        """Whether other machines reach it: by its host, or through a proxy on this one."""
        return self.behind_proxy or not self.is_local

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers come over TLS, to here or to a proxy before it."""
        return self.behind_proxy or self.cert is not None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Mqtt(_Section):
    """Where alarms are published."""

    enabled: bool = True
    url: str = "mqtt://127.0.0.1:1883"
    root: Name = "postdose"
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @field_validator("url")
    @classmethod
    def _names_a_broker(cls, url: str) -> str:
        if "@" in url:
            raise ValueError("no password belongs here: give username and password_file")
        if not _is_broker(url):
            raise ValueError(f"{url!r} is no broker: write mqtt://host or mqtts://host:port")
        return url

    @model_validator(mode="after")
    def _has_both_files(self) -> Self:
        _check_both(self.cert, self.key)
        return self


def _check_both(cert: Path | None, key: Path | None) -> None:
    if (cert is None) != (key is None):
        raise ValueError("cert and key go together; give both or none")


def _is_broker(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    named = parts.scheme in ("mqtt", "mqtts") and parts.hostname
    return bool(named) and port != 0 and not parts.path.strip("/")


class Store(_Section):
    """Where the journal is."""

    url: str = DEFAULT_STORE


class Rules(_Section):
    """Which rules judge."""

    set: str = "default"


class Regimens(_Section):
    """A site's own regimens, beside those that ship."""

    files: tuple[Path, ...] = ()


class Log(_Section):
    """How the daemon logs: `console` for people, `json` for machines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Capture(_Section):
    """Where the captures of devices are, and how large; the folder is beside the store."""

    folder: Path | None = None
    file_mb: Annotated[int, Field(ge=1, le=1000)] = 10
    files: Annotated[int, Field(ge=2, le=1000)] = 10


class Device(_Section):
    """One device at a bed; `capture` writes down what goes over its link."""

    id: Name
    driver: str
    url: str
    dialect: str | None = None
    capture: bool = False
    options: dict[str, str | int | bool] = Field(default_factory=dict)

    @field_validator("id")
    @classmethod
    def _is_free(cls, id_: str) -> str:
        if id_ in TAKEN:
            raise ValueError(f"{id_} stands for something else in the records; rename the device")
        return id_

    @model_validator(mode="after")
    def _can_be_opened(self) -> Self:
        try:
            self.spec()
        except SpecError as error:
            raise ValueError(str(error).removeprefix(f"{self.id}: ")) from error
        return self

    def spec(self) -> DeviceSpec:
        """The device as the drivers take it. Raises `SpecError`."""
        return DeviceSpec(self.id, self.driver, self.url, self.dialect, self.options)


BedName = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f\x7f]{0,38}[^\s\x7f])?$")]
"""What people call a bed: "Room 3, window". Up to 40 characters."""


class BedSettings(_Section):
    """One bed and what stands beside it."""

    id: Name
    name: BedName | None = None
    devices: tuple[Device, ...] = ()

    @field_validator("id")
    @classmethod
    def _is_free(cls, id_: str) -> str:
        if id_ in (RECORDS_STREAM, JOURNAL_STREAM):
            raise ValueError(f"{id_} stands for what is written down beside the beds; rename it")
        return id_

    @model_validator(mode="after")
    def _devices_differ(self) -> Self:
        if (twice := _first_twice([device.id for device in self.devices])) is not None:
            raise ValueError(f"device {twice} is there twice; rename one")
        return self


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="POSTDOSE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    site: Site = Site()
    api: Api = Api()
    mqtt: Mqtt = Mqtt()
    store: Store = Store()
    rules: Rules = Rules()
    regimens: Regimens = Regimens()
    log: Log = Log()
    capture: Capture = Capture()
    beds: tuple[BedSettings, ...] = ()

    @property
    def expects_displays(self) -> bool:
        """Whether a high alarm that no page has shown is one more alarm.

        Where the file does not say: there where nothing but a page can show one.
        """
        said = self.site.expects_displays
        return not self.mqtt.enabled if said is None else said

    def given(self) -> frozenset[str]:
        """The vitals that the site's devices give."""
        kinds = (device.spec().kind for bed in self.beds for device in bed.devices)
        return frozenset(vital.value for kind in kinds for vital in kind.vitals)

    def captured(self) -> frozenset[tuple[str, str]]:
        """The devices whose links are captured, as (bed, device)."""
        return frozenset(
            (bed.id, device.id) for bed in self.beds for device in bed.devices if device.capture
        )

    @property
    def capture_folder(self) -> Path:
        """Where captures lie. Raises `StoreError` where it is beside a store that is none."""
        store = parse_store_url(self.store.url).path or Path()
        return self.capture.folder or store.parent / "captures"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment comes before the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _nothing_is_shared(self) -> Self:
        if (twice := _first_twice([bed.id for bed in self.beds])) is not None:
            raise ValueError(f"beds: {twice} is there twice; rename one")
        owner: dict[str, str] = {}
        for bed in self.beds:
            for device in bed.devices:
                port = _port_of(device.url)
                if port in owner:
                    raise ValueError(
                        f"beds: {owner[port]} and {bed.id} both use {device.url}; "
                        "a device stands at one bed"
                    )
                owner[port] = bed.id
        return self

    @model_validator(mode="after")
    def _captures_have_a_place(self) -> Self:
        if self.captured() and not self.capture.folder and self.store.url.startswith("postgresql"):
            raise ValueError(
                "capture: the store is on a server, so say where captures are to lie: "
                'folder = "/var/lib/postdose/captures" in [capture]'
            )
        return self


def _port_of(url: str) -> str:
    return url if "://" in url else os.path.realpath(url)


def _first_twice(names: Sequence[str]) -> str | None:
    return next((name for i, name in enumerate(names) if name in names[:i]), None)


def load(path: Path) -> Settings:
    """The settings in the file at `path`, with the environment over them.

    A relative path in the file is taken from the file's own folder. Raises `ConfigError`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ConfigError(f"{path}: {reason}; give the site's file with --config") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    _resolve(data, path.parent)
    try:
        return Settings(**data)
    except ValidationError as error:
        raise ConfigError(explain_errors(Settings, str(path), text, error)) from error
    except SettingsError as error:
        raise ConfigError(
            f"{path}: the environment over it: {error}; set keys, as POSTDOSE_API__PORT=8600"
        ) from error


def _resolve(data: dict[str, Any], folder: Path) -> None:
    """Make the relative paths of files in `data`, and the journal's, start at `folder`."""
    for section, key in (
        ("mqtt", "password_file"),
        ("mqtt", "ca"),
        ("mqtt", "cert"),
        ("mqtt", "key"),
        ("api", "cert"),
        ("api", "key"),
        ("capture", "folder"),
    ):
        if isinstance(name := _table(data, section).get(key), str):
            data[section][key] = str(folder / name)
    if str(name := _table(data, "rules").get("set", "")).endswith(".toml"):
        data["rules"]["set"] = str(folder / str(name))
    data.setdefault("store", {})
    store = _table(data, "store")
    url = store.get("url", DEFAULT_STORE)
    if isinstance(url, str) and (of_folder := _BARE_NAME.fullmatch(url)):
        store["url"] = f"sqlite:///{(folder / of_folder[1]).resolve()}"
    if isinstance(files := _table(data, "regimens").get("files"), list):
        data["regimens"]["files"] = [str(folder / str(name)) for name in files]


def _table(data: dict[str, Any], section: str) -> dict[str, Any]:
    found = data.get(section)
    return found if isinstance(found, dict) else {}
