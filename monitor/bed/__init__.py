"""Everything that happens at one bed, as a pure state machine.

`Bed.handle` takes an input, a device's item, a command or a tick, and returns the events that
were decided and the effects that the shell should carry out. `view` is what people see of it,
`dump` and `load` are its inputs as JSON, a `RecordingStart` is where a replay can begin, and
`seen_before` is what stored inputs tell a bed that is restored.

Pure: `now` is an argument. No asyncio, no storage, no network.
"""

from monitor.bed import bed_view, session_view, view
from monitor.bed.bed import Bed
from monitor.bed.effects import Result, StartMeasurement, event_id
from monitor.bed.input_codec import RecordingStart, dump, load
from monitor.bed.inputs import DeviceInput, Input, SeenBefore, SiteCondition, Tick, TimedInput
from monitor.bed.seen_before import seen_before
from monitor.bed.view import Json

__all__ = [
    "Bed",
    "DeviceInput",
    "Input",
    "Json",
    "RecordingStart",
    "Result",
    "SeenBefore",
    "SiteCondition",
    "StartMeasurement",
    "Tick",
    "TimedInput",
    "bed_view",
    "dump",
    "event_id",
    "load",
    "seen_before",
    "session_view",
    "view",
]
