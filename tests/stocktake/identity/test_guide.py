"""The steps that failures name are in the guide under the very same headings."""

import re
from pathlib import Path

import pytest

from stocktake.identity import guide
from stocktake.identity.aadsts import EXPLANATIONS

PAGE = Path(__file__).parents[3] / "docs" / "connect-a-tenant.md"
STEPS = [value for value in vars(guide).values() if isinstance(value, guide.Step)]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_the_guide_has_the_step(step: guide.Step) -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-"): heading
        for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    heading = headings[step.anchor]
    assert step.title.startswith(heading.removesuffix(" in the Azure portal"))
    numbered = re.search(r"steps? (\d)", step.title)
    if numbered:
        part = text.split(f"## {heading}\n")[1].split("\n## ")[0]
        assert f"\n{numbered[1]}. " in part


def test_most_refusals_name_a_step() -> None:
    """Those without one are the tenant's policies and our own mistakes, which no step of the guide mends."""
    named = [code for code in EXPLANATIONS if guide.step_of_code(f"AADSTS{code}")]
    assert len(named) > len(EXPLANATIONS) // 2
    assert guide.step_of_code("AADSTS53003") is None
