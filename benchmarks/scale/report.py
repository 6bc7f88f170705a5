"""Cost of the report of large results folders: seconds, memory and size of the page.

    python benchmarks/scale/report.py

Copies of one committed document stand for methods, datasets and seeds; every row has other numbers. Each size
is a folder of its own, reported by the command line in a process of its own. No document has predictions.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from mlffbench.system.provenance import provenance

ROOT = Path(__file__).parents[2]
SIZES = ((50, 20, 10), (100, 50, 10))  # methods, datasets, seeds


def write_copies(folder: Path, n_methods: int, n_datasets: int, n_seeds: int) -> None:
    """Write a document for every method, dataset and seed."""
    (original,) = (ROOT / "results" / "quickstart").glob("atomic_reference-*.json")
    base = json.loads(original.read_text(encoding="utf-8"))
    for method, dataset, seed in product(range(n_methods), range(n_datasets), range(n_seeds)):
        document = one_of_many(base, method, dataset, seed)
        text = json.dumps(document)
        (folder / f"{document['id']}.json").write_text(text, encoding="utf-8")


def one_of_many(base: dict[str, Any], method: int, dataset: int, seed: int) -> dict[str, Any]:
    """The document under other names, with errors that grow from method to method."""
    document = copy.deepcopy(base)
    document.pop("predictions", None)
    case = document["case"]
    case["dataset"] = {"name": "path", "params": {"path": f"/data/set{dataset}/d.xyz"}}
    case["label"], case["seed"] = f"method_{method:03d}", seed
    case["estimator"] = {"name": f"m{method}", "params": {}}
    digest = hashlib.sha256(f"{dataset} {method} {seed}".encode()).hexdigest()[:12]
    document["id"] = f"m{method}-{digest}"
    document["split"]["digest"] = f"{dataset}-{seed}"
    for score in document["scores"]:
        for key in ("value", "low", "high"):
            if score.get(key) is not None:
                score[key] *= 1 + method / 10
    return document


def measure(n_methods: int, n_datasets: int, n_seeds: int) -> dict[str, object]:
    """One report: its cost, and the size of its page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_copies(folder, n_methods, n_datasets, n_seeds)
        load, start = os.getloadavg()[0], time.perf_counter()
        command = [sys.executable, "-m", "mlffbench", "report", name]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "methods": n_methods,
            "datasets": n_datasets,
            "seeds": n_seeds,
            "documents": n_methods * n_datasets * n_seeds,
            "wall_seconds": round(seconds, 1),
            "peak_memory_mb": round(usage.ru_maxrss / 1024, 1),
            "page_mb": round((folder / "report.html").stat().st_size / 1e6, 2),
            "load_average_before": round(load, 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "results/scale/report.json")
    args = parser.parse_args()
    rows = []
    for size in SIZES:
        rows.append(measure(*size))
        print(json.dumps(rows[-1]), flush=True)
    document = {"about": __doc__, "rows": rows, "provenance": provenance()}
    args.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
