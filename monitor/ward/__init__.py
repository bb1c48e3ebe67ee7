"""The asyncio shell around the beds: it runs them, stores and publishes what they decide.

No clinical decision is made here; that is `monitor.bed` and `monitor.session`.
"""

from monitor.ward.bed_runner import BedRunner
from monitor.ward.displays import Display, DisplaySound, NotADisplay
from monitor.ward.session_move import SessionMove
from monitor.ward.ward import BrokerStatus, Ward
from monitor.ward.waveform_feed import WaveformSubscription

__all__ = [
    "BedRunner",
    "BrokerStatus",
    "Display",
    "DisplaySound",
    "NotADisplay",
    "SessionMove",
    "Ward",
    "WaveformSubscription",
]
