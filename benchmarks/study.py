"""Tables of the study, docs/study.md: errors, survival, learning curves and the indicators of survival.

python benchmarks/study.py          prints them
python benchmarks/study.py --write  puts them into the page
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import mlffbench
from mlffbench.report.results_folder import Results
from mlffbench.report.wording import MISSING, plain, rank_text

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "study.md"
SUITES = {
    "molecules": ("malonaldehyde", "acac", "rmd17", "threebpa"),
    "materials": ("silicon", "stillinger_weber_si", "'Si'", "'Ge'"),
}
HEADS = {
    "acac": "AcAc", "rmd17": "ethanol", "threebpa": "3BPA", "silicon": "Si, PBE",
    "stillinger_weber_si": "Si, Stillinger–Weber", "'Si'": "Si, mlearn", "'Ge'": "Ge, mlearn",
}  # fmt: skip
CURVES = {"acac": ("AcAc", "test_300K"), "'Si'": ("Si, mlearn", "test")}  # problem: heading, test group
ERROR = "force RMSE (meV/Å)"
N_INDICATORS = 8
POOLED = "all problems"


def errors(board: pd.DataFrame, words: Sequence[str]) -> pd.DataFrame:
    """Force RMSE in meV/Å with the range of ranks, by method and problem."""
    columns = {}
    for word in words:
        columns[word] = _own(board, word).set_index("method").apply(_error, axis=1)
    return pd.DataFrame(columns)


def _own(table: pd.DataFrame, word: str) -> pd.DataFrame:
    """Rows of the problem that the word names."""
    return table[[name.startswith(word) or f"={word}" in name for name in table["problem"]]]


def _error(row: pd.Series) -> str:
    if row["status"] == "failed":
        return str(row["failure kind"])
    if np.isnan(row["rank"]):
        return _three(row[ERROR]) if np.isfinite(row[ERROR]) else MISSING
    return f"{_three(row[ERROR])} ({rank_text(row['best rank'], row['worst rank'])})"


def _three(value: float) -> str:
    """Three digits, whole numbers from 100 on; what is below a thousandth is 0."""
    return "0" if value < 1e-3 else plain(value)


def survivors(scores: pd.DataFrame) -> pd.DataFrame:
    """Trajectories that survived, ``14 of 16``, by method and temperature over all problems and seeds."""
    rows = scores[(scores["quantity"] == "failures") & (scores["metric"] == "share")].copy()
    rows["n"] = rows["n"].astype(float)
    rows["alive"] = rows["n"] * (1.0 - rows["value"])
    total = rows.groupby(["method", "test"])[["alive", "n"]].sum()
    texts = total.apply(lambda row: f"{row['alive']:.0f} of {row['n']:.0f}", axis=1).unstack()
    return texts[sorted(texts, key=lambda name: float(name.split()[0]))]


def suite_table(results: Results, words: Sequence[str]) -> str:
    """Errors and survivors of a suite, methods in the order of their mean place over the problems."""
    board, scores = (
        pd.concat([_own(table, word) for word in words]) for table in (results.leaderboard(), results.scores)
    )
    ranks = board.groupby("method", sort=False)["rank"].agg(["count", "mean"])
    order = ranks.sort_values(["count", "mean"], ascending=[False, True], kind="stable")
    left, right = errors(board, words), survivors(scores)
    table = left.join(right).loc[order.index].astype(object).fillna(MISSING)
    table = table.rename(columns={**HEADS, **{name: f"alive, {name}" for name in right}})
    return _markdown(table.rename_axis("method").reset_index())


def curve_tables(results: Results) -> str:
    """Force RMSE by the number of training structures, and its ratio when the data double, by problem."""
    return "\n\n".join(
        f"{heading}:\n\n{_curve_table(results, word, test)}" for word, (heading, test) in CURVES.items()
    )


def _curve_table(results: Results, word: str, test: str) -> str:
    """Errors of a problem in meV/Å, the method with the smallest from all structures first."""
    curves = _own(results.curves, word)
    curves = curves[(curves["curve"] == f"learning curve of forces: {test}") & ~curves["reference"]]
    table = curves.pivot(index="method", columns="x", values="y").mul(1000.0).sort_index(axis=1)
    table = table.sort_values(table.columns[-1], kind="stable")
    texts = table.map(lambda value: _three(value) if np.isfinite(value) else MISSING)
    texts.columns = [f"{n:.0f}" for n in table]
    scores = _own(results.scores, word)
    scores = scores[(scores["metric"] == "error_ratio_per_doubling") & (scores["quantity"] == "forces")]
    ratios = scores[scores["test"] == test].set_index("method")
    ratios = ratios.reindex(texts.index)[["value", "low", "high"]]
    texts["twice the data"] = [_interval(*row) for row in ratios.itertuples(index=False)]
    return _markdown(texts.rename_axis("method").reset_index())


def indicator_table(results: Results) -> str:
    """The indicators that tell the surviving trajectories best, of those that most problems have."""
    found = results.indicators
    pooled = found[(found["problem"] == POOLED) & (found["survival"] == "survivors") & found["rho"].notna()]
    rows = []
    for temperature, measured in pooled.groupby("temperature", sort=False):
        own = measured[2 * measured["problems"] > measured["problems"].max()]
        for row in (
            own.sort_values("rho", ascending=False, kind="stable").head(N_INDICATORS).to_dict("records")
        ):
            rows.append({
                "MD at": temperature, "indicator": row["indicator"],
                "ρ": _interval(row["rho"], row["low"], row["high"]),
                "ρ at equal force error": _interval(row["partial"], row["partial_low"], row["partial_high"]),
                "p, Holm": f"{row['p_holm']:.2g}", "methods": row["methods"], "problems": row["problems"],
            })  # fmt: skip
    return _markdown(pd.DataFrame(rows))


def _interval(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return MISSING
    texts = [f"{number:z.2f}".replace("-", "−") for number in (value, low, high)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]" if np.isfinite(low + high) else texts[0]


def _markdown(table: pd.DataFrame) -> str:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    return "\n".join([line(table), line(["---"] * len(table.columns)), *map(line, table.to_numpy().tolist())])


def tables() -> dict[str, str]:
    """Tables by the names of their places in the page."""
    study = mlffbench.load_results([ROOT / "results" / name for name in SUITES])
    curves = mlffbench.load_results(ROOT / "results" / "learning_curves")
    made = {name: suite_table(study, words) for name, words in SUITES.items()}
    return {**made, "curves": curve_tables(curves), "indicators": indicator_table(study)}


def with_tables(page: str) -> str:
    """The page with today's tables between its marks."""
    made = tables()
    return re.sub(
        r"(<!-- (\w+) -->\n).*?(\n<!-- end -->)", lambda m: m[1] + made[m[2]] + m[3], page, flags=re.S
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/study.md")
    if parser.parse_args().write:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables().items()))
