"""Where the MQTT broker is and how to speak to it. Connects to nothing."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from aiomqtt import ProtocolVersion

PROTOCOLS: Final = {"5": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the broker is and how to speak to it.

    `url` is `mqtt://host[:port]` or `mqtts://…`; files are paths. Raises `ValueError` when
    it cannot be right.
    """

    url: str
    site: str
    root: str = "postdose"
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError(f"mqtt.url {self.url!r}: write mqtt://host or mqtts://host:port")
        if parts.port == 0 or parts.path.strip("/") or parts.username:
            raise ValueError(f"mqtt.url {self.url!r}: only a host and a port belong there")
        if (self.cert is None) != (self.key is None):
            raise ValueError("mqtt.cert and mqtt.key go together")
        if self.protocol not in PROTOCOLS:
            raise ValueError(f"mqtt.protocol {self.protocol!r} is none of 5, 3.1.1")

    @property
    def prefix(self) -> str:
        """The topic below which everything of the site is."""
        return f"{self.root}/{self.site}"

    @property
    def identifier(self) -> str:
        """The client identifier of the site's daemon."""
        return f"{self.root}-{self.site}"

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port: 1883, over TLS 8883, unless the URL says another."""
        return urlsplit(self.url).port or (8883 if self.tls else 1883)

    @property
    def tls(self) -> bool:
        """Whether to speak TLS."""
        return urlsplit(self.url).scheme == "mqtts"

    def tls_context(self) -> ssl.SSLContext | None:
        """The TLS settings; reads the files. Raises `OSError` (`ssl.SSLError` is one)."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca)
        if self.cert and self.key:
            context.load_cert_chain(self.cert, self.key)
        return context

    def password(self) -> str | None:
        """The password, read afresh so that it can be changed. Raises `OSError`."""
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise OSError(f"{self.password_file} is not UTF-8 text") from None
