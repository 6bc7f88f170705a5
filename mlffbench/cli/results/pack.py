"""Command ``mlffbench results pack``: the predictions of a folder in one file, small enough to commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import file_size, print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json

__all__ = ["pack"]

Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]
Most = Annotated[str, typer.Option(metavar="SIZE", help="Largest size of the file.")]


def pack(folder: Folder, most: Most = "20 MB", json_: Json = False) -> None:
    """Pack all predictions into predictions.zip, which reports and scores read where files are missing."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.documents.prediction_pack import write_pack
    from mlffbench.harness.documents.store import Store
    from mlffbench.system.memory_size import memory_size

    with refusals():
        store = Store(folder)
        if not folder.is_dir() or not store.ids():
            stop(f"{folder} holds no results; a results folder is what 'mlffbench run' writes")
        documents = [d for d in store.documents() if d["status"] == "ok"]
        files = {d["id"] for d in documents if store.predictions_file(d) is not None}
        old = store.pack()
        if only := sorted(set(old.ids if old else ()) - files):
            n = f"the predictions of {len(only)} cases, such as {only[0]}"
            stop(f"{store.pack_path} alone has {n}; move it away first")
        arrays_of = lambda id: store.predictions(id) if id in files else None
        packed = write_pack(store.pack_path, documents, arrays_of, memory_size(most))
    say_set_aside(store, "it is not packed")
    if json_:
        print_json({**vars(packed), "file": str(store.pack_path)})
        return
    steps = packed.steps
    kept = f"errors rounded to 1/{steps} of their standard deviation" if steps else "every bit is kept"
    say(f"wrote {store.pack_path}: predictions of {len(packed.ids)} cases, {file_size(packed.size)}, {kept}")
    if packed.left_out:
        say(f"left out, for lack of room: {len(packed.left_out)} cases of other seeds than the first")
