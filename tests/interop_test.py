"""With other people's servers, both ways: Postfix, Exim and OpenSMTPD over SMTP, Dovecot over LMTP."""
import base64
import email
import email.policy
import random
import smtplib
import unittest

from certificates import Authority
from harness import LIMIT, PASSWORD, eventually
from peers import Dovecot, Exim, OpenSmtpd, Postfix
from post import Post
from relay_test import inbox, queue

ALICE, DAVE = "alice@a.example", "dave@a.example"
BOB, CAROL, NOBODY = "bob@p.example", "carol@p.example", "nobody@p.example"
ZONES = {"a.example": "@ MX 10 mail\nmail A 127.0.0.2", "p.example": "@ MX 10 mail\nmail A 127.0.0.3"}


def letter(sender, recipients, parts, content_type="text/plain; charset=utf-8", subject="Pickle"):
    """A message as bytes with CRLF."""
    header = [f"From: {sender}", f"To: {', '.join(recipients)}", f"Subject: {subject}", "Date: Tue, 01 Dec 2026 12:00:00 +0000",
              f"Message-ID: <{random.getrandbits(64):x}@a.example>", "X-Folded: one", "\ttwo", "MIME-Version: 1.0", f"Content-Type: {content_type}"]
    return "\r\n".join([*header, "Content-Transfer-Encoding: 8bit", "", *parts, ""]).encode()


def plain_text(longest):
    return ["Schöne Grüße – 🚢 – αβγ", ".", "..", ".dot", "...", " .", "From the beginning of a line", "trailing blanks  \t", "", "x" * longest, "", "end"]


def attachment(size):
    data = base64.encodebytes(random.Random(size).randbytes(size)).decode().split("\n")[:-1]
    return ["--=_b", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "Grüße", "--=_b",
            "Content-Type: application/octet-stream; name=big", "Content-Transfer-Encoding: base64", "", *data, "--=_b--"]


def submit(server, sender, recipients, message, options=("BODY=8BITMIME",), recipient_options=()):
    with smtplib.SMTP(server.address, server.port("submission"), timeout=LIMIT) as client:
        client.login(sender, PASSWORD)
        return client.sendmail(sender, recipients, message, mail_options=options, rcpt_options=recipient_options)


def inject(peer, sender, recipients, message, options=("BODY=8BITMIME",), recipient_options=()):
    with smtplib.SMTP(peer.address, peer.port, timeout=LIMIT) as client:
        return client.sendmail(sender, recipients, message, mail_options=options, rcpt_options=recipient_options)


