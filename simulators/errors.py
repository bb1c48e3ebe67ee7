"""The one error of the simulators."""


class SimulationError(Exception):
    """What was asked of the simulators cannot be done; the message says what to do instead."""
