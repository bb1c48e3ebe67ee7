"""Everything that happens at one bed, as a pure state machine.

`Bed` takes device reports, commands and ticks, and returns the events that were decided and
the effects that the shell should carry out. Its parts: vitals, the state of its devices,
the NIBP scheduler, technical conditions, and the view that people see of it.

Pure: `now` is an argument. No asyncio, no storage, no network.
"""

from monitor.bed import inputs, view
from monitor.bed.bed import Bed
from monitor.bed.effects import Result, StartMeasurement, event_id
from monitor.bed.inputs import Input, RecordingStart, TimedInput, apply, load
from monitor.bed.view import Json

__all__ = [
    "Bed",
    "Input",
    "Json",
    "RecordingStart",
    "Result",
    "StartMeasurement",
    "TimedInput",
    "apply",
    "event_id",
    "inputs",
    "load",
    "view",
]
