"""Runs programs by turns and tells what each took, as the kernel counts it, one JSON line for each program.

    measured.py ROUNDS[,ROUNDS...] < COMMANDS

Standard input has one program a line: its name, a tab, its command for the shell. The first number of rounds is the first
program's, and so on; the last one goes for the rest. Told are the least processor time and the shortest time of all rounds, and the highest peak of
memory, with all of the program's own child processes. This program is small, since a child's peak is no lower than its parent's size.
"""

import json
import os
import sys
import time


def run(command):
    """Wall seconds, processor seconds and peak bytes of a command."""
    start = time.perf_counter()
    child = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", f"exec {command} >/dev/null")
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"this failed: {command}")
    # Kibibytes on Linux, bytes on a Mac.
    unit = 1 if sys.platform == "darwin" else 1024
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def main():
    rounds = [int(word) for word in sys.argv[1].split(",")]
    programs = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
    rounds += rounds[-1:] * len(programs)
    found = [[] for _ in programs]
    load = []
    for turn in range(max(rounds[: len(programs)])):
        for number, (name, command) in enumerate(programs):
            if turn < rounds[number]:
                load.append(os.getloadavg()[0])
                found[number].append(run(command))
                print(f"{name}: {found[number][-1][1]:.2f} s", file=sys.stderr, flush=True)
    for (name, _), runs in zip(programs, found):
        walls, times, peaks = zip(*runs)
        line = {
            "program": name,
            "rounds": len(runs),
            "cpu": min(times),
            "wall": min(walls),
            "peak": max(peaks),
            "load": [min(load), max(load)],
        }
        print(json.dumps(line))


main()
