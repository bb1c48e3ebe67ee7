"""A simulated population through the real core: what the rules and the criteria make of it.

Each patient is watched by a `monitor.bed.Bed` of their own, with simulated devices and a
simulated nurse. Nothing waits; the same seed gives the same cohort whatever the number of
processes. The patients are `simulators.population`'s.
"""

from monitor.cohort.run import CohortError, run_cohort

__all__ = ["CohortError", "run_cohort"]
