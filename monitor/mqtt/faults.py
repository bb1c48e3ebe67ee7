"""Why there is no connection to the broker, in words, and how to mend it. Connects to nothing."""

from collections.abc import Mapping
from typing import Final

from aiomqtt import MqttError
from aiomqtt.exceptions import MqttCodeError
from paho.mqtt.reasoncodes import ReasonCode

from monitor.mqtt.settings import MqttSettings

UNSPECIFIED: Final = 0x80
"""What paho says as well of a connection that broke without a word."""

NO_RETAIN: Final = 0x9A
NO_QOS: Final = 0x9B

SIGN_IN: Final = "check mqtt.username and mqtt.password_file"

WAYS_OUT: Final[Mapping[int, str]] = {
    0x84: 'set mqtt.protocol = "3.1.1"',
    0x86: SIGN_IN,
    0x87: f"{SIGN_IN}, and that it may write {{prefix}}/#",
    0x8E: "another client signed in as {identifier}: run one daemon of a site, and give each "
    "site its own site.id",
    0x95: "raise its limit (Mosquitto: max_packet_size)",
    NO_RETAIN: "displays need retained messages: have it keep them (Mosquitto: retain_available)",
    NO_QOS: "have it take QoS 1 (Mosquitto: max_qos)",
}
"""How to mend what a broker refuses or ends a connection for, by reason code (MQTT 5, 2.4)."""

LOST: Final = (
    "the connection was lost and no reason given; if that goes on, another daemon may be running "
    "as {identifier}: give each site its own site.id"
)
CLOSED: Final = "it closed the connection instead of an answer"
SAYS_NO_MORE: Final = '; MQTT 3.1.1 cannot say why: see its log, or try mqtt.protocol = "5"'


def in_words(error: BaseException, settings: MqttSettings) -> str:
    """Why the connection could not be made, or was lost, and the way out where one is known."""
    reason = _reason(error)
    if reason is not None and reason.value != UNSPECIFIED:
        words = f"{reason} (0x{reason.value:02X}); {WAYS_OUT.get(reason.value, 'see its log')}"
    else:
        is_lost = isinstance(error, MqttCodeError) or error.__cause__ is not None
        words = LOST if is_lost else str(error)
    if settings.protocol == "3.1.1" and words in (LOST, CLOSED):
        words += SAYS_NO_MORE
    return words.replace("{identifier}", settings.identifier).replace("{prefix}", settings.prefix)


def _reason(error: BaseException | None) -> ReasonCode | None:
    """What the broker said, in `error` or in what caused it."""
    while isinstance(error, MqttError):
        if isinstance(error, MqttCodeError) and isinstance(error.rc, ReasonCode):
            return error.rc
        error = error.__cause__
    return None
