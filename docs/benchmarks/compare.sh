#!/usr/bin/env bash
# Our cleaning and our rolling ball beside other programs, on the same picture in the same run; writes the tables of
# docs/benchmarks.md anew.
#
#   docs/benchmarks/compare.sh [all | clean | strips | peers | speed | truth]     (default: all)
#
# clean: a photograph of 12 megapixels from file to file, by us, the ImageMagick script and scikit-image.
# strips: pictures of up to 1.1 gigapixels, by us. peers, speed, truth: the rolling ball.
#
# SIZE=4000x3000 ROUNDS=7 in the environment change the picture and the number of rounds; DOCUMENT=file.md writes elsewhere;
# WHITEBOARDER=/path/to/whiteboarder cleans with that program, too. Needs Rust, python3 with venv and PyPI for scikit-image, ImageMagick
# (Debian: apt-get install imagemagick), and Debian's packages imagej and default-jdk-headless (javac), or
# IMAGEJ_JAR=/path/to/ij.jar. A program that is not there is left out of the table, by name. Nothing is installed outside of
# target/peers. Best on a machine that does nothing else; strips need 6 GB of disk in TMPDIR.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-all}
size=${SIZE:-4000x3000}
megapixels=$(python3 -c 'import sys; w, h = sys.argv[1].split("x"); print(int(w) * int(h) / 1e6)' "$size")
rounds=${ROUNDS:-7}
export DOCUMENT=${DOCUMENT:-docs/benchmarks.md}
# `cargo bench` runs within the package, so paths must be whole.
folder=$PWD/target/peers
mkdir -p "$folder"
here=docs/benchmarks

cleaning() { cargo bench --quiet -p whiteboarder-core --bench clean -- "$@"; }
bench() { cargo bench --quiet -p whiteboarder-core --bench rolling_ball -- "$@"; }
section() { python3 "$here/write.py" "$@"; }
say() { echo "compare: $*" >&2; }

# Whether there is a Python with scikit-image, which it tries to make.
python=$folder/venv/bin/python
scikit() {
  [ -x "$python" ] || python3 -m venv "$folder/venv" || { say "no scikit-image: python3 has no venv"; return 1; }
  "$python" -c 'import skimage, PIL' 2>/dev/null && return
  "$python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 scikit-image==0.26.0 ||
    { say "no scikit-image: pip could not install it"; return 1; }
}

clean() {
  say "our photographs"
  cleaning --rounds "$rounds" --size "$megapixels" >"$folder/clean.md"
  say "beside other programs"
  cleaning --photo "$folder/photo.jpg" --size "$megapixels"
  # What cargo says of the bench, for its program: measured is the program, not cargo.
  local ours name magick
  ours=$(cargo bench --quiet --no-run --message-format=json -p whiteboarder-core --bench clean |
    python3 -c 'import json, sys; print([m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")][-1])')
  printf 'ours\t%q --whole %q %q\n' "$ours" "$folder/photo.jpg" "$folder/ours.png" >"$folder/programs"
  local turns=$rounds
  if [ -n "${WHITEBOARDER:-}" ]; then
    printf '`whiteboarder clean`\t%q clean %q -o %q --quiet\n' "$WHITEBOARDER" "$folder/photo.jpg" "$folder/program.png" >>"$folder/programs"
    turns=$turns,$rounds
  fi
  # Differences of Gaussians, turned round, stretched, sharpened by levels: the whiteboard script that is passed around as one line.
  if magick=$(command -v magick || command -v convert); then
    name="ImageMagick $("$magick" -version | sed -n '1s/^Version: ImageMagick \([^ ]*\) .*/\1/p'), the whiteboard script"
    printf '%s\t%q %q -morphology Convolve DoG:15,100,0 -negate -normalize -blur 0x1 -channel RBG -level 60%%,91%%,0.1 %q\n' \
      "$name" "$magick" "$folder/photo.jpg" "$folder/magick.png" >>"$folder/programs"
    turns=$turns,3
  else
    say "no ImageMagick: apt-get install imagemagick"
  fi
  if scikit; then
    name="scikit-image $("$python" -c 'import skimage; print(skimage.__version__)'), rolling ball of r = 25 on three channels"
    printf '%s\t%q %q %q %q\n' "$name" "$python" "$here/ball_clean.py" "$folder/photo.jpg" "$folder/scikit.png" >>"$folder/programs"
    turns=$turns,1
  fi
  python3 "$here/measured.py" "$turns" <"$folder/programs" >"$folder/clean.jsonl"
  section clean "$folder/clean.md" <"$folder/clean.jsonl"
}

strips() {
  say "pictures in strips"
  cleaning --strips >"$folder/strips.md"
  section strips <"$folder/strips.md"
}

peers() {
  say "the picture"
  bench --dump "$folder" --size "$size"
  : >"$folder/peers.jsonl"
  say "ours"
  bench --peer "$folder/board.pgm" --rounds "$rounds" >>"$folder/peers.jsonl"

  if scikit; then
    say "scikit-image"
    "$python" "$here/scikit.py" "$folder/board.pgm" >>"$folder/peers.jsonl"
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
  all) clean; strips; peers; speed; truth ;;
  clean | strips | peers | speed | truth) "$what" ;;
  *) echo "usage: $0 [all | clean | strips | peers | speed | truth]" >&2; exit 2 ;;
esac
# The other two say it themselves.
case $what in clean | strips) ;; *) section machine </dev/null ;; esac
