"""The stored wave of a session, read over HTTP."""

import math
import struct
from pathlib import Path

from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_a_wave_is_read_in_parts_with_its_gap(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(840)
        url = f"/sessions/{session}/waveforms"
        first = await ward.get(url)
        (block,) = first["blocks"]
        assert (block["device"], block["wave"], block["rate_hz"]) == ("oximeter", "pleth", 75.0)
        assert 595 * 75 < len(block["samples"]) <= 600 * 75
        assert len({*block["samples"]}) > 20
        rest = await ward.get(url, **{"from": first["next"]})
        assert rest["next"] is None
        assert 200 * 75 < len(rest["blocks"][0]["samples"]) < 241 * 75
        assert (await ward.get(url, device="cuff"))["blocks"] == []
        assert (await ward.get(url, wave="ecg"))["blocks"] == []

        answer = await ward.http.get(f"/api/v1{url}", params={"format": "float32"})
        values = struct.unpack(f"<{len(answer.content) // 4}f", answer.content)
        assert [*values] == block["samples"]
        assert not any(map(math.isnan, values))
        headers = answer.headers
        assert headers["content-type"] == "application/octet-stream"
        assert (headers["waveform-start"], headers["waveform-next"]) == (
            block["at"], first["next"],
        )  # fmt: skip
        assert (headers["waveform-rate-hz"], headers["waveform-device"]) == ("75", "oximeter")
        nothing = {"format": "float32", "wave": "ecg", "to": first["next"]}
        assert (await ward.http.get(f"/api/v1{url}", params=nothing)).content == b""

        missing = await ward.http.get("/api/v1/sessions/none/waveforms")
        assert missing.status_code == 404
