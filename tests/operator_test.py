"""What an operator relies on: a stop that is clean, a data directory that is ours and private, a configuration and certificates that are taken
over, a server that runs as its own user."""
import base64
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
import unittest

from certificates import Authority
from harness import ALICE, BINARY, LIMIT, Scenario, Server, Wire, command, eventually, messages, run

NOBODY = "nobody"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Stop(Scenario):
    def stop_in_time(self):
        """The contract: 0 within 5 seconds."""
        began = time.monotonic()
        self.assertEqual(self.server.stop(), 0, self.server.log_text()[-2000:])
        self.assertLess(time.monotonic() - began, 5)

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(LIMIT)
        client.connect(str(self.server.data / "control.sock"))
        return client

    def test_open_control_connections_do_not_hold_it_up(self):
        silent = [self.connect() for _ in range(6)]
        silent[0].sendall(b"{\"command\":")
        self.stop_in_time()
        self.assertNotIn("does not answer", self.server.log_text())

    def test_a_verify_that_reads_for_long_does_not_hold_it_up(self):
        blobs = self.server.data / "blobs" / "ab"
        blobs.mkdir(exist_ok=True)
        # Whoever opens it for reading waits for a writer that never comes: a very long read.
        os.mkfifo(blobs / ("ab" + "0" * 62))
        verify = subprocess.Popen([BINARY, "--data", self.server.data, "store", "verify"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        eventually(lambda: self.waits_in_open(), "the verification reads")
        self.stop_in_time()
        _, error = verify.communicate(timeout=LIMIT)
        self.assertEqual(verify.returncode, 1, error)
        self.assertIn("the server is stopping", error)
        os.unlink(blobs / ("ab" + "0" * 62))
        self.server.start()

    def waits_in_open(self):
        tasks = pathlib.Path(f"/proc/{self.server.process.pid}/task")
        return any("partner" in (task / "wchan").read_text() for task in tasks.iterdir())


class Descriptors(Scenario):
    server_runs = False

    def processor_time(self):
        fields = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_without_descriptors_administration_waits_and_takes_no_processor_time(self):
        self.server.start()
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (3, 4096))
        command = subprocess.Popen([BINARY, "--data", self.server.data, "domain", "list"], stdout=subprocess.PIPE, text=True)
        eventually(lambda: "control.accept_failed" in self.server.log_text(), "the control socket cannot accept")
        before = self.processor_time()
        with self.assertRaises(subprocess.TimeoutExpired):
            command.wait(2)
        self.assertLess(self.processor_time() - before, 0.3)
        self.assertEqual(self.server.log_text().count("control.accept_failed"), 1)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
        self.assertIn("example.test", command.communicate(timeout=LIMIT)[0])


class DataDirectory(Scenario):
    server_runs = False

    READS = (["account", "list"], ["account", "show", ALICE], ["domain", "list"], ["alias", "list"], ["queue", "list"], ["queue", "show", "x"],
             ["store", "verify"], ["store", "stats"], ["mailbox", "list", ALICE])

    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"

    def status(self, *arguments, **options):
        return command("--data", self.data, *arguments, check=False, **options).returncode

    def test_where_there_is_no_store_none_is_made(self):
        for case in ("missing", "empty", "foreign"):
            self.data = self.folder / case
            if case != "missing":
                self.data.mkdir(mode=0o755)
            if case == "foreign":
                (self.data / "thesis.tex").write_text("x")
            before = [(p, mode(p)) for p in sorted(self.folder.rglob("*"))]
            for arguments in self.READS + (["store", "sweep"], ["account", "rm", ALICE], ["queue", "retry", "--all"]):
                self.assertEqual(self.status(*arguments), 3, (case, arguments))
            self.assertEqual(self.status("account", "add", ALICE, input="secret\n"), 3)
            self.assertEqual(before, [(p, mode(p)) for p in sorted(self.folder.rglob("*"))], case)

    def test_somebody_elses_folder_is_refused(self):
        self.data.mkdir(mode=0o755)
        (self.data / "thesis.tex").write_text("x")
        for arguments in (["domain", "add", "example.test"], ["serve", "--dev", "--port-base", str(Server(self.data).base)]):
            done = command("--data", self.data, *arguments, check=False)
            self.assertEqual(done.returncode, 7, done.stderr)
            self.assertIn("thesis.tex", done.stderr)
        self.assertEqual(mode(self.data), 0o755)
        self.assertEqual(os.listdir(self.data), ["thesis.tex"])

    def test_the_first_domain_makes_a_store(self):
        for case in ("missing", "empty"):
            self.data = self.folder / case
            if case == "empty":
                self.data.mkdir()
            self.assertEqual(self.status("domain", "add", "example.test"), 0)
            self.assertEqual(self.status("account", "add", ALICE, input="secret\n"), 0)
            self.assertEqual(self.status("account", "show", ALICE), 0)
        self.assertEqual(mode(self.folder / "missing"), 0o700)

    def test_everything_in_it_is_for_its_owner_only(self):
        self.server.start()
        with Wire(self.server.port("lmtp")) as lmtp:
            lmtp.reply()
            lmtp.ask("LHLO x\r\n")
            lmtp.ask("MAIL FROM:<>\r\n")
            lmtp.ask(f"RCPT TO:<{ALICE}>\r\n")
            lmtp.ask("DATA\r\n")
            self.assertTrue(lmtp.ask("X: y\r\n\r\n" + ("z" * 900 + "\r\n") * 200 + ".\r\n").startswith(b"250"))
        found = list(self.server.data.rglob("*"))
        self.assertTrue(any(p.is_file() and p.parent.parent.name == "blobs" for p in found), found)
        self.assertEqual(self.open_to_others(), [])
        self.server.stop()
        self.server.command("domain", "add", "second.test")
        self.assertEqual(self.open_to_others(), [])

    def open_to_others(self):
        """The certificate may be; every client gets it."""
        return [p for p in self.server.data.rglob("*") if mode(p) & 0o077 and p.name != "dev-certificate.pem"]

    def test_others_are_shut_out_before_it_starts(self):
        self.server.start()
        self.server.stop()
        self.server.data.chmod(0o755)
        self.server.start()
        self.assertEqual(mode(self.server.data), 0o700)


class Configured(Server):
    """A server with a configuration of its own, as in production, on ports from its base."""

    def __init__(self, folder, data, text, user=NOBODY, hosts=("127.0.0.1",)):
        super().__init__(data)
        self.file = folder / "p.toml"
        listeners = {name: str([f"{host}:{self.port(name)}" for host in hosts]).replace("'", '"') for name in ("smtp", "submission", "pop3")}
        self.file.write_text(f"[server]\nhostname = \"mail.example.test\"\ndata = \"{self.data}\"\nuser = \"{user}\"\n[listen]\n" +
                             "".join(f"{name} = {value}\n" for name, value in listeners.items()) + "submissions = []\npop3s = []\n" + text)

    def command_line(self):
        return ["--config", self.file, "serve"]

    def command(self, *arguments, check=True, **options):
        return command("--config", self.file, *arguments, check=check, **options)


class ConfigurationFile(Scenario):
    """What a configuration file says is what the server does."""

    server_runs = False

    def start(self, text, **options):
        self.server = Configured(self.folder, self.folder / "data", text, user="", **options)
        self.server.command("domain", "add", "example.test")
        self.server.command("account", "add", ALICE, input="packetboat\n")
        self.server.start()

    def connect(self, service, host="127.0.0.1"):
        wire = Wire(self.server.port(service), host)
        self.addCleanup(wire.close)
        return wire

    def send_bare_newlines(self, service, recipient=ALICE):
        wire = self.connect(service)
        wire.reply()
        wire.ask("EHLO client.example\r\n")
        if service == "submission":
            login = base64.b64encode(f"\0{ALICE}\0packetboat".encode()).decode()
            self.assertTrue(wire.ask(f"AUTH PLAIN {login}\r\n").startswith(b"235 "))
        wire.ask(f"MAIL FROM:<{ALICE}>\r\n")
        self.assertTrue(wire.ask(f"RCPT TO:<{recipient}>\r\n").startswith(b"250 "))
        self.assertTrue(wire.ask("DATA\r\n").startswith(b"354 "))
        return wire.ask("Subject: x\n\none\rtwo\n\r\n.\r\n")

    CHEAP = "[auth]\nplain_text = true\nhash_memory_kib = 8\nhash_passes = 1\nscram_iterations = 4096\n"

    def test_bare_newlines_are_taken_on_submission_alone_and_only_where_it_says_so(self):
        self.start(self.CHEAP + "[smtp]\naccept_bare_newlines = true\n")
        self.assertTrue(self.send_bare_newlines("submission").startswith(b"250 2.0.0 "))
        self.assertTrue(self.send_bare_newlines("smtp").startswith(b"554 5.6.0 "))
        [message] = messages(self.server)
        self.assertTrue(message.endswith(b"\r\n\r\none\r\ntwo\r\n\r\n"), message)
        # Taken back while it runs: sessions that begin from then on know of it.
        self.server.file.write_text(self.server.file.read_text().replace("accept_bare_newlines = true", "accept_bare_newlines = false"))
        self.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "server.reloaded" in self.server.log_text(), "the file is read again")
        self.assertTrue(self.send_bare_newlines("submission").startswith(b"554 5.6.0 "))

    def test_a_service_has_one_limit_of_connections_for_all_its_addresses(self):
        self.start("connections_max = 2\n", hosts=("127.0.0.1", "127.0.0.2"))
        for host in ("127.0.0.1", "127.0.0.2"):
            self.assertTrue(self.connect("smtp", host).line().startswith(b"220 "))
            self.assertTrue(self.connect("pop3", host).line().startswith(b"+OK "))
        for host in ("127.0.0.1", "127.0.0.2"):
            self.assertTrue(self.connect("smtp", host).line().startswith(b"421 4.7.0 "))
            self.assertTrue(self.connect("pop3", host).line().startswith(b"-ERR [SYS/TEMP] "))
        self.assertTrue(self.connect("submission").line().startswith(b"220 "))

    def test_all_services_together_have_one_as_well(self):
        self.start("connections_in_all_max = 2\n")
        self.assertTrue(self.connect("smtp").line().startswith(b"220 "))
        self.assertTrue(self.connect("pop3").line().startswith(b"+OK "))
        self.assertTrue(self.connect("submission").line().startswith(b"421 4.7.0 "))

    def test_who_is_silent_for_too_long_is_sent_away(self):
        self.start("[smtp]\nidle_timeout = \"1 s\"\n[pop3]\nidle_timeout = \"1 s\"\n")
        smtp, pop3 = self.connect("smtp"), self.connect("pop3")
        self.assertTrue(smtp.line().startswith(b"220 "))
        self.assertTrue(smtp.line().startswith(b"421 4.4.2 "))
        self.assertEqual(smtp.line(), b"")
        self.assertTrue(pop3.line().startswith(b"+OK "))
        self.assertEqual(pop3.line(), b"")  # RFC 1939 §3: without a word

    def test_a_session_that_lasts_too_long_is_ended(self):
        self.start("[smtp]\nsession_timeout = \"1 s\"\n")
        smtp = self.connect("smtp")
        smtp.reply()
        self.assertTrue(smtp.ask("NOOP\r\n").startswith(b"250 "))
        self.assertTrue(smtp.line().startswith(b"421 4.4.2 "))
        self.assertEqual(smtp.line(), b"")

    def test_the_limits_of_a_message_hold(self):
        self.start(self.CHEAP + "[smtp]\nmessage_max = \"64 KiB\"\nrecipients_max = 100\nplaces_max = 100\n[addresses]\nalias_targets_max = 100\n")
        smtp = self.connect("smtp")
        smtp.reply()
        greeting = smtp.ask("EHLO client.example\r\n")
        self.assertIn(b"SIZE 65536\r\n", greeting)
        self.assertIn(b"RCPTMAX=100\r\n", greeting)
        self.assertTrue(smtp.ask("MAIL FROM:<a@b.example> SIZE=65537\r\n").startswith(b"552 5.3.4 "))
        self.assertTrue(smtp.ask("MAIL FROM:<a@b.example>\r\n").startswith(b"250 "))
        for _ in range(100):
            self.assertTrue(smtp.ask(f"RCPT TO:<{ALICE}>\r\n").startswith(b"250 "))
        self.assertTrue(smtp.ask(f"RCPT TO:<{ALICE}>\r\n").startswith(b"452 4.5.3 "))

    def test_a_long_alias_to_elsewhere_is_queued_whole(self):
        self.start(self.CHEAP + "[smtp]\nplaces_max = 2500\n[addresses]\nalias_targets_max = 2000\n[dns]\nservers = [\"127.0.0.1:9\"]\n")
        self.server.command("alias", "add", "many@example.test", *(f"u{n}@elsewhere.example" for n in range(2000)))
        self.assertTrue(self.send("many@example.test").startswith(b"250 2.0.0 "))
        # Beside it there may be what its sender is told of the alias.
        sizes = [len(entry["recipients"]) for entry in json.loads(self.server.command("--json", "queue", "list", "--destination", "elsewhere.example").stdout)]
        self.assertEqual(sizes, [2000])

    def send(self, recipient):
        smtp = self.connect("smtp")
        smtp.reply()
        smtp.ask("EHLO client.example\r\n")
        smtp.ask("MAIL FROM:<a@b.example> SIZE=10\r\n")
        self.assertTrue(smtp.ask(f"RCPT TO:<{recipient}> NOTIFY=SUCCESS\r\n").startswith(b"250 "))
        self.assertTrue(smtp.ask("DATA\r\n").startswith(b"354 "))
        return smtp.ask("Subject: x\r\n\r\nx\r\n.\r\n")


