"""Celery's part in the tables of fleets: `celery -A celery_peer worker`, and `celery_peer.py WORKERS JOB COUNT`, a caller.

The caller follows the same orders as the one in Rust, and prints the same figures.
"""

import os
import sys
import time

from celery import Celery, group

url = os.environ["PEERS_REDIS"]
app = Celery("celery_peer", broker=url, backend=url)
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
JOBS = {"nothing": (0, 0), "10us": (10, 0), "1ms": (0, 1_000), "100ms": (0, 100_000), "one": (0, 0)}


@app.task(name="job")
def job(spins, sleeps):
    if spins:
        end = time.perf_counter_ns() + spins * 1_000
        while time.perf_counter_ns() < end:
            pass
    if sleeps:
        time.sleep(sleeps / 1e6)
    return time.time_ns(), os.getpid()


def at(figures, part):
    return sorted(figures)[(len(figures) - 1) * part // 100] / 1e3


def run(workers, name, count):
    seen = set()
    while len(seen) < workers:
        calls = group(job.s(0, 5_000) for _ in range(32)).apply_async()
        seen.update(process for _, process in calls.get())
    print("ready", flush=True)
    sys.stdin.readline()

    begun = time.perf_counter()
    if name == "one":
        after, whole = [], []
        for _ in range(count):
            before = time.time_ns()
            ended, _ = job.delay(0, 0).get()
            now = time.time_ns()
            after.append(now - ended)
            whole.append(now - before)
        print(time.perf_counter() - begun, at(after, 50), at(after, 99), at(whole, 50), flush=True)
    else:
        results = group(job.s(*JOBS[name]) for _ in range(count)).apply_async().get()
        print(time.perf_counter() - begun, flush=True)
        assert len(results) == count
    sys.stdin.read()


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
