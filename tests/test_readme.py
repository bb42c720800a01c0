"""The README's Python runs."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(
    r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
)


def test_the_first_block_wins(capsys):
    """It prints the accuracy of scikit-learn's network, then that of ours."""
    exec(compile(BLOCKS[0], str(README), "exec"), {})
    theirs, ours = map(float, capsys.readouterr().out.split())
    assert f"{theirs:.1%}".replace("%", " %") in README.read_text(encoding="utf-8")
    assert 1 - ours < 0.6 * (1 - theirs)


def test_there_is_no_other_block():
    assert len(BLOCKS) == 1
