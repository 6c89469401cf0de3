"""Real clients from Debian's packages against the real binary."""
import email
import email.policy
import json
import poplib
import re
import smtplib
import ssl
import unittest
from email.message import EmailMessage

from harness import ALICE, BOB, LIMIT, PASSWORD, Scenario, Wire, messages, run

ANY_CERTIFICATE = ssl.create_default_context()
ANY_CERTIFICATE.check_hostname = False
ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


class Textbook(Scenario):
    def test_the_dialogue_of_the_textbook(self):
        with Wire(self.server.port("smtp")) as smtp:
            self.assertEqual(smtp.reply(), b"220 mail.example.test ESMTP Packetboat\r\n")
            self.assertEqual(smtp.ask("HELO crepes.fr\r\n"), b"250 mail.example.test\r\n")
            self.assertTrue(smtp.ask("MAIL FROM: <alice@crepes.fr>\r\n").startswith(b"250 "))
            self.assertTrue(smtp.ask("RCPT TO: <bob@example.test>\r\n").startswith(b"250 "))
            self.assertTrue(smtp.ask("DATA\r\n").startswith(b"354 "))
            self.assertTrue(smtp.ask("Do you like ketchup?\r\nHow about pickles?\r\n.\r\n").startswith(b"250 2.0.0 "))
            self.assertTrue(smtp.ask("QUIT\r\n").startswith(b"221 "))
            self.assertEqual(smtp.line(), b"")
        [message] = messages(self.server, BOB)
        self.assertTrue(message.startswith(b"Return-Path: <alice@crepes.fr>\r\nReceived: from crepes.fr ("))
        self.assertTrue(message.endswith(b"\r\nDo you like ketchup?\r\nHow about pickles?\r\n"))


