#!/bin/sh
# Scores well-known methods and ours on the same boards: one row each, the mean over all boards.
#
#     docs/picture/compare.sh [FOLDER] [ARGUMENTS OF score, such as --seed 2 --boards 4]
#
# Needs Python 3 and ImageMagick; installs what peers.py needs into FOLDER/venv.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-"$root/target/compare"}
[ $# -eq 0 ] || shift
score() {
    # The exit status tells of the baseline, which is not the question here.
    (cd "$root" && cargo run -q --release -p whiteboarder-core --example score -- "$@") || true
}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ ! -x "$folder/venv/bin/python" ]; then
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install -q numpy scikit-image pillow opencv-python-headless
fi
score --raw --write "$folder/ours" "$@" > "$folder/ours.txt"
"$folder/venv/bin/python" "$root/docs/picture/peers.py" "$folder/ours" "$folder/peers"
head -n 1 "$folder/ours.txt"
sed -n 's/^mean raw/raw     /p; s/^mean  /ours  /p' "$folder/ours.txt"
for peer in "$folder"/peers/*/; do
    name=$(basename "$peer")
    score --results "$peer" "$@" > "$folder/$name.txt"
    printf '%-16s' "$name"
    sed -n 's/^mean            //p' "$folder/$name.txt"
done
