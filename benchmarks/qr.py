"""How fast are `emvco.qr`'s engines beside other QR libraries? Ratios of one run on one core.

    python -m benchmarks qr [--quick] [--json FILE]

Payloads: one merchant's PromptPay codes with different amounts (82 to 86 characters), level M, quiet zone 4, 8 pixels a
module, mask chosen by each library's rule. Both modes: byte (what EMVCo asks for) and compact. Rates are per second of
CPU time (of a program: of its process, its start included).

All take turns, in many short rounds and in an order drawn anew for each, and ours is compared with a peer round by
round: a ratio is the median of the rounds' ratios, of times close to one another, so that what else the machine does
slows both, and one bad moment counts for nothing. A rate is the median of the rounds' rates; two of them need not
divide to the ratio.

Every symbol of ours is a new text, so nothing is answered from a cache of symbols; that one merchant's codes begin
alike is used, as in life, and a row with ever new merchants stands beside it. Peers come from the dependency group
`bench-qr`, and from the system packages libqrencode4, qrencode and zint (LIBQRENCODE may name the library's file).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import count, islice

import emvco
from benchmarks._qr_peers import Maker, Peer, installed
from emvco.qr import render, render_many

BATCH = 10_000
SECONDS = 0.15  # Of a turn.
Rates = dict[str, float]
"""By name."""
Ratios = dict[str, tuple[float, float]]
"""By peer: one by one, and in a batch."""


def payloads(seed: int, merchants: bool = False) -> Iterator[str]:
    """PromptPay texts that do not repeat."""
    chosen = random.Random(seed)
    digits = (3, 4, 5, 6, 6, 6, 7)
    for number in count():
        length = chosen.choice(digits)
        phone = f"08{number * 7_919 % 10**8:08d}" if merchants else "0812345678"
        yield emvco.promptpay_payload(phone, chosen.randrange(10 ** (length - 1), 10**length))


def distinct(texts: Iterator[str], number: int) -> list[str]:
    """So many different ones."""
    seen: dict[str, None] = {}
    while len(seen) < number:
        seen.update(dict.fromkeys(islice(texts, number - len(seen))))
    return list(seen)


def children_s() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rate(run: Callable[[list[str]], object], texts: list[str], clock: Callable[[], float] = time.process_time) -> float:
    """Texts a CPU second."""
    before = clock()
    run(texts)
    return len(texts) / (clock() - before)


class Contestant:
    """One row of the table. Each turn takes new texts, as many as fit into a short time."""

    def __init__(self, name: str, run: Callable[[list[str]], object], texts: Iterator[str], number: int = 0) -> None:
        self.name = name
        self.rates: list[float] = []
        self._run, self._texts, self._number = run, texts, number
        self._clock: Callable[[], float] = time.process_time

    @classmethod
    def of_peer(cls, peer: Peer, mode: str, output: str, texts: Iterator[str]) -> Contestant | None:
        key = mode, output
        name = f"{peer.name} {peer.version}"
        if key in peer.makers:
            found = cls(name, one_by_one(peer.makers[key]), texts)
        elif key in peer.batches:
            found = cls(name, peer.batches[key], texts, 100)
        else:
            return None
        if peer.is_program:
            found._clock = children_s
            found._number = found._number or 10
        return found

    def turn(self) -> None:
        """One measurement."""
        if not self._number:
            warm = distinct(self._texts, 10)
            self._run(warm)
            self._number = max(10, int(rate(self._run, warm) * SECONDS))
        self.rates.append(rate(self._run, distinct(self._texts, self._number), self._clock))

    @property
    def result(self) -> float:
        """Codes a second."""
        return statistics.median(self.rates)

    def times(self, other: Contestant) -> float:
        """How many times as fast as the other, in the same round: the median of the rounds."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True))


def one_by_one(make: Maker) -> Callable[[list[str]], object]:
    def run(texts: list[str]) -> None:
        for text in texts:
            make(text)

    return run


def contest(peers: list[Peer], mode: str, output: str, rounds: int) -> tuple[list[Contestant], list[Contestant]]:
    """Ours and the others', measured in turns."""
    same, others = payloads(1), payloads(2, merchants=True)
    format = "png" if output == "png" else "modules"
    show = "png" if output == "png" else "modules"

    def single(text: str) -> object:
        return getattr(render(text, mode=mode), show)()  # type: ignore[arg-type]

    def batch(texts: list[str]) -> object:
        return sum(1 for _ in render_many(texts, format, mode=mode))  # type: ignore[call-overload]

    ours = [
        Contestant("emvco, one by one", one_by_one(single), same),
        Contestant("emvco, one by one, ever new merchants", one_by_one(single), others),
        Contestant(f"emvco, batch of {BATCH:,}", batch, same, BATCH),
        Contestant(f"emvco, batch of {BATCH:,}, ever new merchants", batch, others, BATCH),
    ]
    theirs = [row for peer in peers if (row := Contestant.of_peer(peer, mode, output, payloads(3))) is not None]
    one_by_one(single)(distinct(same, 600))
    batch(distinct(same, 5_000))
    order = ours + theirs
    for number in range(rounds):
        random.Random(number).shuffle(order)
        for row in order:
            row.turn()
    return ours, theirs


