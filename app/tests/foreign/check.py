"""What every script here uses: promises that are run in order, and checks that say what was expected."""

import sys
import time
import traceback

from botocore.config import Config
from botocore.exceptions import ClientError

# For clients that are to be refused: the SDK would try some errors again, with pauses.
ONCE = Config(retries={"total_max_attempts": 1})

_promises = []


def promise(function):
    """Marks a function as one promise of the local cloud; its name is the sentence."""
    _promises.append(function)
    return function


def run():
    """Runs the promises as they stand in the file; ends the script at the first that does not hold."""
    for function in _promises:
        try:
            function()
        except Exception:  # whatever it was, the reader needs the name of the promise
            traceback.print_exc()
            print(f"BROKEN {function.__name__}", flush=True)
            sys.exit(1)
        print(f"ok {function.__name__}", flush=True)


def same(actual, expected, what="value"):
    """Both are equal."""
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def holds(condition, what):
    """The sentence is true."""
    if not condition:
        raise AssertionError(what)


def status(answer):
    """The HTTP status of an answer."""
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def refused(code, call, *, http=None, text=None, words=None, **arguments):
    """The call is refused with this code, status and message (or words in it). Gives the error's answer."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        found = error.response["Error"]
        same(found["Code"], code, f"error code ({found.get('Message')!r})")
        if http is not None:
            same(status(error.response), http, f"HTTP status of {code}")
        if text is not None:
            same(found["Message"], text, f"message of {code}")
        if words is not None:
            holds(words in found["Message"], f"{words!r} is not in {found['Message']!r}")
        return error.response
    raise AssertionError(f"expected the error {code}, got {answer!r}")


def noise(length, seed=1):
    """Bytes that do not repeat soon, the same each time."""
    import random

    return random.Random(seed).randbytes(length)


def end_by(sfn):
    """A function that waits for the end of an execution and gives its description."""

    def ended(execution):
        for _ in range(600):
            found = sfn.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.05)
        raise AssertionError(f"{execution} does not end")

    return ended
