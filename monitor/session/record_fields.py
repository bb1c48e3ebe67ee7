"""What is said of each thing put on record: every field once, and with it what interfaces need.

A field declared here is in the command that a person gives, in the event that follows, in
the record made of it, and in what the API takes and shows. Its type is what may be kept, and
`Asked` what a request may hold of that; its description (with the unit, for a number that
has one) and its example are what the documentation shows. A field that may be left out has a
default and goes by keyword: what was stored before there was the field is read with that
default.

No field stands here that only one of command and record has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Final
from unicodedata import category, normalize

from pydantic import AfterValidator, Field, PlainSerializer, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from alerts.rules import SCORES
from monitor.session.shown import documented, one_of

LINES: Final = frozenset("\t\n\r")
"""The control characters that free text may hold."""


DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The controls that turn text around: with one, a name rewrites the dose beside it."""


def without_controls(allowed: frozenset[str] = frozenset()) -> AfterValidator:
    """Refuses text that holds a control character (NUL, escape, …) other than those.

    No screen shows them, a database or a printer may choke on them, and nobody typed them. What
    is left is composed (NFC): one word is one word, however its accents were typed.
    """

    def check(text: str) -> str:
        for char in text:
            if (category(char) == "Cc" and char not in allowed) or char in DIRECTIONS:
                raise PydanticCustomError(
                    "control_character",
                    "holds the control character {code}: leave it out",
                    {"code": f"U+{ord(char):04X}"},
                )
        return normalize("NFC", text)

    return AfterValidator(check)


FreeText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    without_controls(LINES),
]
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    without_controls(),
]
StrictFloat = Annotated[float, Field(strict=True)]
Milligrams = Annotated[float, Field(strict=True, gt=0, le=2000)]
"""An amount that is given or held ready, in mg."""


@dataclass(frozen=True)
class Asked:
    """What a request may hold in a field, where that is less than what may be kept.

    `alias` is the field's name in a request, where that is another. `default` is what the
    command says when a request leaves out a field in which the command has no default.
    """

    type: Any
    alias: str | None = None
    default: Any = ...


@dataclass(frozen=True)
class DoseFields:
    """What is said of an administration."""

    __slots__ = ()

    product: Annotated[str, Asked(ShortText), documented("What was given.", "esketamine")]
    mg: Annotated[
        float,
        Asked(Milligrams),
        documented("How much, in mg.", 28),
    ]
    lot: Annotated[str | None, Asked(ShortText | None), documented("The lot number.", "A123")] = (
        field(default=None, kw_only=True)
    )


_ItemNumber = Annotated[int, AfterValidator(str), PlainSerializer(str)]

SCORE_TOTAL: Final = documented("The total: CADSS 0 to 92, MOAA/S 0 to 5.", 31)


@dataclass(frozen=True)
class DosingStopFields:
    """What is said of a stop of dosing before all that was planned is given."""

    __slots__ = ()

    reason: Annotated[str, Asked(FreeText), documented("Why no more is given.", "vomited")]


@dataclass(frozen=True)
class ScoreFields:
    """What is said of an assessment: its total, or the points of all items, or both.

    The record has the total in any case; its type is the only thing that it declares anew.
    """

    __slots__ = ()

    scale: Annotated[
        str,
        Asked(Annotated[str, one_of(SCORES)]),
        documented("The scale: `cadss` or `moaas`.", "cadss"),
    ]
    total: Annotated[int | None, Asked(StrictInt | None, default=None), SCORE_TOTAL]
    items: Annotated[
        Mapping[str, int] | None,
        Asked(
            dict[_ItemNumber, StrictInt] | None,
            default=None,
        ),
        documented(
            "The points, 0 to 4, of all items of CADSS by their number, 1 to 23.",
            {str(item): 1 for item in range(1, 24)},
        ),
    ]


@dataclass(frozen=True)
class SymptomFields:
    """What is said of a symptom: at which of `alerts.rules.GRADES` it was found."""

    __slots__ = ()

    name: Annotated[str, Asked(ShortText, alias="symptom"), documented("Which symptom.", "nausea")]
    grade: Annotated[
        int,
        Asked(Annotated[int, Field(strict=True, ge=0, le=3)]),
        documented("0 none or over, 1 mild, 2 moderate, 3 severe.", 2),
    ]
    note: Annotated[
        str | None, Asked(FreeText | None), documented("What was noted.", "after turning")
    ] = field(default=None, kw_only=True)
    serious: Annotated[
        bool | None, documented("Whether it is serious, as an adverse event is.", False)
    ] = field(default=None, kw_only=True)