class Renewal(Scenario):
    def served(self, service, authority):
        """The serial number of the certificate shown there; it must be of this authority."""
        context = ssl.create_default_context(cafile=authority.file)
        with socket.create_connection(("127.0.0.1", self.server.port(service)), timeout=LIMIT) as plain:
            with context.wrap_socket(plain, server_hostname="mail.example.test") as tls:
                return tls.getpeercert()["serialNumber"]

    def install(self, certificate, key):
        # As renewal programs do it: the new files take the places of the old ones.
        for new, name in ((key, "dev-key.pem"), (certificate, "dev-certificate.pem")):
            beside = self.server.data / (name + ".new")
            shutil.copy(new, beside)
            beside.chmod(0o600)
            beside.replace(self.server.data / name)
        self.server.process.send_signal(signal.SIGHUP)

    def test_a_renewed_certificate_is_taken_over_and_nobody_is_disturbed(self):
        authority = Authority(self.folder)
        session = Wire(self.server.port("submission"))
        self.addCleanup(session.close)
        session.reply()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.served("submissions", authority)  # the try-out server's own
        seen = set()
        for _ in range(2):
            certificate, key = authority.issue("mail.example.test")
            serial = run("openssl", "x509", "-in", certificate, "-noout", "-serial").strip().removeprefix("serial=")
            self.install(certificate, key)

            def taken_over():
                try:
                    return {self.served("submissions", authority), self.served("pop3s", authority)} == {serial}
                except ssl.SSLCertVerificationError:
                    return False

            eventually(taken_over, "the new certificate is shown")
            seen.add(serial)
        self.assertEqual(len(seen), 2)
        self.assertNotIn("tls.reload_failed", self.server.log_text())
        # A session that began before goes on, and its TLS begins with the new one.
        self.assertTrue(session.ask("EHLO client.example\r\n").startswith(b"250-"))
        self.assertTrue(session.ask("STARTTLS\r\n").startswith(b"220 "))
        with ssl.create_default_context(cafile=authority.file).wrap_socket(session.socket, server_hostname="mail.example.test") as tls:
            self.assertEqual(tls.getpeercert()["serialNumber"], serial)


