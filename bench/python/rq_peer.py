"""rq's part in the tables of fleets: `rq_peer.py worker simple`, `worker default`, and `caller JOB COUNT`.

The caller follows the same orders as the one in Rust, and prints the same figures. A result is waited for at its stream.
"""

import os
import sys
import time

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.results import Result

JOBS = {"nothing": (0, 0), "10us": (10, 0), "1ms": (0, 1_000), "100ms": (0, 100_000), "one": (0, 0)}
WORKERS = 8


def job(spins, sleeps):
    if spins:
        end = time.perf_counter_ns() + spins * 1_000
        while time.perf_counter_ns() < end:
            pass
    if sleeps:
        time.sleep(sleeps / 1e6)
    return time.time_ns()


def at(figures, part):
    return sorted(figures)[(len(figures) - 1) * part // 100] / 1e3


def calls(queue, spins, sleeps, count):
    prepared = [Queue.prepare_data("rq_peer.job", (spins, sleeps)) for _ in range(count)]
    return queue.enqueue_many(prepared)


def wait(call):
    result = call.latest_result(timeout=60)
    assert result is not None and result.type == Result.Type.SUCCESSFUL
    return result.return_value


def run(name, count):
    connection = Redis.from_url(os.environ["PEERS_REDIS"])
    queue = Queue(connection=connection)
    while len(Worker.all(connection)) < WORKERS:
        time.sleep(0.05)
    for call in calls(queue, 0, 5_000, 32):
        wait(call)
    print("ready", flush=True)
    sys.stdin.readline()

    begun = time.perf_counter()
    if name == "one":
        after, whole = [], []
        for _ in range(count):
            before = time.time_ns()
            ended = wait(queue.enqueue("rq_peer.job", 0, 0))
            now = time.time_ns()
            after.append(now - ended)
            whole.append(now - before)
        print(time.perf_counter() - begun, at(after, 50), at(after, 99), at(whole, 50), flush=True)
    else:
        for call in calls(queue, *JOBS[name], count):
            wait(call)
        print(time.perf_counter() - begun, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        kind = {"simple": SimpleWorker, "default": Worker}[sys.argv[2]]
        kind([Queue(connection=Redis.from_url(os.environ["PEERS_REDIS"]))]).work(logging_level="WARNING")
    else:
        run(sys.argv[2], int(sys.argv[3]))
