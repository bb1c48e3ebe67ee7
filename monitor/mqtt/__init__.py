"""Tells the world over MQTT what happens at the beds; see docs/reference/mqtt.md."""

from monitor.mqtt.publisher import MqttPublisher, PublishedWard
from monitor.mqtt.settings import MqttSettings

__all__ = ["MqttPublisher", "MqttSettings", "PublishedWard"]
