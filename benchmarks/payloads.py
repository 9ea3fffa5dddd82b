"""How fast are payloads built and read, ours and the peers', in one run on one core?

    python -m benchmarks payloads [--peers FOLDER] [--rounds 7] [--json FILE]

The workload is the commonest code there is: tag 29, a mobile number, an amount; 1,000 different pairs in turn, so that
nothing can be remembered from one call to the next. Figures are operations per second of CPU time, the best of some
rounds. FOLDER is where `npm install promptpay-js@1.0.7 promptparse@1.6.0` was run; without it, or without Node, those
rows are left out. The Python peer `promptpay` joins in if it can be imported.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import emvco

MOBILES = [f"08{str(10_000_000 + number * 7_919)[-8:]}" for number in range(1_000)]
SATANG = [number * 3_701 % 900_000 + 100 for number in range(1_000)]
TEXTS = [emvco.promptpay_payload(mobile, satang) for mobile, satang in zip(MOBILES, SATANG, strict=True)]
REFERENCES = [f"INV{number}" for number in range(1_000)]
BILLS = [
    emvco.bill_payment_payload("099400016550100", *facts)
    for facts in zip(REFERENCES, ["TABLE7"] * 1_000, SATANG, strict=True)
]
RICH = [
    emvco.build(
        emvco.PromptPay(emvco.normalise_proxy(mobile)),
        amount_satang=satang,
        merchant=emvco.Merchant("SHOP", "BANGKOK"),
        additional=emvco.AdditionalData(terminal_label="T001"),
    )
    for mobile, satang in zip(MOBILES, SATANG, strict=True)
]


def speed(once: Callable[[], int], rounds: int) -> float:
    """Operations per CPU second of *once*, which says how many it did: the best round."""
    once()
    best = 0.0
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        done = once()
        best = max(best, done / (time.process_time() - start))
    return best


def each(function: Callable[..., object], *arguments: Iterable[object], repeats: int = 20) -> Callable[[], int]:
    """Call *function* with each of the workload's arguments, some times over."""
    rows = list(zip(*arguments, strict=True))

    def once() -> int:
        for _ in range(repeats):
            for row in rows:
                function(*row)
        return repeats * len(rows)

    return once


def drained(stream: Callable[[], Iterable[object]], count: int) -> Callable[[], int]:
    """Take all of a stream and keep nothing."""

    def once() -> int:
        deque(stream(), maxlen=0)
        return count

    return once


def read_transfer(text: str) -> tuple[object, object]:
    """Strict parse, then whom and how much."""
    payload = emvco.parse(text)
    return payload.promptpay, payload.amount_satang


def our_work() -> dict[str, Callable[[], int]]:
    """The rows of this library."""
    shop = emvco.template(TEXTS[0])
    many = [number * 7_919 % 5_000_000 + 1 for number in range(100_000)]
    dashed = [f"{mobile[:3]}-{mobile[3:6]}-{mobile[6:]}" for mobile in MOBILES]
    return {
        "build emvco": each(emvco.promptpay_payload, MOBILES, SATANG),
        "build emvco, written 081-234-5678": each(emvco.promptpay_payload, dashed, SATANG),
        "build emvco, bill payment": each(
            emvco.bill_payment_payload, ["099400016550100"] * 1_000, REFERENCES, ["TABLE7"] * 1_000, SATANG
        ),
        "batch emvco, template": drained(lambda: shop.payloads(many), len(many)),
        "batch emvco, build_many": drained(lambda: emvco.build_many(zip(MOBILES, SATANG, strict=True)), 1_000),
        "parse emvco": each(emvco.parse, TEXTS),
        "parse emvco, bill payment": each(emvco.parse, BILLS),
        "parse emvco, with tags 59, 60, 62": each(emvco.parse, RICH, repeats=5),
        "read emvco": each(read_transfer, TEXTS),
        "report emvco, validate()": each(emvco.validate, TEXTS, repeats=1),
    }


def python_peers() -> dict[str, Callable[[], int]]:
    """The Python peer that can be imported and builds right."""
    if importlib.util.find_spec("promptpay") is None:
        return {}
    from promptpay import qrcode  # type: ignore[import-not-found]

    baht = [satang / 100 for satang in SATANG]
    name = f"build promptpay {importlib.metadata.version('promptpay')} (Python)"
    return {name: each(qrcode.generate_payload, MOBILES, baht, repeats=5)}


def node_peers(folder: Path, rounds: int) -> tuple[str, dict[str, float]]:
    """The Node peers, timed by their own clock in their own process."""
    workload = {
        "mobiles": MOBILES,
        "baht": [f"{satang // 100}.{satang % 100:02d}" for satang in SATANG],
        "texts": TEXTS,
        "bills": BILLS,
        "rich": RICH,
        "references": REFERENCES,
        "rounds": rounds,
    }
    script = Path(__file__).parent / "peers" / "payloads.mjs"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(workload, file)
        file.flush()
        done = subprocess.run(
            ["node", str(script), str(folder.resolve()), file.name],
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
    answer = json.loads(done.stdout)
    return answer["node"], answer["speeds"]


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a target of this library is missed."""
    parser = argparse.ArgumentParser(description="Speed of payloads, against the peers.")
    parser.add_argument("--peers", type=Path, help="folder with node_modules of the Node peers")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args(arguments)

    speeds = {name: speed(once, options.rounds) for name, once in (our_work() | python_peers()).items()}
    node = None
    if options.peers is not None and shutil.which("node"):
        node, theirs = node_peers(options.peers, options.rounds)
        speeds |= theirs
    for task in ("build", "batch", "parse", "read", "report"):
        for name, figure in sorted(speeds.items(), key=lambda row: -row[1]):
            if name.startswith(f"{task} "):
                print(f"{task:7}{name.removeprefix(f'{task} '):48}{figure:>12,.0f}/s")
    targets = {
        "building one payload is faster than every peer": speeds["build emvco"] > fastest(speeds, "build"),
        "a template makes 2,000,000 a second": speeds["batch emvco, template"] >= 2_000_000,
        "strict parsing is as fast as the fastest peer": speeds["parse emvco"] >= fastest(speeds, "parse"),
    }
    if node is None:
        targets = {target: met for target, met in targets.items() if "peer" not in target}
        print("not measured: the Node peers (--peers FOLDER), so no target that names them is judged")
    for target, met in targets.items():
        print(f"{'met   ' if met else 'MISSED'} {target}")
    if options.json is not None:
        machine = {"python": platform.python_version(), "node": node, "machine": platform.machine()}
        facts = {"unit": "operations per second of CPU time", **machine, "speeds": speeds, "targets": targets}
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0 if all(targets.values()) else 1


def fastest(speeds: dict[str, float], task: str) -> float:
    """The best peer at a task; 0 if there is none here."""
    return max(
        (figure for name, figure in speeds.items() if name.startswith(f"{task} ") and "emvco" not in name), default=0
    )


if __name__ == "__main__":
    sys.exit(main())
