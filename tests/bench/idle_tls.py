# SPDX-License-Identifier: Apache-2.0
"""Memory of idle TLS connections, and whether fresh requests still work among them.

idle_tls.py [N] : starts the front end of tests/support/httpserver.c, opens N (default 10000) TLS connections
that make one request each and then idle, and reports resident KiB per connection and the time of fresh requests.
"""
import http.client
import os
import resource
import socket
import ssl
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from test_http_edge import HEAD, Server, receive_answer  # noqa: E402


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1])


def fork_clients(server, n, upload):
    """A child process that holds n connections; returns its pid and a pipe that says how many it has."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, os.fdopen(read_end)
    held = []
    context = server.context()
    for _ in range(n):
        s = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)))
        if upload:
            s.sendall(b"PUT /sink/discard HTTP/1.1\r\n" + HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300000)
        else:
            s.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
        receive_answer(s)
        held.append(s)
    os.write(write_end, b"%d\n" % len(held))
    time.sleep(600)
    os._exit(0)


def fresh(server, n=100):
    times = []
    for _ in range(n):
        start = time.time()
        c = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=server.context())
        c.request("PUT", "/sink/discard", body=b"x" * 100000)
        assert c.getresponse().status == 201
        c.close()
        times.append((time.time() - start) * 1000)
    times.sort()
    return f"median {statistics.median(times):.1f} ms, p99 {times[int(n * 0.99) - 1]:.1f} ms"


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 1000), hard))
    for upload in (False, True):
        server = Server(tls=True, QUIET=1, LIMIT_IDLE=3600)
        fresh(server, 20)
        before = resident_kib(server.process.pid)
        clients = [fork_clients(server, n // 2, upload) for _ in range(2)]
        start = time.time()
        count = sum(int(pipe.readline()) for _, pipe in clients)
        took = time.time() - start
        after = resident_kib(server.process.pid)
        print(f"{'after an upload' if upload else 'after a GET'}: {count} idle TLS connections in {took:.0f} s, "
              f"{(after - before) / count:.1f} KiB each; fresh connection + 100 KB upload: {fresh(server)}")
        for pid, _ in clients:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        server.stop()


if __name__ == "__main__":
    main()