def latencies(make: Maker, texts: list[str]) -> tuple[float, float]:
    """Median and 99th percentile of one text, in milliseconds of wall clock."""
    times = []
    for text in texts:
        before = time.perf_counter()
        make(text)
        times.append((time.perf_counter() - before) * 1e3)
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100]


def resident_mb() -> float:
    """Of this process, now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def memory(quick: bool) -> dict[str, float]:
    """Resident memory along the way, in megabytes. Run before the peers are loaded."""
    grown = {"start": resident_mb()}
    texts = payloads(9)
    for text in islice(texts, 20_000):
        render(text).png()
    grown["after 20,000 single PNGs"] = resident_mb()
    number = 50_000 if quick else 500_000
    for _ in render_many(islice(texts, number)):
        pass
    grown[f"after a stream of {number:,} PNGs"] = resident_mb()
    for level in "LMQH":
        for _ in render_many(("x" * 100 + f"{i:04d}" for i in range(100)), error=level):  # type: ignore[call-overload]
            pass
        for length in range(10, 210, 20):
            render("x" * length, error=level).png()  # type: ignore[arg-type]
    grown["after all levels and most versions"] = resident_mb()
    return grown


def report(mode: str, output: str, ours: list[Contestant], theirs: list[Contestant]) -> tuple[Rates, Ratios]:
    """What was measured: rates, and for each peer how many times as fast ours is, one by one and in a batch."""
    print(f"\n{output.upper()} in {mode} mode, codes a second".ljust(58) + "one by one   batch")
    ratios = {row.name: (ours[0].times(row), ours[2].times(row)) for row in theirs}
    for row in ours:
        print(f"  {row.name:44} {row.result:12,.0f}")
    for row in sorted(theirs, key=lambda row: -row.result):
        alone, batch = ratios[row.name]
        print(f"  {row.name:44} {row.result:12,.0f} {alone:9.1f} x {batch:7.1f} x")
    return {row.name: row.result for row in ours + theirs}, ratios


def judge(ratios: dict[str, Ratios], waits: dict[str, tuple[float, float]]) -> list[tuple[str, float, float]]:
    """The targets: what, measured, wanted (as a minimum)."""
    found = []
    for mode in ("byte", "compact"):
        png, matrix = ratios[f"{mode} png"], ratios[f"{mode} matrix"]
        segno = next((both for name, both in png.items() if name.startswith("segno")), None)
        rest = [alone for name, (alone, _) in png.items() if not name.startswith("segno")]
        if segno:
            found.append((f"{mode}: one PNG, times segno", segno[0], 150.0))
            found.append((f"{mode}: batch of PNGs, times segno", segno[1], 600.0))
        if rest:
            found.append((f"{mode}: one PNG, times the best other peer", min(rest), 25.0))
        for name, (_, batch) in matrix.items():
            if name.startswith(("fast-qr-py", "libqrencode")):
                found.append((f"{mode}: batch of matrices, times {name}", batch, 10.0))
        found.append((f"{mode}: p99 of one PNG, times below 0.2 ms", 0.2 / waits[f"emvco {mode}"][1], 1.0))
    return found


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "processor": platform.machine()}
    for package in ("numpy", "pillow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks qr", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", metavar="FILE", help="write the results there")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rounds = 5 if options.quick else 15

    grown = memory(options.quick)
    peers = installed()
    print(", ".join(f"{name} {number}" for name, number in versions().items()), file=sys.stdout)
    print(f"emvco of {os.path.dirname(emvco.__file__)}")
    results: dict[str, Rates] = {}
    ratios: dict[str, Ratios] = {}
    waits: dict[str, tuple[float, float]] = {}
    for mode in ("byte", "compact"):
        for output in ("png", "matrix"):
            what = f"{mode} {output}"
            results[what], ratios[what] = report(mode, output, *contest(peers, mode, output, rounds))
        texts = distinct(payloads(5), 4_000)
        waits[f"emvco {mode}"] = latencies(lambda text, mode=mode: render(text, mode=mode).png(), texts)  # type: ignore[misc]
        for peer in peers:
            if peer.name == "segno":
                waits[f"segno {mode}"] = latencies(peer.makers[mode, "png"], texts[:100])
    print("\nOne PNG, milliseconds of wall clock".ljust(54) + "p50      p99")
    for name, (half, most) in waits.items():
        print(f"  {name:44} {half:9.3f} {most:8.3f}")
    print("\nResident memory, megabytes")
    for name, megabytes in grown.items():
        print(f"  {name:44} {megabytes:9.1f}")
    print("\nTargets")
    found = judge(ratios, waits)
    for name, measured, wanted in found:
        print(f"  {'met   ' if measured >= wanted else 'MISSED'} {name:66} {measured:8.1f}  (at least {wanted:g})")
    if options.json:
        with open(options.json, "w") as out:
            targets = [{"what": name, "measured": a, "wanted": b} for name, a, b in found]
            found_here = {"versions": versions(), "rates": results, "ratios": ratios, "latency_ms": waits}
            json.dump(found_here | {"memory_mb": grown, "targets": targets}, out, indent=1)
    return 0