@unittest.skipUnless(os.geteuid() == 0, "only root can start a server that becomes somebody else")
class OwnUser(Scenario):
    server_runs = False

    def setUp(self):
        super().setUp()
        self.uid = pwd.getpwnam(NOBODY).pw_uid
        self.folder.chmod(0o755)
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.log_file = self.logs / "packetboat.log"

    def configure(self, text=""):
        self.server = Configured(self.folder, self.folder / "data", f"[log]\nfile = \"{self.log_file}\"\n" + text)

    def logged(self, text):
        return lambda: any(text in p.read_text() for p in self.logs.iterdir())

    def certificate(self, name):
        made = [self.folder / f"{name}.pem", self.folder / f"{name}.key"]
        with_certificate = Server(self.folder / name)
        with_certificate.start()
        with_certificate.stop()
        shutil.copy(with_certificate.data / "dev-certificate.pem", made[0])
        shutil.copy(with_certificate.data / "dev-key.pem", made[1])
        return made

    def test_administration_as_root_may_come_before_the_first_start(self):
        for empty in (False, True):
            self.configure()
            if empty:
                self.server.data.mkdir()
            self.server.command("domain", "add", "example.test")
            self.server.command("account", "add", ALICE, input="secret\n")
            self.assertEqual({p.stat().st_uid for p in (self.server.data, *self.server.data.rglob("*"))}, {self.uid})
            self.server.start()
            self.server.command("account", "list")
            self.assertEqual(self.server.stop(), 0)
            self.server.command("store", "verify")
            shutil.rmtree(self.server.data)

    def test_the_server_may_come_first(self):
        self.configure()
        self.server.start()
        self.assertRegex(pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text(), rf"(?m)^Uid:\s+{self.uid}\s+{self.uid}\s")
        self.server.command("domain", "add", "example.test")
        self.assertEqual({p.stat().st_uid for p in (self.server.data, *self.server.data.rglob("*"))}, {self.uid})

    def test_a_store_that_root_made_is_named_with_the_remedy(self):
        self.configure()
        self.server.start()
        self.server.stop()
        os.chown(self.server.data / "lock", 0, 0)
        done = self.server.command("serve", check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn(f"chown -R {NOBODY} {self.server.data}", done.stderr)

    def test_a_large_import_goes_on_as_the_servers_user(self):
        self.configure("[auth]\nhash_memory_kib = 8\nhash_passes = 1\nscram_iterations = 4096\n")
        self.server.file.chmod(0o600)
        self.server.command("domain", "add", "example.test")
        people = self.folder / "people.txt"
        people.write_text("".join(f"u{n}@example.test secret\n" for n in range(501)))
        people.chmod(0o600)
        self.assertIn("501", self.server.command("account", "import", people).stdout)

    def test_the_log_can_be_rotated(self):
        self.configure()
        self.server.start()
        self.assertEqual(self.log_file.stat().st_uid, self.uid)
        # As logrotate does it with "create 0600 nobody".
        self.log_file.rename(self.logs / "old")
        self.log_file.touch(mode=0o600)
        os.chown(self.log_file, self.uid, -1)
        self.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "server.reloaded" in self.log_file.read_text(), "the new file is written")

    def test_a_rotation_that_leaves_no_file_it_can_open_is_an_error_in_the_old_one(self):
        self.configure()
        self.server.start()
        self.log_file.rename(self.logs / "old")
        self.server.process.send_signal(signal.SIGHUP)
        eventually(self.logged("event=log.reopen_failed"), "the error is in the old file")
        eventually(self.logged("event=server.reloaded"), "and so is what follows")

    def test_a_key_that_only_root_can_read_is_warned_of_at_the_start_and_at_every_try(self):
        certificate, key = self.certificate("one")
        key.chmod(0o600)
        certificate.chmod(0o644)
        self.configure(f"[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
        self.server.start()
        eventually(self.logged("event=tls.not_readable"), "the warning")
        line = re.search(r".*tls\.not_readable.*", self.log_file.read_text())[0]
        self.assertIn(str(key), line)
        self.assertIn(f"let the user {NOBODY} read", line)
        os.utime(key)
        errors = lambda: self.log_file.read_text().count("level=error event=tls.reload_failed")
        for _ in range(3):
            before = errors()
            self.server.process.send_signal(signal.SIGHUP)
            eventually(lambda: errors() > before, "one more error")

    def test_a_folder_that_others_can_read_and_that_is_not_ours_to_close_is_refused(self):
        self.configure()
        self.server.data.mkdir()
        self.server.data.chmod(0o777)
        try:
            done = subprocess.run([BINARY, "--data", self.server.data, "serve", "--dev", "--port-base", str(self.server.base)],
                                  capture_output=True, text=True, timeout=LIMIT, user=NOBODY)
        except PermissionError:
            self.skipTest("nobody may not run the binary")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn(f"chmod 700 {self.server.data}", done.stderr)
        self.assertEqual(os.listdir(self.server.data), [])


if __name__ == "__main__":
    unittest.main()
