"""Sources of vital signs that stay as they are made, for tests of devices."""

from dataclasses import dataclass

from simulators.vitals import Vitals


@dataclass(frozen=True)
class Steady:
    vitals: Vitals

    def at(self, t_s: float) -> Vitals:
        return self.vitals

    def script_s(self, t_s: float) -> float | None:
        return t_s


def steady(
    spo2: float | None = 97.0,
    pulse: float | None = 72.0,
    *,
    sys: float | None = 115.0,
    dia: float | None = 74.0,
    mean: float | None = 88.0,
    perfusion: float = 0.6,
) -> Steady:
    return Steady(
        Vitals(
            spo2_pct=spo2,
            pulse_per_min=pulse,
            sys_mmhg=sys,
            dia_mmhg=dia,
            map_mmhg=mean,
            perfusion=perfusion,
        )
    )
