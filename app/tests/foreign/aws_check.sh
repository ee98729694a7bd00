# What every shell script here uses. Each check is a line that starts with a promise's name.

# The AWS CLI of the Python that was found.
aws() { command "${AWS_PROGRAM:-aws}" "$@"; }

broken() {
    echo "BROKEN $1: $2" >&2
    exit 1
}

# holds NAME COMMAND…: the command succeeds.
holds() {
    name=$1
    shift
    "$@" >output.txt 2>&1 || broken "$name" "\`$*\` ended with $?: $(cat output.txt)"
    echo "ok $name"
}

# says NAME TEXT COMMAND…: the command succeeds and prints exactly this.
says() {
    name=$1 expected=$2
    shift 2
    actual=$("$@" 2>errors.txt) || broken "$name" "\`$*\` ended with $?: $(cat errors.txt)"
    [ "$actual" = "$expected" ] || broken "$name" "expected
$expected
but \`$*\` printed
$actual"
    echo "ok $name"
}

# refuses NAME WORDS COMMAND…: the command fails, and its error has these words.
refuses() {
    name=$1 words=$2
    shift 2
    if "$@" >output.txt 2>&1; then
        broken "$name" "\`$*\` should have failed, and printed $(cat output.txt)"
    fi
    grep -qF -- "$words" output.txt || broken "$name" "\"$words\" is not in: $(cat output.txt)"
    echo "ok $name"
}
