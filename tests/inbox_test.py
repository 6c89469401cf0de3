"""The terminal user agent reads: inbox, read, search, save-attachment, reply, forward, delete, against the real server."""
import base64
import contextlib
import email
import email.policy
import json
import os
import pty
import re
import select
import smtplib
import socket
import subprocess
import threading
import unittest
from email.message import EmailMessage

from harness import ALICE, BINARY, BOB, LIMIT, PASSWORD, Scenario, Wire, command, messages

JPEG = bytes.fromhex("ffd8ffe000104a464946") + bytes(range(256)) * 40 + b"\xff\xd9"


def parsed(message):
    return email.message_from_bytes(message, policy=email.policy.default)


class Inbox(Scenario):
    def setUp(self):
        super().setUp()
        self.secret = self.folder / "password"
        self.secret.write_text(PASSWORD + "\n")
        # Nobody's saved login, and no editor.
        self.environment = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"), TZ="UTC", EDITOR="false", VISUAL="")
        self.environment.pop("COLUMNS", None)

    def deliver(self, message, to=BOB):
        with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=LIMIT) as smtp:
            smtp.sendmail("someone@elsewhere.test", to, message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP))

    def letter(self, subject, body="Hello\n", **fields):
        letter = EmailMessage()
        letter["From"] = fields.pop("sender", "Jürgen Groß <juergen@elsewhere.test>")
        letter["To"] = fields.pop("to", BOB)
        letter["Subject"] = subject
        letter["Date"] = fields.pop("date", "Tue, 24 Nov 2026 08:01:42 +0100")
        letter["Message-ID"] = fields.pop("id", "<first@elsewhere.test>")
        for name, value in fields.items():
            letter[name.replace("_", "-")] = value
        letter.set_content(body)
        return letter

    def arguments(self, *arguments, user=BOB, port="pop3"):
        return [*arguments, "--server", f"127.0.0.1:{self.server.port(port)}", "--user", user, "--password-file", str(self.secret), "--insecure"]

    def ask(self, *arguments, status=0, **options):
        options.setdefault("env", self.environment)
        options.setdefault("input", "")
        user, port = options.pop("user", BOB), options.pop("port", "pop3")
        done = command(*self.arguments(*arguments, user=user, port=port), check=False, **options)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done

    def json(self, *arguments, **options):
        return json.loads(self.ask("--json", *arguments, **options).stdout)

    def terminal(self, *arguments, columns=60, status=0, server=None):
        """What a terminal of that width is sent; `status` None: any failure."""
        main, sub = pty.openpty()
        import fcntl, struct, termios
        fcntl.ioctl(sub, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        arguments = self.arguments(*arguments)
        if server:
            arguments[arguments.index("--server") + 1] = server
        process = subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=sub, stderr=subprocess.PIPE, env=self.environment)
        os.close(sub)
        out = b""
        while True:
            if not select.select([main], [], [], LIMIT)[0]:
                raise AssertionError("the command says nothing")
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            out += piece
        os.close(main)
        done = process.wait(LIMIT)
        self.assertTrue(done == status if status is not None else done != 0, process.stderr.read())
        process.stderr.close()
        return out.replace(b"\r\n", b"\n").decode()

    def test_an_empty_inbox(self):
        self.assertEqual(self.ask("inbox").stdout, "")
        self.assertEqual(self.json("inbox"), [])

    def test_inbox_lists_newest_last(self):
        for n in range(5):
            self.deliver(self.letter(f"Grüße {n}"))
        rows = self.json("inbox")
        self.assertEqual([row["subject"] for row in rows], [f"Grüße {n}" for n in range(5)])
        self.assertEqual(rows[0]["from"], "Jürgen Groß")
        self.assertEqual(rows[0]["address"], "juergen@elsewhere.test")
        self.assertEqual(rows[0]["date"], "2026-11-24 07:01")
        self.assertEqual([row["number"] for row in self.json("inbox", "--reverse", "--limit", "2")], [5, 4])
        text = self.ask("inbox").stdout.splitlines()
        self.assertEqual(text[0].split(), ["NUMBER", "DATE", "FROM", "SUBJECT", "SIZE", "+"])
        self.assertIn("Grüße 4", text[5])
        # The same over TLS, by STLS and from the start.
        self.assertEqual(len(self.json("inbox", "--tls", "starttls")), 5)
        self.assertEqual(len(self.json("inbox", "--tls", "implicit", port="pop3s")), 5)
        for columns in (20, 30, 40, 50, 80):
            for line in self.terminal("inbox", columns=columns).splitlines():
                self.assertLessEqual(len(line), columns)

    def test_read_by_number_and_by_unique_id(self):
        letter = self.letter("Straße", "Schöne Grüße\n")
        letter.add_alternative("<p>Schöne <b>Grüße</b></p>", subtype="html")
        self.deliver(letter)
        text = self.ask("read", "1").stdout
        self.assertIn("From: Jürgen Groß <juergen@elsewhere.test>\n", text)
        self.assertIn("Subject: Straße\n\nSchöne Grüße\n", text)
        uid = self.json("inbox")[0]["uid"]
        value = self.json("read", uid, "--headers", "all")
        self.assertEqual(value["text"], "Schöne Grüße\n")
        self.assertIn("<b>Grüße</b>", value["html"])
        self.assertEqual(value["message_id"], ["first@elsewhere.test"])
        self.assertEqual(value["headers"][0]["name"], "Return-Path")
        raw = subprocess.run([BINARY, *self.arguments("read", "1", "--raw")], capture_output=True, env=self.environment, timeout=LIMIT, check=True).stdout
        self.assertEqual(raw, messages(self.server, BOB)[0])
        page = self.folder / "page.html"
        self.ask("read", "1", "--html", page)
        self.assertIn("<b>Grüße</b>", page.read_text())
        self.ask("read", "1", "--html", page, status=7)
        self.ask("read", "1", "--html", page, "--force")

    def test_a_hostile_message_cannot_steer_the_terminal(self):
        self.deliver(b"From: \x1b]0;owned\x07 <x@elsewhere.test>\r\nSubject: =?utf-8?q?=1B[2J_=E2=80=AEevil_=C2=9B31m?=\r\n"
                     b"Content-Type: text/plain; charset=utf-8\r\n\r\nred \x1b[31m \xc2\x9b31m \xe2\x80\xae back\x08\r\n")
        for arguments in (["inbox"], ["read", "1"], ["read", "1", "--headers", "all"], ["read", "1", "--raw"], ["--json", "read", "1"], ["search", "red"]):
            text = self.terminal(*arguments)
            for c in text:
                self.assertTrue(c == "\n" or (ord(c) >= 0x20 and not 0x7f <= ord(c) < 0xa0 and ord(c) not in range(0x202a, 0x202f)), (arguments, text))

    def test_attachments_are_saved_byte_for_byte(self):
        letter = self.letter("Bilder")
        letter.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="Bäume im Winter.jpg")
        letter.add_attachment(b"#!/bin/sh\n", maintype="application", subtype="octet-stream", filename="../../../escaped.sh")
        letter.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="/tmp/packetboat-absolute")
        self.deliver(letter)
        self.assertTrue(self.json("inbox")[0]["attachment"])
        listed = self.json("read", "1")["attachments"]
        self.assertEqual([(a["number"], a["name"], a["type"], a["size"]) for a in listed][0], (1, "Bäume im Winter.jpg", "image/jpeg", len(JPEG)))
        self.assertIn("image/jpeg", self.ask("read", "1").stdout)
        into = self.folder / "into"
        into.mkdir()
        (into / "escaped.sh").symlink_to(self.folder / "precious")
        self.ask("save-attachment", "1", "--to", into, status=2)  # which one?
        self.ask("save-attachment", "1", "1", "--to", into)
        self.assertEqual((into / "Bäume im Winter.jpg").read_bytes(), JPEG)
        saved = self.json("save-attachment", "1", "--all", "--to", into)["saved"]
        self.assertEqual([s["file"] for s in saved], ["Bäume im Winter (2).jpg", "escaped (2).sh", "packetboat-absolute"])
        self.assertEqual((into / "Bäume im Winter (2).jpg").read_bytes(), JPEG)
        self.assertFalse((self.folder / "precious").exists())
        self.assertFalse((self.folder / "escaped.sh").exists())
        self.assertFalse(os.path.exists("/tmp/packetboat-absolute"))
        self.ask("save-attachment", "1", "9", "--to", into, status=3)
        self.ask("save-attachment", "1", "--all", "--to", self.folder / "none", status=3)
        part = self.json("read", "1", "--part", "1")
        self.assertEqual(base64.b64decode(part["base64"]), JPEG)

    def test_our_own_command_at_both_ends(self):
        picture = self.folder / "Bäume im Größten Winter 🚢.jpg"
        picture.write_bytes(JPEG)
        command("send", "--server", f"127.0.0.1:{self.server.port('submission')}", "--user", ALICE, "--password-file", str(self.secret), "--insecure",
                "--from", f"Älice <{ALICE}>", "--to", BOB, "--subject", "Grüße 🚢", "--body", "Schöne Grüße\n", "--attach", str(picture),
                env=self.environment, input="")
        [row] = self.json("inbox")
        self.assertEqual((row["from"], row["subject"], row["attachment"]), ("Älice", "Grüße 🚢", True))
        [attached] = self.json("read", row["uid"])["attachments"]
        self.assertEqual((attached["name"], attached["type"], attached["size"]), (picture.name, "image/jpeg", len(JPEG)))
        shown = self.ask("read", "1").stdout
        self.assertIn("Schöne Grüße\n", shown)
        self.assertIn(picture.name, shown)
        into = self.folder / "into"
        into.mkdir()
        self.ask("save-attachment", "1", "--all", "--to", into)
        self.assertEqual([file.name for file in into.iterdir()], [picture.name])
        self.assertEqual((into / picture.name).read_bytes(), JPEG)

    def test_files_of_a_winmail_dat_and_in_the_text_are_saved(self):
        def attribute(level, number, data):
            return bytes([level]) + number.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data + (sum(data) & 0xffff).to_bytes(2, "little")
        winmail = (bytes.fromhex("789f3e220100") + attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"report.jpg\0")
                   + attribute(2, 0x0006800f, JPEG))
        letter = self.letter("From Outlook", "see below\n")
        letter.add_attachment(winmail, maintype="application", subtype="ms-tnef", filename="winmail.dat")
        self.deliver(letter)
        encoded = b"".join(b"=" + bytes([(c + 42 + 64) % 256]) if (c + 42) % 256 in b"\0\r\n=" else bytes([(c + 42) % 256]) for c in JPEG)
        text = b"\r\n".join(re.findall(rb"(?s)(?:=.|[^=]){1,120}", encoded))
        self.deliver(b"Subject: yEnc\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHere:\r\n=ybegin line=120 size=%d name=sea.jpg\r\n%s\r\n=yend size=%d\r\nBye\r\n"
                     % (len(JPEG), text, len(JPEG)))
        into = self.folder / "into"
        into.mkdir()
        self.assertEqual([a["name"] for a in self.json("read", "1")["attachments"]], ["winmail.dat", "report.jpg"])
        self.ask("save-attachment", "1", "2", "--to", into)
        self.assertEqual((into / "report.jpg").read_bytes(), JPEG)
        value = self.json("read", "2")
        self.assertEqual(value["text"], "Here:\nBye\n")
        self.assertEqual([a["name"] for a in value["attachments"]], ["sea.jpg"])
        self.ask("save-attachment", "2", "1", "--to", into)
        self.assertEqual((into / "sea.jpg").read_bytes(), JPEG)

    def test_a_servers_words_cannot_steer_the_terminal_in_json_either(self):
        said = "-ERR [SYS/PERM] \x1b]0;evil\x07 \x7f \u009b31m \u202e no\r\n".encode()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listener.accept()
                        with connection:
                            connection.sendall(said)
            threading.Thread(target=serve, daemon=True).start()
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            for arguments in (["--json", "inbox", "--tls", "none"], ["--json", "read", "1", "--tls", "none"]):
                text = self.terminal(*arguments, server=address, status=None)
                self.assertTrue(json.loads(text)["error"], text)
                for c in text:
                    self.assertTrue(c == "\n" or (ord(c) >= 0x20 and not 0x7f <= ord(c) < 0xa0 and c != "\u202e"), text)

    def test_search(self):
        self.deliver(self.letter("Lunch", "at the STRASSE\n"))
        self.deliver(self.letter("Dinner", "somewhere\n", sender="Carol <carol@elsewhere.test>", date="Wed, 25 Nov 2026 12:00:00 +0000"))
        with_file = self.letter("Report", "see below\n", date="Thu, 26 Nov 2026 12:00:00 +0000")
        with_file.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
        self.deliver(with_file)

        def found(*words):
            return [row["subject"] for row in self.json("search", *words)]
        self.assertEqual(found("from:CAROL"), ["Dinner"])
        self.assertEqual(found("from:jürgen gross"), ["Lunch", "Report"])
        self.assertEqual(found("body:straße"), ["Lunch"])
        self.assertEqual(found("straße"), ["Lunch"])
        self.assertEqual(found("to:bob", "since:2026-11-25", "before:2026-11-26"), ["Dinner"])
        self.assertEqual(found("has:attachment"), ["Report"])
        self.assertEqual(found("nowhere to be found"), [])
        self.assertEqual(self.json("search", "since:yesterday", status=2)["exit"], 2)

    def test_reply_and_forward(self):
        letter = self.letter("Lunch?", "At noon?\n", sender=f"Alice <{ALICE}>", to=f"{BOB}, admin@example.test", References="<zeroth@elsewhere.test>")
        letter.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="menu.jpg")
        self.deliver(letter)
        by = ["--submit-to", f"127.0.0.1:{self.server.port('submission')}"]
        sent = self.json("reply", "1", "--body", "Yes.", *by)
        self.assertEqual([r["address"] for r in sent["recipients"]], [ALICE])
        [got] = map(parsed, messages(self.server, ALICE))
        self.assertEqual(got["Subject"], "Re: Lunch?")
        self.assertEqual(got["In-Reply-To"], "<first@elsewhere.test>")
        self.assertEqual(got["References"].split(), ["<zeroth@elsewhere.test>", "<first@elsewhere.test>"])
        self.assertEqual(got["From"], BOB)
        text = got.get_content().replace("\r\n", "\n")
        self.assertTrue(text.startswith("Yes.\n\n"), text)
        self.assertIn("\n> At noon?\n", text)

        everyone = self.json("reply", "1", "--all", "--no-quote", *by, input="Both.\n")
        self.assertEqual(sorted(r["address"] for r in everyone["recipients"]), ["admin@example.test", ALICE])
        [got] = map(parsed, messages(self.server, "admin@example.test"))
        self.assertEqual(got.get_content().replace("\r\n", "\n"), "Both.\n")

        # Admin is Bob, too.
        command("login", "add", "other", "--server", "127.0.0.1:1", "--user", "admin@example.test", "--password-command", "true", env=self.environment)
        everyone = self.json("reply", "1", "--all", "--no-quote", "--dry-run", *by, input="Both.\n")
        self.assertNotIn("admin@example.test", everyone["message"])
        command("login", "rm", "other", env=self.environment)

        self.json("forward", "1", "--to", "admin@example.test", "--body", "FYI", *by)
        got = parsed(messages(self.server, "admin@example.test")[1])
        self.assertEqual(got["Subject"], "Fwd: Lunch?")
        [attachment] = got.iter_attachments()
        self.assertEqual((attachment.get_filename(), attachment.get_content()), ("menu.jpg", JPEG))
        self.assertIn("At noon?", got.get_body().get_content())

        self.json("forward", "1", "--attach-original", "--to", "admin@example.test", "--body", "FYI", *by)
        got = parsed(messages(self.server, "admin@example.test")[2])
        [attachment] = got.iter_attachments()
        self.assertEqual(attachment.get_content_type(), "message/rfc822")
        self.assertEqual(attachment.get_content()["Subject"], "Lunch?")

    def test_answers_with_files(self):
        letter = self.letter("Lunch?", "At noon?\n", sender=f"Alice <{ALICE}>")
        letter.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="menu.jpg")
        self.deliver(letter)
        by = ["--submit-to", f"127.0.0.1:{self.server.port('submission')}"]
        map_file, list_file = self.folder / "Lageplan ü.png", self.folder / "list.txt"
        map_file.write_bytes(JPEG[::-1])
        list_file.write_text("cheese\n")
        self.json("reply", "--attach", map_file, "1", "--attach", list_file, "--body", "Here.", *by)
        self.json("forward", "1", "--to", ALICE, "--attach", list_file, "--body", "FYI", *by)
        replied, forwarded = map(parsed, messages(self.server, ALICE))
        files = [(part.get_filename(), part.get_payload(decode=True)) for part in replied.iter_attachments()]
        self.assertEqual(files, [("Lageplan ü.png", JPEG[::-1]), ("list.txt", b"cheese\n")])
        self.assertIn("> At noon?", replied.get_body().get_content())
        files = [(part.get_filename(), part.get_payload(decode=True)) for part in forwarded.iter_attachments()]
        self.assertEqual(files, [("menu.jpg", JPEG), ("list.txt", b"cheese\n")])
        for verb in (["reply"], ["forward", "--to", ALICE]):
            self.assertEqual(self.json(*verb, "1", "--attach", self.folder / "missing", "--body", "x", *by, status=3)["exit"], 3)

    def test_answers_in_the_editor(self):
        self.deliver(self.letter("Lunch?", "At noon?\n", sender=f"Alice <{ALICE}>"))
        file = self.folder / "list.txt"
        file.write_text("cheese\n")
        editor = self.folder / "editor"
        editor.write_text('#!/bin/sh\ncp "$1" "$1.seen"\nmv "$1.seen" "$SEEN"\n'
                          "sed -i -e 's/^Subject: /Subject: edited, /' -e 's/^$/\\nYes./' \"$1\"\n")
        editor.chmod(0o755)
        seen = self.folder / "seen"
        by = ["--submit-to", f"127.0.0.1:{self.server.port('submission')}"]
        for verb, program, status in ((["reply", "1"], editor, 0), (["forward", "1", "--to", ALICE], editor, 0), (["reply", "1"], "true", 1)):
            main, sub = pty.openpty()
            done = subprocess.run([BINARY, *self.arguments(*verb, "--attach", str(file), *by)], stdin=sub, capture_output=True, timeout=LIMIT,
                                  env={**self.environment, "EDITOR": str(program), "TMPDIR": str(self.folder), "SEEN": str(seen)})
            os.close(sub)
            os.close(main)
            self.assertEqual(done.returncode, status, done.stderr)
            if status == 0:
                self.assertIn(f"\nTo: {ALICE}\n" if verb[0] == "forward" else f"\nTo: Alice <{ALICE}>\n", seen.read_text())
                self.assertIn("At noon?", seen.read_text())
        replied, forwarded = map(parsed, messages(self.server, ALICE))
        self.assertEqual((replied["Subject"], forwarded["Subject"]), ("edited, Re: Lunch?", "edited, Fwd: Lunch?"))
        self.assertEqual(replied["In-Reply-To"], "<first@elsewhere.test>")
        for got in (replied, forwarded):
            self.assertTrue(got.get_body().get_content().startswith("Yes."), got.get_body().get_content())
            self.assertEqual([(part.get_filename(), part.get_content()) for part in got.iter_attachments()], [("list.txt", "cheese\n")])
        self.assertEqual([p for p in self.folder.iterdir() if p.name.startswith("packetboat-")], [], "no draft is left lying about")

    def test_delete(self):
        for n in range(3):
            self.deliver(self.letter(str(n)))
        uid = self.json("inbox")[0]["uid"]
        self.ask("delete", "2", "9", status=3)  # all or none
        self.assertEqual(len(self.json("inbox")), 3)
        self.assertEqual(len(self.json("delete", "3", uid)["deleted"]), 2)
        self.assertEqual([row["subject"] for row in self.json("inbox")], ["1"])

    def test_exit_statuses(self):
        self.deliver(self.letter("x"))
        for arguments, status in ((["read", "7"], 3), (["read", "no-such-uid"], 3), (["delete", "7"], 3), (["inbox", "--via", "imap"], 2),
                                  (["read", "1", "--part", "4"], 3), (["read", "1", "--html", str(self.folder / "h")], 3)):
            answer = self.json(*arguments, status=status)
            self.assertEqual(answer["exit"], status)
            self.assertTrue(answer["error"])
        self.secret.write_text("wrong\n")
        self.assertEqual(self.json("inbox", status=4)["exit"], 4)
        self.secret.write_text(PASSWORD + "\n")
        # The certificate is nobody's.
        without = [a for a in self.arguments("inbox") if a != "--insecure"]
        self.assertEqual(command(*without, check=False, env=self.environment).returncode, 4)
        self.assertEqual(len(json.loads(command("--json", *without, "--tls", "none", env=self.environment).stdout)), 1)
        with Wire(self.server.port("pop3")) as other:
            other.line()
            for line in (f"USER {BOB}", f"PASS {PASSWORD}"):
                other.say(line + "\r\n")
                self.assertTrue(other.line().startswith(b"+OK"))
            self.assertEqual(self.json("inbox", status=7)["exit"], 7)
        self.stop_server()
        self.assertEqual(self.json("inbox", status=5)["exit"], 5)


if __name__ == "__main__":
    unittest.main()
