"""packetboat send, login and sendmail: the real binary against the try-out server, and against servers that misbehave."""
import contextlib
import email
import email.policy
import json
import os
import pathlib
import pty
import select
import socket
import stat
import subprocess
import threading
import unittest

from harness import ALICE, BINARY, BOB, LIMIT, PASSWORD, Scenario, command, messages

# A JPEG as far as any program looks at it, with every byte in it, and what breaks careless encoders: CRLF, dots, "From ", NUL.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(range(256)) * 40 + b"\r\n.\r\nFrom me\r\n\0\n" + bytes.fromhex("ffd9")


class Client(Scenario):
    """Somebody with a folder of settings of their own."""

    def setUp(self):
        super().setUp()
        self.environment = {**os.environ, "XDG_CONFIG_HOME": str(self.folder / "config"), "TMPDIR": str(self.folder)}
        self.environment.pop("VISUAL", None)
        self.password_file = self.folder / "password"
        self.password_file.write_text(PASSWORD + "\n")

    def address(self, service="submission"):
        return f"127.0.0.1:{self.server.port(service)}"

    def packetboat(self, *arguments, status=0, **options):
        options.setdefault("input", "")
        done = command(*arguments, check=False, env=self.environment, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def send(self, *arguments, server=None, sender=ALICE, password_file=None, **options):
        return self.packetboat("send", "--server", server or self.address(), "--user", ALICE, "--password-file", password_file or self.password_file,
                               "--insecure", "--from", sender, *arguments, **options)

    def received(self, user=BOB):
        return [email.message_from_bytes(m, policy=email.policy.default) for m in messages(self.server, user)]

    def login(self, *arguments, name="test", **options):
        return self.packetboat("login", "add", name, "--server", self.address(), "--user", ALICE, "--insecure", *arguments,
                               input=PASSWORD + "\n", **options)

    def sendmail(self, *arguments, text=b"", status=0):
        done = subprocess.run([BINARY, "sendmail", *arguments], input=text if isinstance(text, bytes) else text.encode(), capture_output=True,
                              timeout=LIMIT, env=self.environment)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Send(Client):
    def test_a_letter_with_a_picture_arrives_as_it_was(self):
        picture = self.folder / "grüße.jpg"
        picture.write_bytes(JPEG)
        self.send("--to", "Bob Ü <bob@example.test>", "--subject", "Grüße aus Köln 🚢",
                  "--body", "Schöne Grüße\n.\nEnde\n", "--attach", picture, sender='"Älice \\"A.\\" Example" <alice@example.test>')
        [letter] = self.received()
        self.assertEqual(letter["Subject"], "Grüße aus Köln 🚢")
        self.assertEqual(letter["From"].addresses[0].display_name, 'Älice "A." Example')
        self.assertEqual(letter["To"].addresses[0].display_name, "Bob Ü")
        self.assertEqual(letter["To"].addresses[0].addr_spec, BOB)
        self.assertIn(ALICE, str(letter["Return-Path"]))
        self.assertTrue(letter["Date"].datetime and letter["Message-ID"])
        self.assertIn("ESMTPSA", str(letter["Received"]))
        self.assertEqual(letter.get_body().get_content().replace("\r\n", "\n"), "Schöne Grüße\n.\nEnde\n")
        [attached] = letter.iter_attachments()
        self.assertEqual(attached.get_filename(), "grüße.jpg")
        self.assertEqual(attached.get_content_type(), "image/jpeg")
        self.assertEqual(attached.get_content(), JPEG)

    def test_each_way_to_encrypt(self):
        self.send("--to", BOB, "--tls", "starttls", "--body", "x")
        self.send("--to", BOB, "--tls", "implicit", "--body", "x", server=self.address("submissions"))
        self.send("--to", BOB, "--tls", "none", "--body", "x")
        self.assertEqual(["ESMTPSA" in str(m["Received"]) for m in self.received()], [True, True, False])

    def test_a_certificate_is_looked_at(self):
        for tls, service in (("starttls", "submission"), ("implicit", "submissions")):
            done = self.packetboat("send", "--server", self.address(service), "--user", ALICE, "--password-file", self.password_file, "--tls", tls,
                                   "--to", BOB, "--body", "x", status=4)
            self.assertIn("--insecure", done.stderr)
        self.assertEqual(self.received(), [])

    def test_standard_input_copies_fields_and_html(self):
        self.send("--to", BOB, "--cc", "admin@example.test", "--bcc", ALICE, "--header", "X-Ship: Packet", "--in-reply-to", "<1@example.test>",
                  input="a table\n  1  2\t \nend")
        [letter] = self.received()
        self.assertEqual(letter["X-Ship"], "Packet")
        self.assertEqual(letter["In-Reply-To"], "<1@example.test>")
        self.assertEqual(letter["References"], "<1@example.test>")
        self.assertEqual(letter.get_content().rstrip("\r\n").replace("\r\n", "\n"), "a table\n  1  2\t \nend")
        self.assertIsNone(letter["Bcc"])
        self.assertEqual(len(self.received(ALICE)), 1)
        self.assertNotIn("Bcc", self.received(ALICE)[0])
        page = self.folder / "page.html"
        page.write_text("<h1>Ahoy</h1><p>Grüße</p>")
        self.send("--to", BOB, "--html", page)
        letter = self.received()[1]
        self.assertEqual(letter.get_content_type(), "multipart/alternative")
        self.assertIn("Grüße", letter.get_body(("plain",)).get_content())
        self.assertIn("<h1>Ahoy</h1>", letter.get_body(("html",)).get_content())

    def test_hostile_subjects_and_names_stay_what_they_are(self):
        evil = "x\r\nBcc: eve@example.test\r\n\r\nbody"
        names = ['"; filename="evil.exe', "a\nb.txt", "\x1b[31mred.txt", "=?utf-8?Q?x?=.txt", "[a,b].txt", "\u202egpj.exe", "a;b=c.txt", "n" * 200 + ".txt"]
        for name in names:
            (self.folder / name).write_bytes(name.encode())
        self.send("--to", BOB, "--subject", evil, "--body", "x", *(x for name in names for x in ("--attach", self.folder / name)))
        [letter] = self.received()
        self.assertIsNone(letter["Bcc"])
        self.assertNotIn("\n", letter["Subject"])
        attached = list(letter.iter_attachments())
        self.assertEqual(len(attached), len(names))
        for part, name in zip(attached, names):
            content = part.get_content()
            self.assertEqual(content if isinstance(content, bytes) else content.encode(), name.encode())
            self.assertNotIn("\n", part.get_filename())
            self.assertNotIn("\x1b", part.get_filename())
        self.assertEqual(attached[0].get_filename(), names[0])
        for bad in ("bob@example.test\r\nBcc: eve@example.test", "bob", "<bob@example.test> NOTIFY=NEVER", ""):
            self.send("--to", bad, "--body", "x", status=2)
        for bad in ("X: a\nBcc: eve@example.test", "Bcc: eve@example.test", "Content-Type: text/html", "X Y: z", "nothing"):
            self.send("--to", BOB, "--body", "x", "--header", bad, status=2)

    def test_smtputf8(self):
        self.server.command("account", "add", "jürgen@example.test", input="secret\n")
        done = self.send("--json", "--to", "Jürgen <jürgen@example.test>", "--body", "x")
        self.assertEqual(json.loads(done.stdout)["recipients"][0]["result"], "accepted")

    def test_exit_statuses(self):
        wrong = self.folder / "wrong"
        wrong.write_text("wrong\n")
        self.send("--to", BOB, "--body", "x", password_file=wrong, status=4)
        done = self.send("--to", "nobody@example.test", "--body", "x", status=9)
        self.assertIn("nobody@example.test: refused", done.stderr)
        self.assertIn("5.1.1", done.stderr)
        done = self.send("--json", "--to", f"{BOB}, nobody@example.test", "--body", "x", status=11)
        document = json.loads(done.stdout)
        self.assertEqual([(r["address"], r["result"], r["code"]) for r in document["recipients"]],
                         [(BOB, "accepted", 250), ("nobody@example.test", "refused", 550)])
        self.assertEqual((document["exit"], document["result"]), (11, "partly accepted"))
        self.assertTrue(document["tls"].startswith("TLSv1"))
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))  # and it does not listen
            self.send("--to", BOB, "--body", "x", server="127.0.0.1:%d" % taken.getsockname()[1], status=5)
        self.send("--to", BOB, "--body", "x", server="no-such-host.invalid:587", status=5)
        self.send("--to", BOB, "--body", "x", server="a b", status=2)
        self.send("--body", "x", status=2)
        self.send("--to", BOB, "--attach", self.folder / "missing", "--body", "x", status=3)
        self.send("--to", BOB, "--attach", self.folder, "--body", "x", status=2)
        self.send("--to", BOB, "--body", "x", "--notify", "sometimes", status=2)
        done = self.packetboat("--json", "send", "--server", "127.0.0.1:1", "--to", BOB, "--body", "x", "--from", ALICE, status=5)
        self.assertEqual(json.loads(done.stdout)["exit"], 5)

    def test_a_dry_run_asks_nobody(self):
        done = self.packetboat("send", "--from", ALICE, "--to", BOB, "--subject", "ü", "--body", "text", "--dry-run", "--server", "127.0.0.1:1")
        letter = email.message_from_string(done.stdout, policy=email.policy.default)
        self.assertEqual((letter["Subject"], letter["To"]), ("ü", BOB))

    def test_a_large_file_with_a_bar_on_a_terminal_and_none_elsewhere(self):
        big = self.folder / "big.bin"
        big.write_bytes(os.urandom(1 << 16) * 128)
        for quiet, expected in (((), True), (("--quiet",), False)):
            ours, theirs = pty.openpty()
            arguments = [BINARY, "send", "--server", self.address(), "--user", ALICE, "--password-file", self.password_file, "--insecure", "--to", BOB,
                         "--body", "x", "--attach", big, *quiet]
            with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, env=self.environment) as process:
                os.close(theirs)
                shown = read_terminal(ours)
                self.assertEqual(process.wait(LIMIT), 0, shown)
            self.assertEqual(b"%" in shown, expected, shown)
        self.assertEqual(self.send("--to", BOB, "--body", "x", "--attach", big).stderr, "")
        for letter in self.received():
            [attached] = letter.iter_attachments()
            self.assertTrue(attached.get_content() == big.read_bytes())

    def test_the_editor_on_a_terminal(self):
        editor = self.folder / "editor"
        editor.write_text("#!/bin/sh\nsed -i -e 's/^Subject:.*/Subject: from the editor/' -e 's/^To:.*/To: bob@example.test/' \"$1\"\necho Ahoy >> \"$1\"\n")
        editor.chmod(0o755)
        for program, status in ((editor, 0), ("true", 1)):
            ours, theirs = pty.openpty()
            done = subprocess.run([BINARY, "send", "--server", self.address(), "--user", ALICE, "--password-file", self.password_file, "--insecure"],
                                  stdin=theirs, capture_output=True, timeout=LIMIT, env={**self.environment, "EDITOR": str(program)})
            os.close(theirs)
            os.close(ours)
            self.assertEqual(done.returncode, status, done.stderr)
        # Without anybody to send it to, and a server that refuses everything: it is not thrown away.
        nobody = self.folder / "nobody"
        nobody.write_text("#!/bin/sh\necho an hour of work >> \"$1\"\n")
        nobody.chmod(0o755)
        for arguments, status in (((), 2), (("--to", "nobody@example.test"), 9)):
            ours, theirs = pty.openpty()
            done = subprocess.run([BINARY, "send", "--server", self.address(), "--user", ALICE, "--password-file", self.password_file, "--insecure", *arguments],
                                  stdin=theirs, capture_output=True, text=True, timeout=LIMIT, env={**self.environment, "EDITOR": str(nobody)})
            os.close(theirs)
            os.close(ours)
            self.assertEqual(done.returncode, status, done.stderr)
            kept = pathlib.Path(done.stderr.split("the text is kept in ")[1].strip())
            self.assertTrue(kept.read_text().endswith("an hour of work\n"))
            kept.unlink()
        [letter] = self.received()
        self.assertEqual(letter["Subject"], "from the editor")
        self.assertEqual(letter.get_content().strip(), "Ahoy")
        self.assertEqual([p for p in self.folder.iterdir() if p.name.startswith("packetboat-")], [], "no draft is left lying about")


