"""Several servers, the name server with their zones, and whoever else takes part in sending mail from one to the other."""
import pathlib
import random
import socket
import socketserver
import struct
import subprocess
import threading

from harness import BINARY, LIMIT, PASSWORD, Scenario, Server, command, eventually, run


def free_port(addresses=("127.0.0.1",)):
    """One that can be bound now on all of these, by TCP and UDP."""
    for _ in range(500):
        port = random.randrange(10000, 60000)
        held = []
        try:
            for address in addresses:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    s = socket.socket(socket.AF_INET, kind)
                    held.append(s)
                    s.bind((address, port))
            return port
        except OSError:
            continue
        finally:
            for s in held:
                s.close()
    raise RuntimeError("no free port")


def answers_dns(address, port, name):
    """Whether a name server there has a start of authority for this."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0" + struct.pack(">HH", 6, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.sendto(struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question, (address, port))
            answer = s.recv(4096)
        except OSError:
            return False
    return len(answer) > 12 and answer[3] & 15 == 0 and answer[6:8] != b"\0\0"


class NameServer:
    """An authoritative name server (knot) for zones given as the lines after their SOA; it signs some of them."""

    def __init__(self, folder, zones, signed=()):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.folder.mkdir()
        lines = [f"server:\n  rundir: {self.folder}\n  listen: 127.0.0.1@{self.port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n",
                 f"log:\n  - target: {self.folder}/log\n    any: info\n", f"database:\n  storage: {self.folder}\n  journal-db-max-size: 8M\n", "zone:\n"]
        for name, text in zones.items():
            (self.folder / f"{name}.zone").write_text(f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. hostmaster.{name}. 1 60 60 600 5\n@ NS ns.{name}.\nns A 127.0.0.1\n{text}\n")
            lines.append(f"  - domain: {name}\n    file: {self.folder}/{name}.zone\n    zonefile-load: whole\n")
            lines.append("    dnssec-signing: on\n    zonefile-sync: -1\n" if name in signed else "    journal-content: none\n")
        (self.folder / "knot.conf").write_text("".join(lines))
        self.process = subprocess.Popen(["/usr/sbin/knotd", "-c", str(self.folder / "knot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: all(answers_dns("127.0.0.1", self.port, name) for name in zones), "the name server answers")

    def trust_anchor(self, zone):
        """The DS record of a zone that is signed."""
        return run("/usr/sbin/keymgr", "-c", self.folder / "knot.conf", zone, "ds").splitlines()[0]

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT)


class ConfiguredServer(Server):
    """A server with a configuration of its own, on a loopback address of its own, so that all can have the same ports."""

    def __init__(self, folder, name, address, port, domains, dns=None, settings=""):
        super().__init__(pathlib.Path(folder) / name, base=port - 25)
        self.hostname, self.address = name, address
        self.file = pathlib.Path(folder) / f"{name}.toml"
        self.file.write_text(f'''
[server]
hostname = "{name}"
data = "{self.data}"
[auth]
plain_text = true
hash_memory_kib = 1024
[listen]
smtp = ["{address}:{port}"]
submission = ["{address}:{port + 1}"]
submissions = []
pop3 = ["{address}:{port + 2}"]
pop3s = []
[outbound]
port = {port}
[dns]
servers = [{f'"127.0.0.1:{dns.port}"' if dns else ""}]
dnssec = false
{settings}
''')
        self.ports = dict(smtp=port, submission=port + 1, pop3=port + 2)
        for domain in domains:
            self.command("domain", "add", domain)

    def port(self, service):
        return self.ports[service]

    def command_line(self):
        return ["--config", self.file, "serve"]

    def command(self, *arguments, check=True, **options):
        return command("--config", self.file, *arguments, check=check, **options)

    def account(self, address):
        self.command("account", "add", address, "--password-file", "-", input=PASSWORD + "\n")


class Sink:
    """An SMTP server that does what a test says: `script` answers a command (in upper case, with what was said before) with a reply, with None
    for the usual one, or with an exception for hanging up. With `tls`, a context of Python's ssl, it offers STARTTLS."""

    def __init__(self, address, port, script=lambda verb, line: None, tls=None):
        self.messages = []
        self.connections = 0
        self.open = set()  # the connections that there are now
        self.lines = []  # every command
        self.clients = []  # the address of every connection
        self.encrypted = []  # of every message, whether it came by TLS
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                sink.connections += 1
                sink.open.add(self)
                sink.clients.append(self.client_address[0])
                self.encrypted = False
                try:
                    self.converse()
                except (ConnectionError, OSError, EOFError):
                    pass
                finally:
                    sink.open.discard(self)
                if self.encrypted:
                    self.connection.close()  # the one below it is closed by who made it

            def say(self, verb, line, usual):
                reply = script(verb, line)
                self.wfile.write((usual if reply is None else reply).encode() + b"\r\n")
                return reply is None

            def converse(self):
                if not self.say("CONNECT", "", "220 sink ESMTP"):
                    return
                recipients = []
                sender = ""
                while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
                    verb = line.split(" ")[0].split(":")[0].upper()
                    sink.lines.append(line)
                    usual = {"EHLO": "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN", "HELO": "250 sink", "QUIT": "221 bye", "DATA": "354 go on",
                             "RSET": "250 ok"}.get(verb, "250 2.1.0 ok")
                    if verb == "DATA" and not recipients:
                        usual = "503 5.5.1 no recipients"
                    if verb == "EHLO" and tls and not self.encrypted:
                        usual = usual.replace("PIPELINING", "PIPELINING\r\n250-STARTTLS")
                    taken = self.say(verb, line, usual)
                    if verb == "STARTTLS" and tls and taken:
                        self.connection = tls.wrap_socket(self.connection, server_side=True)
                        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
                        self.encrypted = True
                    if verb == "MAIL" and taken:
                        sender, recipients = line[11:].split(">")[0], []
                    if verb == "RCPT" and taken:
                        recipients.append(line[9:].split(">")[0])
                    if verb == "DATA" and taken and recipients:
                        body = b""
                        while not (part := self.rfile.readline()) == b".\r\n":
                            if not part:
                                return
                            body += part[1:] if part.startswith(b".") else part
                        if self.say("END", "", "250 2.0.0 taken"):
                            sink.encrypted.append(self.encrypted)
                            sink.messages.append((sender, recipients, body))
                    if verb == "QUIT":
                        return

        class Listening(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 1024

        self.server = Listening((address, port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Post(Scenario):
    """Servers on 127.0.0.2 and further, all with the same ports."""

    server_runs = False
    addresses = tuple(f"127.0.0.{n}" for n in range(2, 7))

    def setUp(self):
        super().setUp()
        self.needs_knot()
        self.smtp_port = free_port(self.addresses)

    def needs_knot(self):
        if not pathlib.Path("/usr/sbin/knotd").exists():
            self.skipTest("knotd is not installed")

    def name_server(self, zones, signed=()):
        server = NameServer(self.folder / "dns", zones, signed)
        self.addCleanup(server.stop)
        return server

    def configured(self, name, address, domains, dns=None, settings="", start=True):
        server = ConfiguredServer(self.folder, name, address, self.smtp_port, domains, dns, settings)
        self.addCleanup(lambda: server.process and server.stop())
        return server.start() if start else server

    def sink(self, address, script=lambda verb, line: None, tls=None):
        sink = Sink(address, self.smtp_port, script, tls)
        self.addCleanup(sink.stop)
        return sink

    def send(self, server, sender, recipient, *arguments, body="Do you like ketchup?\n", check=True):
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n")
        return command("send", "--server", f"{server.address}:{server.port('submission')}", "--user", sender, "--password-file", password, "--tls", "none",
                       "--from", sender, "--to", recipient, "--subject", "Pickle", "--body", body, *arguments, check=check)
