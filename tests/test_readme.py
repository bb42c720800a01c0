"""The README's Python runs."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(
    r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize("code", BLOCKS)
def test_block_runs(code, capsys):
    exec(compile(code, str(README), "exec"), {})
    assert float(capsys.readouterr().out) > 0.9