def read_terminal(descriptor):
    """Everything up to its end."""
    shown = b""
    with contextlib.suppress(OSError):  # EIO is a terminal's end
        while select.select([descriptor], [], [], LIMIT)[0]:
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            shown += piece
    os.close(descriptor)
    return shown


class Fake:
    """A server that says what it is told to; by verb, and 250 otherwise."""

    def __init__(self, greeting="220 fake ESMTP", ehlo="250-fake\r\n250-DSN\r\n250 8BITMIME", **answers):
        self.answers = {"greeting": greeting, "EHLO": ehlo, "DATA": "354 go", "QUIT": "221 bye", **answers}
        self.commands = []
        self.data = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rb") as lines:
                if self.answers["greeting"] is None:
                    lines.read()
                    return
                connection.sendall(self.answers["greeting"].encode() + b"\r\n")
                for line in lines:
                    self.commands.append(line.decode(errors="replace").rstrip("\r\n"))
                    verb = self.commands[-1].split()[0].upper()
                    answer = self.answers.get(verb, "250 ok")
                    if answer is None:
                        return
                    connection.sendall(answer.encode() + b"\r\n")
                    if verb == "DATA" and answer.startswith("354"):
                        while (text := lines.readline()) not in (b".\r\n", b""):
                            self.data += text
                        if self.answers.get("end", "250 ok") is None:
                            return
                        connection.sendall(self.answers.get("end", "250 ok").encode() + b"\r\n")


