"""How fast are payloads built and read, ours and the peers', in one run on one core?

    python -m benchmarks payloads [--peers FOLDER [--install]] [--rounds 3] [--sweeps 4] [--json FILE]

Every shape of code that people make (`_payload_shapes`), each from 10,000 different rows in turn, so that nothing can
be remembered from one call to the next; ours and the peers' get the same rows. `build`: from plain text and integers
to the payload. `parse`: strict, CRC and all. `read`: strict parse, then payee or references, and the amount. Figures
are operations per second of CPU time, the best of some rounds and sweeps, ours and theirs by turns. FOLDER is where
`npm install promptpay-js@1.0.7 promptparse@1.6.0` was run (--install runs it); without it, or without Node, those rows
are left out. The Python peer `promptpay` joins in if it can be imported.
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
from benchmarks._payload_shapes import COUNT, MOBILES, SATANG, THAI, Shape, shapes
from emvco.language import write as written_names

NODE_PEERS = ("promptpay-js@1.0.7", "promptparse@1.6.0")
Speeds = dict[tuple[str, str, str], float]
"""Operations per second by task, shape and library."""


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


def each(function: Callable[..., object], rows: Iterable[tuple[object, ...]]) -> Callable[[], int]:
    """Call *function* with each row."""
    arguments = list(rows)

    def once() -> int:
        for row in arguments:
            function(*row)
        return len(arguments)

    return once


def drained(stream: Callable[[], Iterable[object]], count: int) -> Callable[[], int]:
    """Take all of a stream and keep nothing."""

    def once() -> int:
        deque(stream(), maxlen=0)
        return count

    return once


def reader_of(shape: Shape) -> Callable[[str], object]:
    """Strict parse, then what one reads such a code for."""
    if shape.name == "slip":
        return lambda text: emvco.parse(text).slip
    if shape.name == "TrueMoney slip":
        return lambda text: emvco.parse(text).truemoney_slip

    def transfer(text: str) -> object:
        payload = emvco.parse(text)
        return payload.promptpay, payload.amount_satang

    def bill(text: str) -> object:
        payload = emvco.parse(text)
        return payload.bill_payment, payload.amount_satang

    return bill if shape.name.startswith("bill") else transfer


def our_speeds(made: list[Shape], rounds: int) -> Speeds:
    """All tasks and shapes by this library, and what only this library has."""
    work: dict[tuple[str, str, str], Callable[[], int]] = {}
    for shape in made:
        texts = [(text,) for text in shape.texts()]
        work["build", shape.name, "emvco"] = each(shape.build, shape.rows)
        work["parse", shape.name, "emvco"] = each(emvco.parse, texts)
        work["read", shape.name, "emvco"] = each(reader_of(shape), texts)
    shop = emvco.template(emvco.promptpay_payload("0812345678", 100))
    many = [number * 7_919 % 5_000_000 + 1 for number in range(100_000)]
    requests = list(zip(MOBILES, SATANG, strict=True))
    dashed = [(f"{mobile[:3]}-{mobile[3:6]}-{mobile[6:]}", satang) for mobile, satang in requests]
    work["build", "transfer, written 081-234-5678", "emvco"] = each(emvco.promptpay_payload, dashed)
    work["batch", "template", "emvco"] = drained(lambda: shop.payloads(many), len(many))
    work["batch", "build_many", "emvco"] = drained(lambda: emvco.build_many(requests), COUNT)
    work["report", "validate()", "emvco"] = each(emvco.validate, [(text,) for text in made[0].texts()[:1_000]])
    if importlib.util.find_spec("promptpay") is not None:
        from promptpay import qrcode  # type: ignore[import-not-found]

        name = f"promptpay {importlib.metadata.version('promptpay')} (Python)"
        baht = [(mobile, satang / 100) for mobile, satang in requests[:2_000]]
        work["build", "transfer", name] = each(qrcode.generate_payload, baht)
    return {row: speed(once, rounds) for row, once in work.items()}


def node_speeds(made: list[Shape], folder: Path, rounds: int) -> tuple[str, Speeds]:
    """The Node peers, timed by their own clock in their own process."""
    workload = {
        "shapes": [{"name": shape.name, "rows": shape.rows, "texts": shape.texts()} for shape in made],
        "thai": written_names(THAI),
        "rounds": rounds,
        "passes": 2,
    }
    script = Path(__file__).parent / "peers" / "payloads.mjs"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(workload, file)
        file.flush()
        command = ["node", str(script), str(folder.resolve()), file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    answer = json.loads(done.stdout)
    _check_sameness(made, answer["built"])
    return answer["node"], {(task, shape, peer): figure for task, shape, peer, figure in answer["speeds"]}


def _check_sameness(made: list[Shape], built: list[tuple[str, str, str]]) -> None:
    """The peers must have made the code of the second row, though one of them in another order of tags."""
    texts = {shape.name: shape.build(*shape.rows[1]) for shape in made}
    for name, peer, text in built:
        if sorted(map(str, emvco.parse(text).objects[:-1])) != sorted(map(str, emvco.parse(texts[name]).objects[:-1])):
            raise ValueError(f"{peer} made another code for {name!r}: {text}")


def targets(speeds: Speeds, made: list[Shape], with_peers: bool) -> dict[str, bool]:
    """What issue and README promise, and whether this run shows it."""
    promised = {"a template makes 2,000,000 a second": speeds["batch", "template", "emvco"] >= 2_000_000}
    if with_peers:
        behind = {task: slower(speeds, made, task) for task in ("build", "parse", "read")}
        own = {shape.name for shape in made if shape.own_function}
        general = [name for name in behind["build"] if name not in own]
        promised |= {
            "building by a function of its own beats every peer": not own & behind["build"].keys(),
            f"building by build() does, too ({_list(behind['build'], general)})": not general,
            f"strict parsing beats every peer that checks the CRC ({_list(behind['parse'])})": not behind["parse"],
            f"strict parsing, then reading does, too ({_list(behind['read'])})": not behind["read"],
        }
    return promised


def slower(speeds: Speeds, made: list[Shape], task: str) -> dict[str, float]:
    """The shapes at which a peer is quicker, and our speed as a part of the peer's."""
    ratios = {shape.name: ratio(speeds, task, shape.name) for shape in made}
    return {name: found for name, found in ratios.items() if found is not None and found < 1}


