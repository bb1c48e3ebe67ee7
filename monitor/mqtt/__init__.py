"""Tells the world over MQTT what happens at the beds; see docs/reference/mqtt.md."""

from monitor.mqtt.connection import broker_fault
from monitor.mqtt.publisher import MqttPublisher
from monitor.mqtt.settings import MqttSettings
from monitor.mqtt.state_publisher import PublishedWard

__all__ = ["MqttPublisher", "MqttSettings", "PublishedWard", "broker_fault"]