class OddServers(Client):
    server_runs = False

    def with_fake(self, *arguments, status=0, fake):
        with fake:
            return self.packetboat("--json", "send", "--server", fake.address, "--from", ALICE, "--to", BOB, "--body", "x", "--timeout", "2", *arguments,
                                   status=status)

    def test_what_each_answer_means(self):
        cases = [
            (dict(greeting="554 no service"), 9), (dict(greeting="421 later"), 10), (dict(greeting=None), 6), (dict(greeting="hello"), 1),
            (dict(MAIL="451 later"), 10), (dict(RCPT="550 5.1.1 no"), 9), (dict(MAIL="530 5.7.0 log in"), 4), (dict(DATA="451 later"), 10),
            (dict(end="554 5.6.0 no"), 9), (dict(end="552 5.3.4 too big"), 8), (dict(end=None), 5), (dict(RCPT=None), 5),
            (dict(ehlo="250-fake\r\n250 SIZE 10"), 8),
        ]
        for answers, status in cases:
            with self.subTest(answers):
                self.with_fake(status=status, fake=Fake(**answers))

    def test_the_connection_breaks_before_the_last_answer(self):
        done = self.with_fake(status=5, fake=Fake(end=None))
        self.assertTrue(json.loads(done.stdout)["in_doubt"])
        self.assertIn("may have been accepted", done.stderr)

    def test_a_servers_words_cannot_steer_the_terminal(self):
        done = self.with_fake(status=9, fake=Fake(RCPT="550 5.1.1 \x1b]0;evil\x07\u202e no"))
        self.assertNotIn("\x1b", done.stderr + done.stdout)
        self.assertNotIn("\u202e", done.stderr)

    def test_notifications(self):
        fake = Fake()
        self.with_fake("--notify", "success,delay", "--ret", "hdrs", "--envid", "a b", fake=fake)
        self.assertTrue(any("RET=HDRS" in c and "ENVID=a+20b" in c for c in fake.commands if c.startswith("MAIL")), fake.commands)
        self.assertTrue(any("NOTIFY=SUCCESS,DELAY" in c and "ORCPT=rfc822;bob@example.test" in c for c in fake.commands), fake.commands)
        fake = Fake(ehlo="250 fake")
        done = self.with_fake("--notify", "never", fake=fake)
        self.assertIn("notifications", done.stderr)
        self.assertFalse(any("NOTIFY" in c for c in fake.commands))

    def test_domains_of_other_alphabets(self):
        """An address with an ASCII local part needs no SMTPUTF8, and one with another does."""
        for ehlo in ("250-fake\r\n250 8BITMIME", "250-fake\r\n250-8BITMIME\r\n250 SMTPUTF8"):
            fake = Fake(ehlo=ehlo)
            with fake:
                done = self.packetboat("--json", "send", "--server", fake.address, "--from", "Älice <alice@älter.example>", "--to", "Bob <bob@bücher.example>",
                                       "--bcc", "carol@straße.example", "--body", "x", "--timeout", "2")
            self.assertEqual([r["address"] for r in json.loads(done.stdout)["recipients"]], ["bob@xn--bcher-kva.example", "carol@xn--strae-oqa.example"])
            said = [c for c in fake.commands if c.startswith(("MAIL", "RCPT"))]
            self.assertEqual([c.split()[1] for c in said],
                             ["FROM:<alice@xn--lter-koa.example>", "TO:<bob@xn--bcher-kva.example>", "TO:<carol@xn--strae-oqa.example>"])
            self.assertNotIn("SMTPUTF8", said[0])
            letter = email.message_from_bytes(fake.data, policy=email.policy.default)
            self.assertEqual(str(letter["To"]), "Bob <bob@xn--bcher-kva.example>")
            self.assertEqual(letter["From"].addresses[0].display_name, "Älice")
            self.assertTrue(fake.data.isascii())
        fake = Fake()
        done = self.with_fake("--cc", "jürgen@bücher.example", status=9, fake=fake)
        self.assertIn("SMTPUTF8", json.loads(done.stdout)["error"])
        self.assertFalse(any(c.startswith("MAIL") for c in fake.commands), "half of a message's recipients do not get a header that breaks the rules")
        fake = Fake(ehlo="250-fake\r\n250-8BITMIME\r\n250 SMTPUTF8")
        self.with_fake("--cc", "jürgen@bücher.example", fake=fake)
        self.assertTrue(any(c.startswith("MAIL") and "SMTPUTF8" in c for c in fake.commands))
        self.assertIn("RCPT TO:<jürgen@bücher.example>", [c.split(" NOTIFY")[0] for c in fake.commands])
        self.assertIn("Cc: jürgen@bücher.example\r\n".encode(), fake.data)
        done = self.packetboat("send", "--server", "127.0.0.1:1", "--from", ALICE, "--to", "bob@-ü.example", "--body", "x", status=2)
        self.assertIn("bob@-ü.example", done.stderr)

    def test_a_password_does_not_go_where_nobody_encrypts(self):
        for tls in ("starttls", "implicit"):
            fake = Fake(ehlo="250-fake\r\n250 AUTH PLAIN")
            with fake:
                done = command("send", "--server", fake.address, "--user", ALICE, "--password-file", self.password_file, "--tls", tls, "--from", ALICE,
                               "--to", BOB, "--body", "x", "--timeout", "2", check=False, env=self.environment, input="")
            self.assertIn(done.returncode, (4, 5, 6), done.stderr)
            self.assertFalse(any(c.startswith("AUTH") for c in fake.commands))


