"""Starts the real binary on loopback for the scenarios, and waits for conditions, never for time to pass."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("PACKETBOAT", ROOT / "build/release/packetboat"))
PASSWORD = "packetboat"
ALICE, BOB, ADMIN = "alice@example.test", "bob@example.test", "admin@example.test"
OFFSETS = dict(smtp=25, submission=587, submissions=465, lmtp=24, pop3=110, pop3s=995)
LIMIT = 60  # seconds that any wait may take before the test fails


def free_port_base():
    """A base for which all the try-out server's ports can be bound now."""
    for _ in range(200):
        base = random.randrange(10000, 55000)
        with contextlib.ExitStack() as held:
            try:
                for offset in OFFSETS.values():
                    s = held.enter_context(socket.socket())
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", base + offset))
                return base
            except OSError:
                continue
    raise RuntimeError("no free ports")


class Server:
    """A try-out server with its data directory."""

    def __init__(self, data, arguments=(), base=None, environment=None):
        self.data = pathlib.Path(data)
        self.base = base or free_port_base()
        self.arguments = list(arguments)
        self.environment = environment
        self.process = None
        self.greeting = []

    def port(self, service):
        return self.base + OFFSETS[service]

    def command_line(self):
        return ["--data", self.data, *self.arguments, "serve", "--dev", "--port-base", self.base]

    def start(self):
        return self.start_until(lambda line: line == "ready\n")

    def start_until(self, is_ready):
        self.log = open(self.data.parent / (self.data.name + ".log"), "ab")
        self.process = subprocess.Popen([BINARY, *map(str, self.command_line())], stdout=subprocess.PIPE, stderr=self.log, text=True, env=self.environment)
        self.greeting = []
        for line in self.process.stdout:
            self.greeting.append(line.rstrip("\n"))
            if is_ready(line):
                return self
        raise RuntimeError(f"the server ended with {self.process.wait()} before it was ready; {self.log_text()[-2000:]}")

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self):
        self.process.kill()
        return self.ended()

    def ended(self):
        status = self.process.wait(LIMIT)
        self.process.stdout.close()
        self.process = None
        self.log.close()
        return status

    def log_text(self):
        return (self.data.parent / (self.data.name + ".log")).read_text(errors="replace")

    def command(self, *arguments, check=True, **options):
        return command("--data", self.data, *arguments, check=check, **options)


def command(*arguments, check=True, **options):
    """Runs packetboat; with `check`, a status other than 0 is a failure."""
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"packetboat {' '.join(map(str, arguments))}: status {done.returncode}: {done.stderr}")
    return done


def eventually(condition, what):
    """Waits until `condition()` is true; answers its value."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"never came true: {what}")


def run(*arguments, **options):
    """Another program, with its output in the failure's text."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=LIMIT, **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]}: status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Scenario(unittest.TestCase):
    """A test with a folder of its own, and a running server unless it says otherwise."""

    server_runs = True

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.server = Server(self.folder / "data")
        if self.server_runs:
            self.server.start()
        self.addCleanup(self.stop_server)

    def stop_server(self):
        if self.server.process:
            self.server.stop()

    def needs(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")


class Wire:
    """A raw connection that speaks in lines."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=LIMIT)
        self.file = self.socket.makefile("rb")

    def line(self):
        return self.file.readline()

    def reply(self):
        """One SMTP reply, all its lines."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"".join(lines)

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def ask(self, text):
        self.say(text)
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def messages(server, user=ALICE, password=PASSWORD, utf8=False):
    """Every message of a maildrop, as bytes with CRLF, over POP3."""
    import poplib
    box = poplib.POP3("127.0.0.1", server.port("pop3"), timeout=LIMIT)
    if utf8:
        box.utf8()
        box.encoding = "UTF-8"
    box.user(user)
    box.pass_(password)
    count, _ = box.stat()
    bodies = [b"\r\n".join(box.retr(n + 1)[1]) + b"\r\n" for n in range(count)]
    box.quit()
    return bodies
