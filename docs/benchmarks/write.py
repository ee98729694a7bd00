"""Replaces one marked section of the benchmarks' document by what comes on standard input."""

import datetime
import json
import os
import platform
import subprocess
import sys

DOCUMENT = os.environ["DOCUMENT"]


def peers(text):
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    radii = sorted({line["radius"] for line in lines})
    programs = list(dict.fromkeys(line["program"] for line in lines))
    width, height = lines[0]["width"], lines[0]["height"]
    found = {(line["program"], line["radius"]): line for line in lines}
    ours = found.get
    out = [
        f"{width} × {height} pixels, u8, noise σ = 6. Processor seconds / wall seconds. A share in brackets says that only so much of the picture",
        "was rolled over, and the seconds extrapolated by it.",
        "",
        "| | " + " | ".join(f"r = {radius:g}" for radius in radii) + " |",
        "|---|" + "--:|" * len(radii),
    ]
    for program in programs:
        cells = []
        for radius in radii:
            line = found.get((program, radius))
            if line is None:
                cells.append("")
                continue
            share = line.get("share", 1.0)
            note = f" ({share:.1%})" if share < 0.999 else ""
            cells.append(f"{line['cpu']:.3g} / {line['wall']:.3g}{note}")
        out.append(f"| {program} | " + " | ".join(cells) + " |")
    peer = next((p for p in programs if p.startswith("scikit-image")), None)
    if peer:
        cells = []
        for radius in radii:
            us, them = ours(("ours, erosion, u8", radius)), ours((peer, radius))
            cells.append(f"{them['cpu'] / us['cpu']:.0f} ×" if us and them and us["cpu"] else "")
        out.append("| our erosion against scikit-image's, processor time | " + " | ".join(cells) + " |")
    return "\n".join(out)


def machine(_):
    def said(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return ""

    model = next((l.split(":", 1)[1].strip() for l in said("lscpu").splitlines() if l.startswith("Model name")), platform.processor())
    changed = " and changes" if said("git", "status", "--porcelain", "--untracked-files=no", "--", "core") else ""
    return "\n".join(
        [
            f"- {model}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}",
            f"- {said('rustc', '--version')}; commit {said('git', 'rev-parse', '--short', 'HEAD')}{changed}",
            f"- {datetime.date.today():%d %B %Y}",
        ]
    )


def clean(text):
    """Our photographs, from the file that is named, and beside it the programs that came on standard input."""
    with open(sys.argv[2], encoding="utf-8") as file:
        ours = file.read().strip()
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    us = lines[0]
    out = [
        "| from file to file | processor s | wall s | peak, MB | processor time against ours | rounds |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for line in lines:
        ratio = f"{line['cpu'] / us['cpu']:.3g} ×" if line is not us else ""
        out.append(
            f"| {line['program']} | {line['cpu']:.2f} | {line['wall']:.2f} | {line['peak'] / 1e6:.0f} | {ratio} | {line['rounds']} |"
        )
    low, high = us["load"]
    out += ["", f"Load of the machine when each of them began: {low:.1f} to {high:.1f} on {os.cpu_count()} processors."]
    return "\n".join([ours, "", *out, "", machine(None)])


def strips(text):
    return "\n".join([text.strip(), "", machine(None)])


def main():
    name = sys.argv[1]
    body = {"clean": clean, "machine": machine, "peers": peers, "strips": strips}.get(name, str.strip)(sys.stdin.read())
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n\n{body}\n\n{end}{after}")


main()
