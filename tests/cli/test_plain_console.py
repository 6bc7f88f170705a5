"""Names and messages of strangers on the terminal."""

from __future__ import annotations

import io
import subprocess
import sys

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from mlffbench.cli.console import table
from mlffbench.cli.plain_console import PlainConsole

HOSTILE = "\x1b]0;title\x07\x1b[31mred\x1b[2J \u202eabc\ud800"


def test_no_escape_sequence_of_a_text_reaches_the_terminal():
    console = PlainConsole()
    console.file, console.width = io.StringIO(), 200
    console.print(HOSTILE)
    console.print(Group(Text(HOSTILE), Padding(Text(f"b {HOSTILE}"), 1), table([HOSTILE], [[HOSTILE]])))
    text = console.file.getvalue()
    assert text.count("red abc\ufffd") == 5
    assert text.encode().isascii() is False
    assert not set(text) & set("\x1b\x07\u202e\ud800")


def test_colours_of_our_own_stay():
    console = PlainConsole()
    segments = list(console.render(Text("red", style="red")))
    assert segments[0].text == "red"
    assert segments[0].style.color.name == "red"


def test_a_reader_that_goes_ends_no_work(tmp_path):
    code = (
        "import sys; from mlffbench.cli.plain_console import PlainConsole; c = PlainConsole()\n"
        "for i in range(20_000): c.print(f'line {i}')\n"
        "open(sys.argv[1], 'w').write('done')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "end"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "line 0\n"
    child.stdout.close()
    assert child.wait(60) == 0
    assert (tmp_path / "end").read_text() == "done"
