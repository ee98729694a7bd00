#!/usr/bin/env bash
# The engine of the local cloud beside moto's server from PyPI, in one run: see jobs/cloud/examples/load.
#   docs/benchmarks/states.sh [ARGUMENTS OF load]
# Needs python3 and pip, or a Python with moto[server] in WHITEBOARDER_MOTO.
set -euo pipefail
cd "$(dirname "$0")/../.."
moto=${WHITEBOARDER_MOTO:-$(.ci/python-clients)}
cargo build --release --quiet -p local-cloud --example load
load=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/load
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$moto" -m moto.server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 &
server=$!
trap 'kill "$server"' EXIT
until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port)).close()" 2>/dev/null; do sleep 0.1; done
uptime
"$moto" -c 'import importlib.metadata as m; print("moto", m.version("moto"))'
"$load" --beside "http://127.0.0.1:$port" "$@"
uptime
