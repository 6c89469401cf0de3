#!/usr/bin/env python3
"""What the shared harness cannot put on a server without IMAP, with the same generator and the same counting.

  bench/sessions.py idle [10000]         server memory (PSS) per idle connection: SMTP and POP3, plain and TLS
  bench/sessions.py pop3 [5000]          CPU per session: connect, USER, PASS, STAT, QUIT (ten messages in each maildrop)
  bench/sessions.py retr [20000]         CPU per RETR of a 6.6 KB message

Needs build/release/packetboat, and for pop3 and retr the load generator: MBENCH=…/mbench (the harness's build folder).
"""
import json
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import harness  # noqa: E402

GENERATOR = os.environ.get("MBENCH", str(harness.ROOT.parent / "shared/bench/build/mbench"))
USERS = 50


def pss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-bench-", dir=os.environ.get("BENCH_WORK")))
        config = self.folder / "p.toml"
        # Cheap hashes: what is measured is the session beside the hash.
        config.write_text("[auth]\nhash_memory_kib = 8\nhash_passes = 1\nscram_iterations = 4096\n[log]\nfile = \"%s\"\n" % (self.folder / "log"))
        self.server = harness.Server(self.folder / "data", ["--config", config]).start()
        self.pid = self.server.process.pid

    def close(self):
        self.server.stop()
        shutil.rmtree(self.folder)

    def generate(self, load, service, **options):
        command = [GENERATOR, load, "--host", "127.0.0.1", "--port", str(self.server.port(service)), "--user", "u%ld@example.test", "--pass", "pw"]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def fill(self, users, per_user, size):
        people = self.folder / "people"
        people.write_text("".join(f"u{n}@example.test pw\n" for n in range(users)))
        self.server.command("account", "import", people)
        self.generate("lmtp", "lmtp", conns=10, count=users * per_user, users=users, size=size, per_session=1000)


def open_idle(port, tls):
    s = socket.create_connection(("127.0.0.1", port))
    if tls:
        s = tls.wrap_socket(s)
    s.recv(512)
    return s


def idle(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for service, tls in (("smtp", None), ("pop3", None), ("submissions", context), ("pop3s", context)):
        bench = Bench()
        warm = [open_idle(bench.server.port(service), tls) for _ in range(100)]
        before = pss_kib(bench.pid)
        held = [open_idle(bench.server.port(service), tls) for _ in range(count)]
        print(f"{service:12} {count} idle: {(pss_kib(bench.pid) - before) / count:.2f} KiB each", flush=True)
        for s in warm + held:
            s.close()
        bench.close()


def pop3(count):
    bench = Bench()
    bench.fill(USERS, 10, 4096)
    bench.generate("pop3", "pop3", conns=5, count=500, users=USERS)
    before = cpu_s(bench.pid)
    result = bench.generate("pop3", "pop3", conns=10, count=count, users=USERS)
    print(f"pop3 session: {(cpu_s(bench.pid) - before) / count * 1e6:.0f} us of CPU, {result['rate']:.0f}/s")
    bench.close()


def retr(count):
    bench = Bench()
    bench.fill(1, count, 6600)
    for window in (1, 50):
        bench.generate("pop3", "pop3", conns=1, count=1, users=1, retr=count, window=window)
        before = cpu_s(bench.pid)
        result = bench.generate("pop3", "pop3", conns=1, count=1, users=1, retr=count, window=window)
        print(f"pop3 RETR, {window} in flight: {(cpu_s(bench.pid) - before) / count * 1e6:.1f} us of CPU, {result['msgs_s']:.0f}/s")
    bench.close()


if __name__ == "__main__":
    load, default = {"idle": (idle, 10_000), "pop3": (pop3, 5_000), "retr": (retr, 20_000)}[sys.argv[1]]
    load(int(sys.argv[2]) if len(sys.argv) > 2 else default)
