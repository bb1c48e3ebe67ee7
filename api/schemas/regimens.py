"""The regimens that can be chosen for a session, as far as the person who does has to know."""

from api.schemas.fields import described
from api.schemas.model import Response


class Regimen(Response):
    """One way of giving one product."""

    name: str = described("Its name, as a session is started with it.", "esketamine-84")
    title: str = described("It in words.", "Esketamine 84 mg")
    product: str = described("What is given.", "esketamine")
    route: str = described("By which way.", "nasal")
    by_weight: bool = described("Whether the dose needs the patient's weight.", False)
    device_mg: float | None = described("What one device holds, in mg; null without devices.", 28)
    devices_apart_min: float = described("How far apart devices are given, in min.", 5)
    infusion_min: float | None = described(
        "How long the infusion is planned to run, in min; null without one.", 40
    )
    contraindications: list[str] = described(
        "What is asked for before the first dose, by name.", ["hypersensitivity"]
    )
    cautions: list[str] = described("The cautions that are asked for.", ["pregnancy"])
    fasting: list[str] = described("What is to be kept to before the dose.", ["food_2h"])
