"""A bed whose core failed is rebuilt after a pause, until that succeeds."""

from dataclasses import dataclass, field

from structlog.testing import capture_logs

from drivers.clock import Clock
from monitor.ward.fault_recovery import CALM_S, MOST_IN_A_ROW, REBUILD_PAUSE_S, FaultRecovery
from tests.virtual import virtual_clock, virtual_time


@dataclass
class Bed:
    """A bed to be rebuilt: the test says what goes wrong, and sees what was done when."""

    clock: Clock
    rebuild_errors: list[Exception] = field(default_factory=list)
    resume_errors: list[Exception] = field(default_factory=list)
    done: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recovery = FaultRecovery("bed-1", self.clock, self._rebuild, self._resume)

    async def _rebuild(self) -> None:
        self.done.append((self.clock.now().mono, "rebuild"))
        if self.rebuild_errors:
            raise self.rebuild_errors.pop(0)

    def _resume(self) -> int:
        assert self.recovery.failing is None
        self.done.append((self.clock.now().mono, "resume"))
        if self.resume_errors:
            self.recovery.failed(self.resume_errors.pop(0))
        return 7


def failing(bed: Bed) -> str | None:
    return bed.recovery.failing


@virtual_time()
async def test_a_bed_that_failed_rests_and_is_rebuilt_once() -> None:
    bed = Bed(virtual_clock())
    assert (bed.recovery.faults, failing(bed)) == (0, None)
    with capture_logs() as logs:
        bed.recovery.failed(ValueError("ours"))
        assert (bed.recovery.faults, failing(bed)) == (1, "ValueError: ours")
        await bed.clock.sleep(REBUILD_PAUSE_S - 0.1)
        assert bed.done == []
        await bed.clock.sleep(10)
    assert bed.done == [(REBUILD_PAUSE_S, "rebuild"), (REBUILD_PAUSE_S, "resume")]
    assert (bed.recovery.faults, failing(bed)) == (1, None)
    assert [(entry["event"], entry["bed"]) for entry in logs] == [
        ("bed.failed", "bed-1"),
        ("bed.rebuilt", "bed-1"),
    ]
    assert logs[-1]["n"] == 7


@virtual_time()
async def test_a_rebuild_that_fails_is_tried_again_and_is_no_fault_of_the_core() -> None:
    bed = Bed(virtual_clock(), rebuild_errors=[OSError("away"), OSError("still away")])
    bed.recovery.failed(ValueError("ours"))
    await bed.clock.sleep(2 * REBUILD_PAUSE_S + 0.1)
    assert failing(bed) == "OSError: still away"
    await bed.clock.sleep(REBUILD_PAUSE_S)
    assert [what for _, what in bed.done] == ["rebuild", "rebuild", "rebuild", "resume"]
    assert (bed.recovery.faults, failing(bed)) == (1, None)


@virtual_time()
async def test_a_core_that_fails_again_as_it_resumes_is_rebuilt_again() -> None:
    bed = Bed(virtual_clock(), resume_errors=[ValueError("again")])
    bed.recovery.failed(ValueError("ours"))
    await bed.clock.sleep(REBUILD_PAUSE_S + 0.1)
    assert (bed.recovery.faults, failing(bed)) == (2, "ValueError: again")
    await bed.clock.sleep(REBUILD_PAUSE_S)
    assert [what for _, what in bed.done] == ["rebuild", "resume", "rebuild", "resume"]
    assert failing(bed) is None


@virtual_time()
async def test_faults_until_the_rebuild_are_counted_and_rebuilt_together() -> None:
    bed = Bed(virtual_clock())
    bed.recovery.failed(ValueError("first"))
    bed.recovery.failed(ValueError("second"))
    assert (bed.recovery.faults, failing(bed)) == (2, "ValueError: second")
    await bed.clock.sleep(10)
    assert [what for _, what in bed.done] == ["rebuild", "resume"]


@virtual_time()
async def test_a_bed_that_was_rebuilt_can_fail_and_be_rebuilt_again() -> None:
    bed = Bed(virtual_clock())
    for _ in range(2):
        bed.recovery.failed(ValueError("ours"))
        await bed.clock.sleep(10)
    assert [what for _, what in bed.done] == ["rebuild", "resume"] * 2
    assert (bed.recovery.faults, failing(bed)) == (2, None)


@virtual_time()
async def test_nothing_is_rebuilt_once_the_daemon_ends() -> None:
    ending, ended = Bed(virtual_clock()), Bed(virtual_clock())
    ending.recovery.failed(ValueError("ours"))
    ending.recovery.close()
    ended.recovery.close()
    ended.recovery.failed(ValueError("ours"))
    await ending.clock.sleep(10)
    assert (ending.done, ended.done) == ([], [])
    assert failing(ended) == "ValueError: ours"


@virtual_time()
async def test_so_many_faults_one_soon_after_another_are_hopeless() -> None:
    bed, calm = Bed(virtual_clock()), Bed(virtual_clock())
    for number in range(MOST_IN_A_ROW + 1):
        assert not bed.recovery.is_hopeless
        bed.recovery.failed(ValueError(f"fault {number}"))
        bed.recovery.failed(ValueError("the same"))
        await bed.clock.sleep(CALM_S)
    assert bed.recovery.is_hopeless
    for _ in range(MOST_IN_A_ROW + 1):
        calm.recovery.failed(ValueError("ours"))
        await bed.clock.sleep(CALM_S + 1)
    assert not calm.recovery.is_hopeless
