"""What a condition says of values: most of it is told by the rules that use it."""

import pytest

from alerts.evaluation.conditions import judge
from alerts.rules.model import AnyOf, Trouble


@pytest.mark.parametrize("condition", [Trouble("no-pulse"), AnyOf((Trouble("no-pulse"),))], ids=str)
def test_no_value_says_anything_of_a_trouble(condition: Trouble | AnyOf) -> None:
    with pytest.raises(TypeError, match="is not judged by values"):
        judge(condition, {}, {}, 0)
