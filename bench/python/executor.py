"""Measures ThreadPoolExecutor at one job: `executor.py JOB NUMBER...` prints its figures, in the order of the table."""

import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


def same(n):
    return n


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, time.perf_counter(), usage.ru_nvcsw + usage.ru_nivcsw


def noop(workers, calls, stream):
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(same, range(workers * 10)))
        before = used()
        if stream:
            results = sorted(done.result() for done in as_completed([pool.submit(same, n) for n in range(calls)]))
        else:
            results = list(pool.map(same, range(calls)))
        cpu, wall, switches = (after - earlier for after, earlier in zip(used(), before))
    assert results == list(range(calls))
    # How often CPython's own allocator was asked is not counted.
    return [cpu / calls * 1e9, wall / calls * 1e9, switches / calls, None]


def overlap(workers, calls, milliseconds):
    ideal = -(-calls // workers) * milliseconds / 1e3
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(time.sleep, [0.001] * workers))
        begun = time.perf_counter()
        count = len(list(pool.map(time.sleep, [milliseconds / 1e3] * calls)))
        wall = time.perf_counter() - begun
    assert count == calls
    return [wall / ideal]


def median(figures):
    return sorted(figures)[len(figures) // 2]


def first(workers, repeats):
    figures = []
    for _ in range(repeats):
        begun = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            assert next(pool.map(same, range(workers))) == 0
            figures.append((time.perf_counter() - begun) * 1e6)
    return [median(figures)]


def cold(workers, repeats):
    figures = []
    for _ in range(repeats):
        begun = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            assert len(list(pool.map(time.sleep, [0.001] * workers))) == workers
            figures.append((time.perf_counter() - begun) * 1e6)
    return [median(figures)]


jobs = {job.__name__: job for job in (noop, overlap, first, cold)}
figures = jobs[sys.argv[1]](*map(int, sys.argv[2:]))
# What it does not measure is not a number.
print(*("nan" if figure is None else figure for figure in figures))
