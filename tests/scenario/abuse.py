"""abuse.py URL CA TOKEN VM-PATH PID - what nobody should send to the lab's Resource Manager.

Each request that is wrong must get its own clear refusal, and the lab must be as it was afterwards: alive, with as many
descriptors, and no larger. Prints a line a trial; exits 1 at the first that is not as it should be."""
import http.client
import json
import os
import queue
import socket
import ssl
import sys
import threading
import time

url, ca, token, vm, pid = sys.argv[1:6]
host, port = url.split("//")[1].split(":")
context = ssl.create_default_context(cafile=ca)
head = {"Authorization": "Bearer " + token}
PUT = vm + "/extensions/X?api-version=2020-06-01"


def connection():
    return http.client.HTTPSConnection(host, int(port), context=context, timeout=120)


def ask(method, path, body=None, headers=head, over=None):
    c = over or connection()
    c.request(method, path, body, headers)
    r = c.getresponse()
    data = r.read()
    if over is None:
        c.close()
    try:
        return r.status, json.loads(data) if data else None
    except ValueError:
        return r.status, None


def fail(text):
    print("FAILED:", text)
    sys.exit(1)


def want(name, got, status, code=None):
    if got[0] not in (status if isinstance(status, tuple) else (status,)):
        fail("%s: HTTP %s, %s" % (name, got[0], got[1]))
    if code and (got[1] or {}).get("error", {}).get("code") != code:
        fail("%s: %s" % (name, got[1]))
    print(name)


def alive(name):
    began = time.time()
    want("alive after " + name, ask("GET", vm + "?api-version=1"), 200)
    if time.time() - began > 20:
        fail("an answer took %d s after %s" % (time.time() - began, name))


def raw(data, patience=10):
    """Send bytes as they are; what comes back until the other side closes or patience ends."""
    s = context.wrap_socket(socket.create_connection((host, int(port)), timeout=patience), server_hostname=host)
    got = b""
    try:
        s.sendall(data)
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
            if b"\r\n\r\n" in got and b'"error"' in got:
                break
    except (socket.timeout, ConnectionError, ssl.SSLError):
        pass
    s.close()
    return got


def bodies():
    nested = '{"properties":' * 100000
    for name, body in [
        ("no body", ""), ("half a body", '{"properties": {'), ("an array", "[]"), ("a key twice", '{"a": 1, "a": 2}'),
        ("bytes", b"\xff\xfe\x00\x01"), ("100,000 levels", nested), ("a bare word", "nonsense"), ("a comment alone", "// x"),
    ]:
        want("body: " + name, ask("PUT", PUT, body), 400, "InvalidRequestContent")
    want("body: 5 MB", ask("PUT", PUT, " " * 5000000), 413, "RequestTooLarge")
    want("body: settings no object", ask("PUT", PUT, json.dumps({"properties": {
        "publisher": "Microsoft.HpcCompute", "type": "InfiniBandDriverLinux", "typeHandlerVersion": "1.1", "settings": "x"}})),
        400, "InvalidParameter")


def paths():
    for name, path, status in [
        ("up", vm + "/../../../../../../../etc/passwd", 404), ("encoded up", vm + "/%2e%2e/%2e%2e/etc/passwd", (404, 405)),
        ("a zero byte", vm + "%00x", 404), ("empty parts", vm.replace("/providers", "//providers"), 404),
        ("a long one", vm + "/" + "a" * 3000, 414), ("only slashes", "/" * 500, 404), ("a name of 200", vm + "y" * 200, 404),
        ("percent alone", vm + "%", 404), ("another group", vm.replace("myResourceGroup", "..%2f.."), 404),
    ]:
        want("path: " + name, ask("GET", path + "?api-version=1"), status)
    raw(b"\x00" * 4096, 5)
    raw(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 5)
    raw(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", 5)
    raw(b"PUT " + PUT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 5)
    raw(b"PUT " + PUT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 5)
    s = socket.create_connection((host, int(port)))
    s.sendall(b"GET / HTTP/1.0\r\n\r\n")  # no TLS
    s.close()


def tokens():
    for name, headers in [("none", {}), ("another scheme", {"Authorization": "Basic eDp5"}), ("empty", {"Authorization": "Bearer "})]:
        want("token: " + name, ask("GET", vm + "?api-version=1", None, headers), 401)
    want("token: 8 KB", ask("GET", vm + "?api-version=1", None, {"Authorization": "Bearer " + "a" * 8000}), 401, "InvalidAuthenticationToken")
    want("login without anything", ask("POST", "/adfs/oauth2/token", "", {}), 400)
    want("login: half an escape", ask("POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_id=%&client_secret=%4", {}), 401)


def slow():
    """A hundred that begin a request and say no more: the others are served, and these are dropped at last."""
    kept = []
    for i in range(100):
        s = socket.create_connection((host, int(port)), timeout=120)
        if i % 2:  # the other half does not even finish the handshake
            s = context.wrap_socket(s, server_hostname=host)
            s.sendall(b"PUT " + PUT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        kept.append(s)
    alive("a hundred slow ones")
    for s in kept:
        try:
            while s.recv(4096):
                pass
        except (socket.timeout, TimeoutError):
            fail("a slow client is kept for two minutes")
        except OSError:
            pass
        s.close()
    print("the slow ones were dropped")


def crowd():
    """More connections than are taken: some are turned away, none hangs."""
    kept = []
    for _ in range(700):
        try:
            kept.append(socket.create_connection((host, int(port)), timeout=10))
        except OSError:
            break
    for s in kept:
        s.close()
    alive("a crowd of %d" % len(kept))


def many(count, parallel):
    todo = queue.Queue()
    for i in range(count):
        todo.put(i)
    wrong = []

    def work():
        c = connection()
        while not wrong:
            try:
                i = todo.get_nowait()
            except queue.Empty:
                break
            try:
                kind = i % 4
                if kind == 0:
                    got = ask("GET", vm + "?$expand=instanceView&api-version=1", over=c)[0] == 200
                elif kind == 1:
                    got = ask("PUT", PUT, '{"properties": {', over=c)[0] == 400
                elif kind == 2:
                    got = ask("GET", vm + "?api-version=1", None, {}, over=c)[0] == 401
                else:
                    got = ask("POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_id=x", {}, over=c)[0] == 401
                if not got:
                    wrong.append(i)
            except (OSError, http.client.HTTPException) as e:
                wrong.append("%d: %r" % (i, e))
        c.close()

    threads = [threading.Thread(target=work) for _ in range(parallel)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if wrong:
        fail("of %d requests: %s" % (count, wrong[:3]))


def size():
    with open("/proc/%s/status" % pid) as f:
        status = dict(line.split(":", 1) for line in f)
    return int(status["VmRSS"].split()[0]), len(os.listdir("/proc/%s/fd" % pid)), int(status["Threads"])


def settled():
    """Once the threads of the connections are gone: their number no longer falls."""
    before = size()
    while True:
        time.sleep(0.5)
        now = size()
        if now[1:] >= before[1:]:
            return now
        before = now


bodies()
paths()
tokens()
alive("nonsense")
slow()
crowd()
many(1000, 16)
first = settled()
began = time.time()
many(10000, 16)
took = time.time() - began
last = settled()
print("10,000 requests, 16 at a time: %.1f s, %d/s; before %s, after %s (KiB, descriptors, threads)" % (took, 10000 / took, first, last))
if last[0] > first[0] + 8192:
    fail("it has grown by %d KiB" % (last[0] - first[0]))
if last[1] > first[1] + 2 or last[2] > first[2] + 2:
    fail("descriptors or threads are left")