class Interop(Post):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder)
        self.dns = self.name_server(ZONES)

    def start_home(self, settings="", **options):
        certificate, key = self.authority.issue("mail.a.example")
        self.home = self.configured("mail.a.example", "127.0.0.2", ["a.example"], self.dns,
                                    f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n{settings}', **options)
        self.home.account(ALICE)
        self.home.account(DAVE)

    def start_peer(self, kind):
        peer = kind("127.0.0.3", self.smtp_port, "p.example", ("127.0.0.2", self.smtp_port), "a.example", self.authority.issue("mail.p.example"))
        self.addCleanup(peer.stop)
        return peer

    def box(self, peer, user, count):
        try:
            return eventually(lambda: (found := peer.mailbox(user)) and len(found) >= count and found, f"{user} has {count} messages")
        except AssertionError as why:
            raise AssertionError(f"{why}; {peer.log_text()[-4000:]}; {queue(self.home, 'list')}")

    def letters(self, user, count=1):
        try:
            return eventually(lambda: (found := inbox(self.home, user)) and len(found) >= count and found, f"{user} has {count} letters")
        except AssertionError as why:
            raise AssertionError(f"{why}; {self.peer.log_text()[-4000:]}; {queue(self.home, 'list')}")

    def queue_is_empty(self):
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")


class WithPeer:
    """What every SMTP server of other people must do."""

    kind = None
    longest_taken = 2500  # more than RFC 5321 allows: what they take comes to them whole
    tls_words = "TLS"
    unknown_status = "5.1.1"

    def setUp(self):
        super().setUp()
        self.start_home()
        self.peer = self.start_peer(self.kind)

    def test_ours_sends_to_theirs(self):
        text = letter(ALICE, [BOB, CAROL], plain_text(self.longest_taken))
        big = letter(ALICE, [BOB], attachment(3 << 20), 'multipart/mixed; boundary="=_b"', subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=")
        submit(self.home, ALICE, [BOB, CAROL], text)
        submit(self.home, ALICE, [BOB], big)
        self.queue_is_empty()
        for user, wanted in (("bob", [text, big]), ("carol", [text])):
            got = self.box(self.peer, user, len(wanted))
            self.assertEqual(len(got), len(wanted))
            for message in wanted:
                whole = message.replace(b"\r\n", b"\n")
                [same] = [other for other in got if whole[:200] in other]
                self.assertEqual(same[same.index(whole[:200]):].rstrip(b"\n"), whole.rstrip(b"\n"))
                hops = " ".join(email.message_from_bytes(same, policy=email.policy.default)["Received"].split())
                self.assertIn("mail.a.example", hops)
                self.assertIn(self.tls_words, hops)
        self.assertEqual(inbox(self.home, ALICE), [])

    def test_one_recipient_whom_they_do_not_know(self):
        submit(self.home, ALICE, [BOB, NOBODY], letter(ALICE, [BOB, NOBODY], ["Hello"]))
        self.box(self.peer, "bob", 1)
        report = self.letters(ALICE)[0]
        fields = report.get_payload()[1].get_payload()
        self.assertEqual([recipient["Final-Recipient"] for recipient in fields[1:]], [f"rfc822; {NOBODY}"])
        self.assertEqual(fields[1]["Action"], "failed")
        self.assertEqual(fields[1]["Status"], self.unknown_status)
        self.assertIn("mail.p.example", fields[1]["Remote-MTA"])
        self.queue_is_empty()

    def test_theirs_sends_to_ours(self):
        text = letter(BOB, [ALICE, DAVE], plain_text(990))
        big = letter(BOB, [ALICE], attachment(3 << 20), 'multipart/mixed; boundary="=_b"')
        inject(self.peer, BOB, [ALICE, DAVE], text)
        inject(self.peer, BOB, [ALICE], big)
        for user, wanted in ((ALICE, [text, big]), (DAVE, [text])):
            got = self.letters(user, len(wanted))
            self.assertEqual(len(got), len(wanted))
            for message in wanted:
                sent = email.message_from_bytes(message, policy=email.policy.default)
                [same] = [other for other in got if other["Message-ID"] == sent["Message-ID"]]
                self.assertEqual(same.as_bytes().partition(b"\n\n")[2].rstrip(), sent.as_bytes().partition(b"\n\n")[2].rstrip())
                for name, value in sent.items():
                    self.assertEqual(" ".join(same[name].split()), " ".join(value.split()))
                self.assertEqual(same["Return-Path"], f"<{BOB}>")
                hop = " ".join(same["Received"].split())
                self.assertIn("from mail.p.example", hop)
                self.assertIn("ESMTPS", hop)

    def test_one_recipient_whom_ours_does_not_know(self):
        inject(self.peer, BOB, [ALICE, "nobody@a.example"], letter(BOB, [ALICE], ["Hello"]))
        self.letters(ALICE)
        bounce = self.box(self.peer, "bob", 1)[0]
        self.assertIn(b"nobody@a.example", bounce)
        self.assertIn(b"550", bounce)


class WithPostfix(WithPeer, Interop):
    kind = Postfix

    def test_it_tells_of_deliveries_by_our_wish_and_ours_takes_that(self):
        submit(self.home, ALICE, [BOB], letter(ALICE, [BOB], ["Hello"]), ["RET=HDRS", "ENVID=trip+2B1"], ["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{BOB}"])
        report = self.letters(ALICE)[0]
        self.assertEqual(report["Return-Path"], "<>")
        fields = report.get_payload()[1].get_payload()
        self.assertEqual(fields[0]["Reporting-MTA"], "dns; mail.p.example")
        self.assertEqual(fields[0]["Original-Envelope-Id"], "trip+1")
        self.assertEqual(fields[1]["Original-Recipient"], f"rfc822;{BOB}")
        self.assertEqual(fields[1]["Action"], "delivered")
        self.assertEqual(len(self.letters(ALICE)), 1)
        self.queue_is_empty()


class WithExim(WithPeer, Interop):
    kind = Exim
    tls_words = "esmtps"
    unknown_status = "5.1.0"  # it says "550 no such user here" and no more


class WithOpenSmtpd(WithPeer, Interop):
    kind = OpenSmtpd
    tls_words = "ESMTP"  # Debian 12's offers STARTTLS, and then no handshake with it succeeds: it gets the message without
    unknown_status = "5.2.4"  # "524 5.2.4 Mailing list expansion problem" is what it says


class WithDovecot(Interop):
    def setUp(self):
        super().setUp()
        self.start_home(f'[[route]]\ndomains = ["p.example"]\nhost = "127.0.0.3"\nport = {self.smtp_port}\nprotocol = "lmtp"\n')
        self.peer = self.start_peer(Dovecot)

    def test_each_recipient_has_an_answer_of_its_own(self):
        text = letter(ALICE, [BOB, CAROL], plain_text(2500))
        submit(self.home, ALICE, [BOB, NOBODY, CAROL], text)
        for user in ("bob", "carol"):
            got = self.box(self.peer, user, 1)
            self.assertEqual(len(got), 1)
            whole = text.replace(b"\r\n", b"\n")
            self.assertTrue(got[0].replace(b"\r\n", b"\n").endswith(whole))
        report = self.letters(ALICE)[0]
        fields = report.get_payload()[1].get_payload()
        self.assertEqual([recipient["Final-Recipient"] for recipient in fields[1:]], [f"rfc822; {NOBODY}"])
        self.assertEqual((fields[1]["Action"], fields[1]["Status"]), ("failed", "5.1.1"))
        self.assertIn("550 5.1.1", fields[1]["Diagnostic-Code"])
        self.assertEqual(len(inbox(self.home, ALICE)), 1)
        self.queue_is_empty()

    def test_a_big_one(self):
        big = letter(ALICE, [BOB], attachment(3 << 20), 'multipart/mixed; boundary="=_b"')
        submit(self.home, ALICE, [BOB], big)
        self.assertTrue(self.box(self.peer, "bob", 1)[0].replace(b"\r\n", b"\n").endswith(big.replace(b"\r\n", b"\n")))
        self.queue_is_empty()

    def test_a_mail_store_is_the_end_of_the_way(self):
        submit(self.home, ALICE, [BOB, CAROL], letter(ALICE, [BOB], ["Hello"]), ["ENVID=x"], ["NOTIFY=SUCCESS"])
        report = self.letters(ALICE)[0]
        fields = report.get_payload()[1].get_payload()
        self.assertEqual([recipient["Action"] for recipient in fields[1:]], ["delivered", "delivered"])
        self.assertEqual([recipient["Status"][0] for recipient in fields[1:]], ["2", "2"])
        self.assertEqual(fields[0]["Original-Envelope-Id"], "x")
        self.queue_is_empty()


if __name__ == "__main__":
    unittest.main()