def ratio(speeds: Speeds, task: str, shape: str) -> float | None:
    """Ours beside the best peer's that does the same work; None if there is none."""
    peers = [figure for row, figure in speeds.items() if row[:2] == (task, shape) and is_rival(row[2])]
    return speeds[task, shape, "emvco"] / max(peers) if peers else None


def is_rival(peer: str) -> bool:
    """Not ourselves, and no reader that leaves the CRC unchecked."""
    return peer != "emvco" and "not checked" not in peer


def _list(ratios: dict[str, float], names: list[str] | None = None) -> str:
    return ", ".join(f"{name}: {ratios[name]:.2f}" for name in (ratios if names is None else names)) or "all shapes"


def show(speeds: Speeds, made: list[Shape]) -> None:
    """One line for each task and shape."""
    print(f"{'':34}{'emvco':>12}  beside the best peer")
    for task in ("build", "parse", "read", "batch", "report"):
        for row in [row for row in speeds if row[0] == task and row[2] == "emvco"]:
            others = {other[2]: figure for other, figure in speeds.items() if other[:2] == row[:2] and other != row}
            beside = "   ".join(f"{peer} {figure:,.0f}" for peer, figure in sorted(others.items()))
            found = ratio(speeds, *row[:2])
            print(f"{task:7}{row[1]:27}{speeds[row]:>12,.0f}  {'' if found is None else f'{found:.2f} x':8}{beside}")


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a target of this library is missed."""
    parser = argparse.ArgumentParser(description="Speed of payloads, against the peers.")
    parser.add_argument("--peers", type=Path, help="folder with node_modules of the Node peers")
    parser.add_argument("--install", action="store_true", help="install the Node peers there first")
    parser.add_argument("--rounds", type=int, default=3, help="of each row, one after the other")
    parser.add_argument("--sweeps", type=int, default=4, help="through all rows, ours and the peers' by turns")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args(arguments)
    if options.install and options.peers is not None:
        options.peers.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", str(options.peers), *NODE_PEERS], check=True, timeout=300)

    made, node = shapes(), None
    speeds: Speeds = {}
    for _ in range(options.sweeps):
        measured = our_speeds(made, options.rounds)
        if options.peers is not None and shutil.which("node"):
            node, theirs = node_speeds(made, options.peers, options.rounds)
            measured |= theirs
        speeds = {row: max(figure, speeds.get(row, 0.0)) for row, figure in measured.items()}
    show(speeds, made)
    promised = targets(speeds, made, with_peers=node is not None)
    if node is None:
        print("not measured: the Node peers (--peers FOLDER), so no target that names them is judged")
    for target, met in promised.items():
        print(f"{'met   ' if met else 'MISSED'} {target}")
    if options.json is not None:
        machine = {"python": platform.python_version(), "node": node, "machine": platform.machine()}
        figures = [
            {"task": task, "shape": shape, "library": library, "per_second": round(figure)}
            for (task, shape, library), figure in speeds.items()
        ]
        ratios = {
            f"{task}, {shape.name}": round(found, 2)
            for task in ("build", "parse", "read")
            for shape in made
            if (found := ratio(speeds, task, shape.name)) is not None
        }
        facts = {"unit": "operations per second of CPU time", **machine, "speeds": figures, "ratios": ratios}
        options.json.write_text(json.dumps(facts | {"targets": promised}, indent=1) + "\n", encoding="utf-8")
    return 0 if all(promised.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
