#!/usr/bin/env python3
"""Messages through the queue to another host: smtp-source (Postfix's) sends, Packetboat queues and relays, smtp-sink takes them.
   bench/relay.py [BINARY [MESSAGES [SESSIONS]]]
Prints rates and the server's CPU time per message. Beside it: Postfix relaying the same load, by the engine-neutral harness:
   ./bench run postfix:to=sink smtp conns=20 count=3000"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
binary = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/packetboat")
messages = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
sessions = int(sys.argv[3]) if len(sys.argv) > 3 else 20
IN, OUT = 18025, 18026
LIMIT = 300  # seconds for all of it


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


with tempfile.TemporaryDirectory(prefix="packetboat-bench-") as name:
    folder = pathlib.Path(name)
    settings = folder / "packetboat.toml"
    # Whoever has no login may send to our own domain only; its mail goes on by an alias.
    settings.write_text(f'''
[server]
hostname = "mx.bench.test"
data = "{folder}/data"
[log]
file = "{folder}/log"
level = "warning"
[listen]
smtp = ["127.0.0.1:{IN}"]
submission = []
submissions = []
pop3 = []
pop3s = []
[[route]]
domains = ["*"]
host = "127.0.0.1"
port = {OUT}
tls = "none"
''')
    run = lambda *words: subprocess.run([binary, "--quiet", "--config", settings, *words], check=True)
    run("domain", "add", "bench.test")
    run("domain", "catch-all", "bench.test", "x@sink.test")
    counted = folder / "sink"
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{OUT}", "1000"], stdout=open(counted, "wb"), stderr=subprocess.DEVNULL)
    server = subprocess.Popen([binary, "--config", settings, "serve"], stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            if line == "ready\n":
                break
        began, cpu = time.monotonic(), cpu_seconds(server.pid)
        subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(messages), "-l", "4096", "-f", "a@else.test", "-t", "u@bench.test", f"127.0.0.1:{IN}"],
                       check=True, timeout=LIMIT)
        accepted = time.monotonic()

        def taken():
            numbers = re.findall(rb"mesg=(\d+)", counted.read_bytes()[-200:])
            return int(numbers[-1]) if numbers else 0

        while taken() < messages and time.monotonic() < began + LIMIT:
            time.sleep(0.02)
        ended = time.monotonic()
        microseconds = 1e6 * (cpu_seconds(server.pid) - cpu) / messages
        print(f"accepted {messages / (accepted - began):.0f}/s, relayed {taken() / (ended - began):.0f}/s, {microseconds:.0f} us of CPU a message")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        sink.kill()
        sink.wait()