CONSCIOUSNESS: Final = ("alert", "confusion", "voice", "pain", "unresponsive")
"""ACVPU, as NEWS2 asks for it."""


@dataclass(frozen=True)
class ObservationFields:
    """What NEWS2 asks beside the devices; None is what was not observed."""

    __slots__ = ()

    resp: Annotated[
        float | None, Asked(StrictFloat | None), documented("Breaths, in /min.", 14)
    ] = field(default=None, kw_only=True)
    temperature: Annotated[
        float | None, Asked(StrictFloat | None), documented("Temperature, in °C.", 36.6)
    ] = field(default=None, kw_only=True)
    oxygen: Annotated[bool | None, documented("Whether oxygen is given.", True)] = field(
        default=None, kw_only=True
    )
    oxygen_flow: Annotated[
        float | None,
        Asked(StrictFloat | None),
        documented("How much of it, in l/min; more than 0 says that oxygen is given.", 2),
    ] = field(default=None, kw_only=True)
    consciousness: Annotated[
        str | None,
        Asked(Annotated[str, one_of(CONSCIOUSNESS)] | None),
        documented("ACVPU, in words.", "alert"),
    ] = field(default=None, kw_only=True)


@dataclass(frozen=True)
class PressureFields:
    """What is said of a blood pressure, by a person or by the cuff."""

    __slots__ = ()

    sys: Annotated[float, Asked(StrictFloat), documented("Systolic, in mmHg.", 132)]
    dia: Annotated[float, Asked(StrictFloat), documented("Diastolic, in mmHg.", 84)]
    pulse: Annotated[float | None, Asked(StrictFloat | None), documented("Pulse, in /min.", 72)] = (
        field(default=None, kw_only=True)
    )


MEDICINE_CLASSES: Final[Mapping[str, str]] = {
    "benzodiazepine": "benzodiazepines",
    "sedative": "other sedatives",
    "opioid": "opioids",
    "stimulant": "psychostimulants",
    "mao-inhibitor": "MAO inhibitors",
}
"""The classes of medicines that are asked for, and in words [REMS Patient Monitoring Form]."""

SUICIDALITY: Final = ("none", "concern")


@dataclass(frozen=True)
class PreparationFields:
    """What is asked before the dose, beside the medicines and who takes the patient home.

    None is what was not asked; a later answer leaves the other answers as they are.
    """

    __slots__ = ()

    first_treatment: Annotated[
        bool | None, documented("Whether it is the first treatment.", False)
    ] = field(default=None, kw_only=True)
    contraindications: Annotated[
        Mapping[str, str] | None,
        Asked(dict[ShortText, Annotated[str, one_of(("no", "yes"))]] | None),
        documented(
            "The regimen's contraindications by name, each `no` or `yes`.",
            {"aneurysmal-disease": "no", "hypersensitivity": "no"},
        ),
    ] = field(default=None, kw_only=True)
    cautions: Annotated[
        tuple[str, ...] | None,
        Asked(tuple[ShortText, ...] | None),
        documented("The regimen's cautions that apply.", ["pregnancy"]),
    ] = field(default=None, kw_only=True)
    suicidality: Annotated[
        str | None,
        Asked(Annotated[str, one_of(SUICIDALITY)] | None),
        documented("What asking for suicidal thoughts gave: `none` or `concern`.", "none"),
    ] = field(default=None, kw_only=True)
    fasting: Annotated[
        Mapping[str, bool] | None,
        Asked(dict[ShortText, bool] | None),
        documented(
            "Whether each rule of the regimen was kept to before the dose.",
            {"food_2h": True, "liquid_30min": True, "nasal_1h": True},
        ),
    ] = field(default=None, kw_only=True)


def said(what: Any, declaration: type[Any]) -> dict[str, Any]:
    """What `what`, a command or a record, says in the fields of `declaration`, in their order."""
    return {each.name: getattr(what, each.name) for each in fields(declaration)}
