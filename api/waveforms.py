"""The stored waves of a session over HTTP, as blocks in JSON or as one array of samples."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from api.parameters import SessionId
from api.problems import LOOKUP_ERRORS, ProblemError
from api.schemas import FieldError
from api.schemas.waveforms import Waveforms
from api.sessions import TrendEnd, TrendStart
from drivers.clock import rfc3339
from monitor.bed import view
from monitor.journal import WaveformBlock, float32
from monitor.ward import Ward

LONGEST: Final = timedelta(minutes=10)
"""How much of a wave is answered at once."""


def router(ward: Ward) -> APIRouter:
    """The waves of the sessions of `ward`."""
    routes = APIRouter(prefix="/sessions", tags=["sessions"])

    @routes.get(
        "/{session}/waveforms",
        response_model=Waveforms,
        responses=LOOKUP_ERRORS | {200: {"content": {"application/octet-stream": {}}}},
    )
    async def get_waveforms(
        session: SessionId,
        wave: Annotated[
            str, Query(max_length=40, description="Which wave.", examples=["pleth"])
        ] = "pleth",
        device: Annotated[
            str | None,
            Query(max_length=80, description="Of this device alone.", examples=["oximeter"]),
        ] = None,
        start: TrendStart = None,
        end: TrendEnd = None,
        format_: Annotated[
            Literal["json", "float32"],
            Query(
                alias="format",
                description="`float32`: the samples of one device, little-endian, with NaN where "
                "there is a gap; the headers `Waveform-Start`, `Waveform-Rate-Hz`, "
                "`Waveform-Device` and `Waveform-Next` say the rest.",
                examples=["json"],
            ),
        ] = "json",
    ) -> Any:
        """A wave as the devices gave it, ten minutes from `from` on, or up to `to`.

        What follows is asked for with `from` as `next` says.
        """
        history = await ward.session_repository.history(session)
        if history is None:
            raise ProblemError(404, f"no session {session}")
        began = start or history.session.started_at
        until = min(end or began + LONGEST, began + LONGEST)
        found = await ward.journal.waveforms(
            wave, session=session, device=device, start=began, end=until
        )
        ended = history.session.ended_at or ward.clock.now().wall
        is_all = until >= min(end or ended, ended)
        following = None if is_all else rfc3339(until)
        if format_ == "json":
            return {"blocks": [_block(block) for block in found], "next": following}
        return _samples(found, following)

    return routes


def _block(block: WaveformBlock) -> view.Json:
    return {
        "device": block.device,
        "wave": block.name,
        "rate_hz": block.rate_hz,
        "at": rfc3339(block.start),
        "samples": block.samples.tolist(),
    }


def _samples(found: list[WaveformBlock], following: str | None) -> Response:
    """The blocks of one device as one array, and in the headers what else is to say."""
    headers = {} if following is None else {"Waveform-Next": following}
    devices = {(block.device, block.rate_hz) for block in found}
    if len(devices) > 1:
        names = ", ".join(sorted(name for name, _ in devices))
        message = f"more than one device has this wave: give device, one of {names}"
        raise ProblemError(422, message, (FieldError(field="device", message=message),))
    for device, rate_hz in devices:
        headers |= {
            "Waveform-Start": rfc3339(found[0].start),
            "Waveform-Rate-Hz": f"{rate_hz:g}",
            "Waveform-Device": device,
        }
    return Response(float32(found), media_type="application/octet-stream", headers=headers)