class Swaks(Scenario):
    def swaks(self, *arguments, to=BOB, port="submission"):
        return run("swaks", "--server", "127.0.0.1", "--port", self.server.port(port), "--from", ALICE, "--to", to, "--timeout", LIMIT, *arguments)

    def login(self, mechanism):
        return ["--auth", mechanism, "--auth-user", ALICE, "--auth-password", PASSWORD]

    def test_each_auth_with_starttls_and_tls_on_connect(self):
        for mechanism in ("PLAIN", "LOGIN"):
            self.swaks("--tls", *self.login(mechanism))
            self.swaks("--tls-on-connect", *self.login(mechanism), port="submissions")
        received = messages(self.server, BOB)
        self.assertEqual(len(received), 4)
        for message in received:
            self.assertIn(b"with ESMTPSA", message)

    def test_mail_from_another_server_over_starttls(self):
        self.swaks("--tls", port="smtp")
        self.assertIn(b"with ESMTPS ", messages(self.server, BOB)[0])

    def test_lmtp(self):
        self.swaks("--protocol", "LMTP", port="lmtp")
        self.assertEqual(len(messages(self.server, BOB)), 1)

    def test_smtputf8(self):
        self.server.command("account", "add", "jürgen@example.test", input="secret\n")
        # swaks has no word for it, but writes the sender as it is given: what follows is MAIL's parameters, and the ">" that swaks puts
        # behind them is a part of the ENVID.
        sender = f"{ALICE}> SMTPUTF8 ENVID=swaks"
        self.swaks("--tls", *self.login("PLAIN"), "--from", sender, "--h-From", ALICE, "--h-Subject", "Grüße", to="jürgen@example.test")
        [message] = messages(self.server, "jürgen@example.test", "secret", utf8=True)
        self.assertIn("\r\nSubject: Grüße\r\n".encode(), message)
        self.assertIn(b"with UTF8SMTPSA", message)
        with self.assertRaisesRegex(AssertionError, r"553 5\.6\.7"):
            self.swaks("--tls", *self.login("PLAIN"), to="jürgen@example.test")

    def test_20_mb(self):
        letter = self.folder / "letter.eml"
        body = b"".join(b"%07d %s\r\n" % (n, b"x" * 70) for n in range(20 * 1024 * 1024 // 80 + 1))
        letter.write_bytes(b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: big\r\n\r\n" + body)
        self.swaks("--tls", *self.login("PLAIN"), "--data", f"@{letter}", "--suppress-data")
        [message] = messages(self.server, BOB)
        self.assertGreater(len(message), 20 << 20)
        self.assertEqual(message.split(b"\r\n\r\n", 1)[1].rstrip(b"\r\n"), body.rstrip(b"\r\n"))

    def test_no_open_relay(self):
        with self.assertRaisesRegex(AssertionError, r"5\.7\.1"):
            self.swaks(to="someone@elsewhere.test", port="smtp")
        with self.assertRaisesRegex(AssertionError, r"530 5\.7\.0"):
            self.swaks()

    def test_mail_for_elsewhere_waits_in_the_queue(self):
        self.swaks("--tls", *self.login("PLAIN"), to="someone@elsewhere.test")
        self.assertIn("someone@elsewhere.test", self.server.command("queue", "list").stdout)
        self.server.kill()
        self.server.start()
        self.assertIn("someone@elsewhere.test", self.server.command("queue", "list").stdout)


class Curl(Scenario):
    def curl(self, *arguments):
        return run("curl", "-sS", "--max-time", LIMIT, "-k", *arguments)

    def test_smtp_in_and_pop3_out_each_way(self):
        letter = self.folder / "letter.eml"
        letter.write_bytes(b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: curl\r\n\r\n.dots\r\n..more\r\n.\r\nend\r\n")
        for url, tls in (("smtp", ["--ssl-reqd"]), ("smtps", [])):
            port = self.server.port("submissions" if url == "smtps" else "submission")
            self.curl(f"{url}://127.0.0.1:{port}/client.example", *tls, "--mail-from", ALICE, "--mail-rcpt", BOB, "--upload-file", letter,
                      "--user", f"{ALICE}:{PASSWORD}")
        for url, tls in (("pop3", ["--ssl-reqd"]), ("pop3s", []), ("pop3", [])):
            port = self.server.port(url)
            listing = self.curl(f"{url}://127.0.0.1:{port}/", *tls, "--user", f"{BOB}:{PASSWORD}")
            self.assertEqual(len(listing.splitlines()), 2)
            text = self.curl(f"{url}://127.0.0.1:{port}/2", *tls, "--user", f"{BOB}:{PASSWORD}")
            self.assertTrue(text.replace("\r\n", "\n").endswith("\n\n.dots\n..more\n.\nend\n"))

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(AssertionError):
            self.curl(f"pop3://127.0.0.1:{self.server.port('pop3')}/", "--user", f"{BOB}:wrong")


class Python(Scenario):
    def test_smtplib_and_poplib_with_utf8_and_20_mb(self):
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = ALICE, BOB, "Grüße"
        letter.set_content("Schöne Grüße\n")
        big = bytes(range(256)) * (20 * 4096)
        letter.add_attachment(big, maintype="application", subtype="octet-stream", filename="groß.bin")
        with smtplib.SMTP("127.0.0.1", self.server.port("submission"), timeout=LIMIT) as smtp:
            smtp.starttls(context=ANY_CERTIFICATE)
            smtp.login(ALICE, PASSWORD)
            smtp.send_message(letter)
        box = poplib.POP3_SSL("127.0.0.1", self.server.port("pop3s"), context=ANY_CERTIFICATE, timeout=LIMIT)
        box.user(BOB)
        box.pass_(PASSWORD)
        size = int(box.list(1).split()[2])
        # poplib refuses lines of over 2048 bytes only; base64 lines are short.
        _, lines, _ = box.retr(1)
        text = b"\r\n".join(lines) + b"\r\n"
        self.assertEqual(size, len(text))
        parsed = email.message_from_bytes(text, policy=email.policy.default)
        self.assertEqual(parsed["Subject"], "Grüße")
        [attachment] = parsed.iter_attachments()
        self.assertEqual(attachment.get_content(), big)
        box.dele(1)
        box.quit()
        self.assertEqual(messages(self.server, BOB), [])

    def test_smtputf8(self):
        self.server.command("account", "add", "jürgen@example.test", input="secret\n")
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = ALICE, "jürgen@example.test", "ß"
        letter.set_content("x\n")
        with smtplib.SMTP("127.0.0.1", self.server.port("submission"), timeout=LIMIT) as smtp:
            smtp.login(ALICE, PASSWORD)
            smtp.send_message(letter)
        self.assertEqual(self.mailbox_count("jürgen@example.test"), 1)

    def mailbox_count(self, address):
        boxes = json.loads(self.server.command("--json", "mailbox", "list", address).stdout)
        return sum(b["emails"] for b in boxes)

    def test_a_message_over_the_limit_is_refused_at_once(self):
        with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=LIMIT) as smtp:
            smtp.ehlo()
            code, text = smtp.mail("x@elsewhere.test", ["SIZE=99999999999"])
            self.assertEqual((code, text[:6]), (552, b"5.3.4 "))


class Msmtp(Scenario):
    def setUp(self):
        super().setUp()
        self.needs("msmtp")
        self.certificate = self.server.data / "dev-certificate.pem"

    def send(self, mechanism, tls, port):
        config = self.folder / "msmtprc"
        config.write_text(f"account default\nhost 127.0.0.1\nport {self.server.port(port)}\nfrom {ALICE}\nauth {mechanism}\nuser {ALICE}\n"
                          f"passwordeval echo {PASSWORD}\ntls {'on' if tls else 'off'}\ntls_starttls {'off' if port == 'submissions' else 'on'}\n"
                          f"tls_certcheck off\ntimeout {LIMIT}\n")
        config.chmod(0o600)
        run("msmtp", "-C", config, BOB, input=f"Subject: {mechanism}\n\nhello\n")

    def test_scram_with_and_without_channel_binding(self):
        self.send("scram-sha-256", True, "submission")
        self.send("scram-sha-256", True, "submissions")
        self.send("scram-sha-256", False, "submission")
        sent = 3
        if "scram-sha-256-plus" in run("msmtp", "--version"):
            self.send("scram-sha-256-plus", True, "submission")
            sent += 1
        self.assertEqual(len(messages(self.server, BOB)), sent)
        with self.assertRaises(AssertionError):
            self.send("cram-md5", True, "submission")


class Mpop(Scenario):
    def fetch(self, mechanism, port, starttls):
        config = self.folder / "mpoprc"
        mailbox = self.folder / "mpop.mbox"
        config.write_text(f"account default\nhost 127.0.0.1\nport {self.server.port(port)}\nuser {BOB}\npasswordeval echo {PASSWORD}\nauth {mechanism}\n"
                          f"tls on\ntls_starttls {'on' if starttls else 'off'}\ntls_certcheck off\nkeep on\nuidls_file {self.folder}/uidls-{mechanism}-{port}\n"
                          f"delivery mbox {mailbox}\ntimeout {LIMIT}\n")
        config.chmod(0o600)
        mailbox.unlink(missing_ok=True)
        run("mpop", "-C", config)
        return len(re.findall(r"(?m)^Subject: ", mailbox.read_text()))

    def test_each_mechanism(self):
        self.needs("mpop")
        with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=LIMIT) as smtp:
            for n in range(3):
                smtp.sendmail("x@elsewhere.test", BOB, f"Subject: {n}\r\n\r\nbody\r\n")
        for mechanism in ("user", "plain", "login", "scram-sha-256"):
            self.assertEqual(self.fetch(mechanism, "pop3s", False), 3, mechanism)
        self.assertEqual(self.fetch("plain", "pop3", True), 3)


class Fetchmail(Scenario):
    def test_fetches_and_deletes(self):
        self.needs("fetchmail")
        with smtplib.SMTP("127.0.0.1", self.server.port("smtp"), timeout=LIMIT) as smtp:
            smtp.sendmail("x@elsewhere.test", BOB, "Subject: one\r\n\r\nbody\r\n")
        config = self.folder / "fetchmailrc"
        box = self.folder / "box"
        config.write_text(f"poll 127.0.0.1 service {self.server.port('pop3s')} protocol pop3 user \"{BOB}\" password \"{PASSWORD}\" ssl no sslcertck "
                          f"mda \"cat >> {box}\"\n")
        config.chmod(0o600)
        run("fetchmail", "-f", config, "--pidfile", self.folder / "pid", "-i", self.folder / "ids")
        self.assertIn("Subject: one", box.read_text())
        self.assertEqual(messages(self.server, BOB), [])


class Mutt(Scenario):
    def test_sends_over_smtp(self):
        self.needs("mutt")
        rc = self.folder / "muttrc"
        rc.write_text(f"set from={ALICE}\nset smtp_url=smtp://alice%40example.test:{PASSWORD}@127.0.0.1:{self.server.port('submission')}\n"
                      f"set ssl_force_tls=no\nset ssl_starttls=no\nset copy=no\nset folder={self.folder}\n")
        run("mutt", "-n", "-F", rc, "-s", "from mutt", BOB, input="hello\n", env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "TERM": "dumb"})
        self.assertIn(b"Subject: from mutt", messages(self.server, BOB)[0])


if __name__ == "__main__":
    unittest.main()
