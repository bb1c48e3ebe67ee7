"""What a condition says of values: most of it is told by the rules that use it."""

import pytest

from alerts.evaluation.conditions import judge
from alerts.rules.model import AnyOf, TechnicalCondition


@pytest.mark.parametrize(
    "condition", [TechnicalCondition("no-pulse"), AnyOf((TechnicalCondition("no-pulse"),))], ids=str
)
def test_no_value_says_anything_of_a_technical_condition(
    condition: TechnicalCondition | AnyOf,
) -> None:
    with pytest.raises(TypeError, match="is not judged by values"):
        judge(condition, {}, {}, 0)
