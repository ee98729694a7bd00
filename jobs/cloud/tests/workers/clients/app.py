"""The tests' function in Python: the twin of `roles::handle`."""

import os
import signal
import subprocess
import time


class AsYouWish(Exception):
    pass


def handler(event, context):
    do = event["do"]
    if do == "echo":
        return event["value"]
    if do == "fail":
        raise AsYouWish("as you wish")
    if do == "exit":
        os._exit(event["code"])
    if do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "hang":
        time.sleep(1000)
    if do == "big":
        return "x" * (event["bytes"] - 2)
    if do == "length":
        return len(event["ballast"])
    if do == "log":
        for line in range(event["lines"]):
            print("line", line)
        return None
    if do == "orphan":
        path = event["file"]
        script = "setsid sleep 1000 & echo $! > %s.half; mv %s.half %s" % (path, path, path)
        # The handler's pipes are for logs: the orphan must not hold on to anything else.
        subprocess.run(["sh", "-c", script], check=True)
        time.sleep(1000)
    raise ValueError("cannot do %s" % do)