class Logins(Client):
    def file(self):
        return self.folder / "config/packetboat/login.toml"

    def test_saved_shown_used_and_forgotten(self):
        self.login("--from", "Alice <alice@example.test>", "--pop3", self.address("pop3"))
        self.assertEqual(stat.S_IMODE(self.file().stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.file().parent.stat().st_mode), 0o700)
        for arguments in (("list",), ("show", "test"), ("--json", "list"), ("show", "test", "--json")):
            done = self.packetboat("login", *arguments)
            self.assertIn(ALICE, done.stdout)
            self.assertNotIn(f'"{PASSWORD}"', done.stdout)
            self.assertNotIn(f" {PASSWORD}\n", done.stdout)
        self.packetboat("send", "--to", BOB, "--subject", "saved", "--body", "x")
        [letter] = self.received()
        self.assertEqual(letter["From"].addresses[0].display_name, "Alice")
        self.packetboat("login", "rm", "test")
        self.packetboat("login", "show", "test", status=3)
        self.packetboat("login", "rm", "test", status=3)
        self.packetboat("send", "--login", "test", "--to", BOB, "--body", "x", status=3)

    def test_the_password_of_a_command(self):
        self.login("--password-command", f"cat {self.password_file}", name="command")
        self.assertNotIn(f'"{PASSWORD}"', self.file().read_text())
        self.packetboat("send", "--to", BOB, "--body", "x")
        self.password_file.write_text("wrong\n")
        self.packetboat("send", "--to", BOB, "--body", "x", status=4)
        self.password_file.unlink()
        self.packetboat("send", "--to", BOB, "--body", "x", status=4)

    def test_a_file_that_others_can_read_is_refused(self):
        self.login()
        self.file().chmod(0o640)
        done = self.packetboat("send", "--to", BOB, "--body", "x", status=4)
        self.assertIn("chmod 600", done.stderr)
        self.packetboat("login", "list", status=4)

    def test_nobody_is_asked_where_there_is_no_terminal(self):
        done = subprocess.run([BINARY, "send", "--server", self.address(), "--user", ALICE, "--insecure", "--to", BOB, "--body", "x"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, env=self.environment, start_new_session=True)
        self.assertEqual(done.returncode, 4, done.stderr)


class Sendmail(Client):
    def setUp(self):
        super().setUp()
        self.login()

    def test_as_cron_calls_it(self):
        self.server.command("account", "add", "root@example.test", input="secret\n")
        text = ("From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> /usr/bin/backup\nMIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nX-Cron-Env: <SHELL=/bin/sh>\n\nfertig: größer\n.\nnach dem Punkt\n")
        self.sendmail("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root", text=text)
        import poplib
        box = poplib.POP3("127.0.0.1", self.server.port("pop3"), timeout=LIMIT)
        box.user("root@example.test")
        box.pass_("secret")
        letter = email.message_from_bytes(b"\r\n".join(box.retr(1)[1]) + b"\r\n", policy=email.policy.default)
        box.quit()
        self.assertEqual(letter["From"].addresses[0].addr_spec, "root@example.test")
        self.assertEqual(letter["From"].addresses[0].display_name, "Cron Daemon")
        self.assertTrue(letter["Date"] and letter["Message-ID"])
        self.assertEqual(letter.get_content().replace("\r\n", "\n"), "fertig: größer\n.\nnach dem Punkt\n")

    def test_recipients_of_the_header_without_bcc(self):
        link = self.folder / "sendmail"
        link.symlink_to(BINARY)
        done = subprocess.run([link, "-ti", "-F", "Alice Example"], input=b"To: bob@example.test\nBcc: admin@example.test\nSubject: =?utf-8?Q?=C3=BC?=\n\nx\n",
                              capture_output=True, timeout=LIMIT, env=self.environment)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        [letter] = self.received()
        self.assertEqual((letter["Subject"], letter["Bcc"]), ("ü", None))
        self.assertEqual(letter["From"].addresses[0].display_name, "Alice Example")
        self.assertEqual(len(self.received("admin@example.test")), 1)

    def test_a_lone_dot_ends_the_message_unless_it_is_text(self):
        self.sendmail(BOB, text="Subject: 1\n\none\n.\ntwo\n")
        self.sendmail("-oi", BOB, text="Subject: 2\n\none\n.\ntwo\n")
        self.sendmail(BOB, text="Subject: 3\r\n\r\nprogress 10%\rprogress 20%\r..\n")
        bodies = [m.get_content().replace("\r\n", "\n") for m in self.received()]
        self.assertEqual(bodies, ["one\n", "one\n.\ntwo\n", "progress 10%\nprogress 20%\n..\n"])

    def test_statuses(self):
        self.sendmail("-z", status=64)
        self.sendmail(text="x\n", status=64)
        self.sendmail("-bp", status=64)
        self.sendmail("-t", text="To: a@b..c\n\nx\n", status=65)
        self.sendmail("nobody@example.test", text="x\n", status=67)
        self.assertIn(b"ignored", self.sendmail("-q").stderr)
        self.packetboat("login", "add", "test", "--server", self.address(), "--user", ALICE, "--insecure", input="wrong\n")
        self.sendmail(BOB, text="x\n", status=77)
        self.packetboat("login", "add", "test", "--server", "127.0.0.1:1", "--user", ALICE, input=PASSWORD)
        self.sendmail(BOB, text="x\n", status=75)
        (self.folder / "config/packetboat/login.toml").chmod(0o644)
        self.sendmail(BOB, text="x\n", status=78)

    def test_a_dialogue_on_standard_input(self):
        dialogue = f"HELO me\nMAIL FROM:<{ALICE}>\nRCPT TO:<{BOB}>\nRCPT TO:<nobody@example.test>\nDATA\nSubject: bs\n\n..dot\n.\nQUIT\n"
        for text in (dialogue, dialogue.replace("\n", "\r\n")):
            done = self.sendmail("-bs", text=text)
            lines = done.stdout.decode().split("\r\n")
            self.assertEqual([line[:3] for line in lines], ["220", "250", "250", "250", "550", "354", "250", "221", ""])
        for letter in self.received():
            self.assertEqual((letter["Subject"], letter.get_content().strip()), ("bs", ".dot"))
            self.assertIn("TLSv1", str(letter["Received"]))
        self.assertEqual(len(self.received()), 2)
        hello = self.sendmail("-bs", text="EHLO me\r\nSTARTTLS\r\nAUTH PLAIN\r\nQUIT\r\n").stdout.decode()
        self.assertNotIn("250-STARTTLS", hello)
        self.assertNotIn("AUTH ", hello)
        self.sendmail("-bs", text=dialogue.replace("\n.\nQUIT\n", "\nhalf"), status=76)
        self.assertEqual(len(self.received()), 2, "a message without its end is not sent")

    def test_smtplib_speaks_through_it(self):
        """A program that waits for every answer."""
        process = subprocess.Popen([BINARY, "sendmail", "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment)
        with process:
            def ask(text, code):
                process.stdin.write(text)
                process.stdin.flush()
                while (line := process.stdout.readline())[3:4] == b"-":
                    pass
                self.assertEqual(line[:3], code, line)
            ask(b"", b"220")
            ask(b"EHLO me\r\n", b"250")
            for _ in range(2):
                ask(b"MAIL FROM:<alice@example.test>\r\n", b"250")
                ask(b"RCPT TO:<bob@example.test>\r\n", b"250")
                ask(b"DATA\r\n", b"354")
                ask(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 100_000 + b".\r\n", b"250")
            ask(b"QUIT\r\n", b"221")
            self.assertEqual(process.wait(LIMIT), 0)
        self.assertEqual(len(messages(self.server, BOB)), 2)

    def test_notifications_and_a_null_sender(self):
        self.sendmail("-f", "<>", "-N", "never", "-R", "hdrs", "-V", "id", BOB, text="Subject: null\n\nx\n")
        [letter] = self.received()
        self.assertEqual(str(letter["Return-Path"]), "<>")


if __name__ == "__main__":
    unittest.main()
