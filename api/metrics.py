"""The daemon in numbers, for Prometheus: read off when asked, nothing is counted for it."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alerts.rules import Priority
from drivers.readings import LinkState
from monitor.ward import Ward


def registry(ward: Ward) -> CollectorRegistry:
    """Everything that can be measured of `ward` and of this process."""
    found = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    GCCollector(registry=found)
    found.register(_OfTheWard(ward))
    return found


class _OfTheWard(Collector):
    def __init__(self, ward: Ward) -> None:
        self._ward = ward

    def collect(self) -> Iterator[Metric]:
        yield from self._site()
        yield from self._beds()
        yield from self._devices()

    def _site(self) -> Iterator[Metric]:
        ward = self._ward
        for name, text, value in (
            ("journal_seq", "Newest stored event", ward.journal.last_seq),
            ("journal_failing", "1 while nothing can be stored", _one(ward.journal.failure)),
            ("journal_log_bytes", "Length of SQLite's write-ahead log", ward.journal.log_bytes),
            (
                "broker_connected",
                "1 while the broker is connected",
                float(ward.broker_status().connected),
            ),
            ("broker_waiting", "Events the broker has still to get", ward.broker_status().waiting),
            ("displays", "Open live streams", ward.stream_clients),
        ):
            yield GaugeMetricFamily(f"postdose_{name}", text, value=value)
        yield CounterMetricFamily(
            "postdose_samples_dropped",
            "Samples lost while the journal was failing",
            value=ward.journal.samples_dropped,
        )

    def _beds(self) -> Iterator[Metric]:
        alarms = GaugeMetricFamily(
            "postdose_alarms", "Open alarms", labels=["bed", "priority", "kind"]
        )
        faults = CounterMetricFamily(
            "postdose_bed_faults", "Failures of a bed's core, each mended", labels=["bed"]
        )
        for bed, runner in self._ward.bed_runners.items():
            faults.add_metric([bed], runner.recovery.faults)
            counted: dict[tuple[Priority, str], int] = {}
            for alarm in runner.bed.alarm_engine.open_alarms():
                key = (alarm.priority, alarm.kind.value)
                counted[key] = counted.get(key, 0) + 1
            for (priority, kind), count in counted.items():
                alarms.add_metric([bed, priority.label, kind], count)
        yield alarms
        yield faults

    def _devices(self) -> Iterator[Metric]:
        labels = ["bed", "device"]
        up = GaugeMetricFamily("postdose_device_up", "1 while the device is heard", labels=labels)
        damaged = CounterMetricFamily(
            "postdose_device_damaged", "Damaged frames by reason", labels=[*labels, "reason"]
        )
        counted = {
            name: CounterMetricFamily(f"postdose_device_{name}", text, labels=labels)
            for name, text in (
                ("bytes_in", "Bytes received"),
                ("bytes_out", "Bytes sent"),
                ("frames", "Good frames received"),
                ("reconnects", "Times the link was opened again"),
            )
        }
        everyone = [
            (bed, name, device)
            for bed, runner in self._ward.bed_runners.items()
            for name, device in runner.devices.items()
        ]
        for bed, name, device in everyone:
            up.add_metric([bed, name], float(device.link_state.state is LinkState.UP))
            counters = device.counters
            counted["bytes_in"].add_metric([bed, name], counters.bytes_in)
            counted["bytes_out"].add_metric([bed, name], counters.bytes_out)
            counted["frames"].add_metric([bed, name], counters.stats.frames)
            counted["reconnects"].add_metric([bed, name], counters.reconnects)
            for reason, count in counters.stats.damaged.items():
                damaged.add_metric([bed, name, reason], count)
        yield from (up, damaged, *counted.values())


def _one(failure: str | None) -> float:
    return 0.0 if failure is None else 1.0
