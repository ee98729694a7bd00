#!/usr/bin/env bash
# Our rolling ball beside scikit-image and ImageJ, on the same picture in the same run; writes the tables of docs/benchmarks.md anew.
#
#   docs/benchmarks/compare.sh [all | peers | speed | truth]     (default: all)
#
# SIZE=4000x3000 ROUNDS=7 in the environment change the picture and the number of rounds; DOCUMENT=file.md writes elsewhere.
# Needs Rust, python3 with venv and PyPI for scikit-image, and Debian's packages imagej and default-jdk-headless (javac), or
# IMAGEJ_JAR=/path/to/ij.jar. A program that is not there is left out of the table, by name. Best on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-all}
size=${SIZE:-4000x3000}
rounds=${ROUNDS:-7}
export DOCUMENT=${DOCUMENT:-docs/benchmarks.md}
# `cargo bench` runs within the package, so paths must be whole.
folder=$PWD/target/peers
mkdir -p "$folder"
here=docs/benchmarks

bench() { cargo bench --quiet -p whiteboarder-core --bench rolling_ball -- "$@"; }
section() { python3 "$here/write.py" "$@"; }
say() { echo "compare: $*" >&2; }

peers() {
  say "the picture"
  bench --dump "$folder" --size "$size"
  : >"$folder/peers.jsonl"
  say "ours"
  bench --peer "$folder/board.pgm" --rounds "$rounds" >>"$folder/peers.jsonl"

  local python=$folder/venv/bin/python
  [ -x "$python" ] || python3 -m venv "$folder/venv" || say "no scikit-image: python3 has no venv"
  if [ -x "$python" ]; then
    "$python" -c 'import skimage' 2>/dev/null ||
      "$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 scikit-image==0.26.0 || say "no scikit-image: pip could not install it"
    if "$python" -c 'import skimage' 2>/dev/null; then
      say "scikit-image"
      "$python" "$here/scikit.py" "$folder/board.pgm" >>"$folder/peers.jsonl"
    fi
  fi

  local jar=${IMAGEJ_JAR:-/usr/share/java/ij.jar}
  if [ -e "$jar" ] && command -v javac >/dev/null; then
    say "ImageJ"
    javac -cp "$jar" -d "$folder" "$here/Balls.java"
    java -Djava.awt.headless=true -Xmx2g -cp "$jar:$folder" Balls "$folder/board.pgm" >>"$folder/peers.jsonl"
  else
    say "no ImageJ: $jar or javac is not there"
  fi
  section peers <"$folder/peers.jsonl"
}

speed() {
  say "the table of speeds"
  bench --size "$size" --rounds "$rounds" >"$folder/speed.md"
  section speed <"$folder/speed.md"
}

truth() {
  say "the table of errors"
  bench --truth --size "${TRUTH_SIZE:-$size}" >"$folder/truth.md"
  section truth <"$folder/truth.md"
}

case $what in
  all) peers; speed; truth ;;
  peers | speed | truth) "$what" ;;
  *) echo "usage: $0 [all | peers | speed | truth]" >&2; exit 2 ;;
esac
section machine </dev/null
