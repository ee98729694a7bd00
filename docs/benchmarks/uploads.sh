#!/usr/bin/env bash
# A folder to the local cloud's S3, by turns with `submit`'s own uploads and with the AWS CLI: seconds and peak memory of
# each client. The server is a process of its own and the same for both.
#   docs/benchmarks/uploads.sh [ROUNDS]        200 files of 4 MB and one of 2 GB, twice
# Needs the AWS CLI (`pip install awscli`), GNU time and 6 GB under target/.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet --workspace --example upload
client=$PWD/target/release/examples/upload
bucket=$(sed -n 's/^pub const LOCAL_BUCKET: &str = "\(.*\)";/\1/p' jobs/client/src/stack.rs)
mkdir -p target/uploads/files
cd target/uploads
for number in $(seq 200); do
  test -s "files/f$number.jpg" || head -c 4000000 /dev/urandom > "files/f$number.jpg"
done
test -s files/big.tif || head -c 2000000000 /dev/urandom > files/big.tif
export AWS_ACCESS_KEY_ID=access AWS_SECRET_ACCESS_KEY=secret AWS_DEFAULT_REGION=us-east-1
for round in $(seq "${1:-2}"); do
  echo "round $round"
  printf 'whiteboarder: ' && "$client" files
  "$client" --serve > endpoint.txt &
  server=$!
  sleep 1
  /usr/bin/time -f 'AWS CLI: all in %e s; VmHWM: %M kB' \
    aws --endpoint-url "$(cat endpoint.txt)" s3 cp --recursive --quiet files "s3://$bucket/x/"
  kill "$server"
  wait "$server" 2>/dev/null || true
  rm -rf .tmp*
done
