"""session.py MODE PORT...: as session.mjs, with redis-py, "plain" or "cluster"."""

import sys
import threading

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisError

mode, *ports = sys.argv[1:]


def connect():
    if mode == "cluster":
        nodes = [ClusterNode("127.0.0.1", int(port)) for port in ports]
        return RedisCluster(startup_nodes=nodes)
    return redis.Redis(port=int(ports[0]))


def check(store):
    key = "{redis-py-%s}" % mode
    assert store.set(key, "v")
    assert store.get(key) == b"v"
    assert store.get(key + "nosuch") is None
    assert store.incr(key + "n") == 1
    assert store.append(key, "w") == 2
    assert store.mget(key, key + "n", key + "nosuch") == [b"vw", b"1", None]
    assert store.delete(key, key + "n") == 2
    assert store.set(key, "v", ex=100) and 90 < store.ttl(key) <= 100
    names = {"redis-py-%s-%d" % (mode, i): str(i).encode() for i in range(500)}
    for name, value in names.items():
        assert store.set(name, value)
    for name, value in names.items():
        assert store.get(name) == value
    found = list(store.scan_iter(match="redis-py-%s-*" % mode))
    assert set(found) == {name.encode() for name in names}, len(found)
    # In cluster mode every node is asked for its own, on a connection that is known by now by the
    # keys it asked for, or is told MOVED in any case: none comes from two nodes.
    assert len(found) == len(names), len(found)
    pipeline = store.pipeline(transaction=False) if mode == "plain" else store.pipeline()
    for name in names:
        pipeline.get(name)
    assert pipeline.execute() == list(names.values())
    if mode == "plain":
        with store.pipeline() as transaction:
            transaction.watch(key)
            transaction.multi()
            transaction.set(key, "w")
            transaction.get(key)
            assert transaction.execute() == [True, b"w"]


counters = 16
done = [0] * counters
failed = [0] * counters
reasons = {}
stop = threading.Event()


def count(store, worker):
    i = worker
    while not stop.is_set():
        at = i % counters
        i += 1
        try:
            store.incr("redis-py-%s-counter-%d" % (mode, at))
            with lock:
                done[at] += 1
                if sum(done) % 200 == 0:
                    print("at", sum(done), flush=True)
        except (RedisError, OSError) as error:
            with lock:
                failed[at] += 1
                text = str(error)[:100]
                reasons[text] = reasons.get(text, 0) + 1


lock = threading.Lock()
store = connect()
check(store)
print("ready", flush=True)
# In cluster mode one client each: its table of nodes is not meant to be shared by threads here.
threads = [threading.Thread(target=count, args=(connect(), worker * 4)) for worker in range(4)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
exact = sum(done) > 0
# As in session.mjs: in cluster mode the library itself sends again what was under way.
twice = len(threads) if mode == "cluster" else 0
store = connect()
for at in range(counters):
    value = int(store.get("redis-py-%s-counter-%d" % (mode, at)) or 0)
    twice -= max(0, value - done[at] - failed[at])
    if value < done[at] or twice < 0:
        exact = False
        print("counter %d is %d, %d acknowledged, %d failed" % (at, value, done[at], failed[at]))
print("%d increments, %d failed" % (sum(done), sum(failed)), reasons)
sys.exit(0 if exact else 1)
