"""From one server to another: the queue, the name servers, and everything that can go wrong on the way."""
import email
import email.policy
import json
import poplib
import unittest

from harness import LIMIT, PASSWORD, command, eventually
from post import Post

ALICE, BOB = "alice@a.example", "bob@b.example"
ZONES = {
    "a.example": "@ MX 10 mail\nmail A 127.0.0.2",
    "b.example": "@ MX 10 mail\nmail A 127.0.0.3",
}


def inbox(server, user):
    box = poplib.POP3(server.address, server.port("pop3"), timeout=LIMIT)
    box.user(user)
    box.pass_(PASSWORD)
    bodies = [b"\r\n".join(box.retr(n + 1)[1]) + b"\r\n" for n in range(box.stat()[0])]
    box.quit()
    return [email.message_from_bytes(body, policy=email.policy.default) for body in bodies]


def queue(server, *arguments):
    return json.loads(server.command("--json", "queue", *arguments).stdout)


class Scenario(Post):
    def test_alice_writes_and_bob_reads(self):
        dns = self.name_server(ZONES)
        home = self.configured("mail.a.example", "127.0.0.2", ["a.example"], dns)
        away = self.configured("mail.b.example", "127.0.0.3", ["b.example"], dns)
        home.account(ALICE)
        away.account(BOB)
        self.send(home, ALICE, BOB)
        letter = eventually(lambda: inbox(away, BOB), "the letter arrives")[0]
        self.assertEqual(letter["Subject"], "Pickle")
        self.assertEqual(letter.get_content().strip(), "Do you like ketchup?")
        hops = [" ".join(hop.split()) for hop in letter.get_all("Received")]
        self.assertEqual(len(hops), 2)
        self.assertIn("by mail.b.example", hops[0])
        self.assertIn("from mail.a.example", hops[0])
        self.assertIn("by mail.a.example", hops[1])
        eventually(lambda: queue(home, "list") == [], "the queue is empty")

        # Bob reads it with his own program, and answers.
        password = self.folder / "password"
        read = command("--json", "inbox", "--server", f"{away.address}:{away.port('pop3')}", "--user", BOB, "--password-file", password, "--tls", "none")
        self.assertIn('"Pickle"', read.stdout)
        self.send(away, BOB, ALICE, body="With pickles.\n")
        self.assertEqual(eventually(lambda: inbox(home, ALICE), "the answer arrives")[0].get_content().strip(), "With pickles.")


class Failures(Post):
    def setUp(self):
        super().setUp()
        self.dns = self.name_server({**ZONES, "c.example": "@ MX 10 mail\n@ MX 20 second\nmail A 127.0.0.4\nsecond A 127.0.0.5", "null.example": "@ MX 0 .",
                                     "loop.example": "@ MX 10 mail.a.example.",
                                     "same.example": "one MX 10 mail.b.example.\ntwo MX 10 mail.b.example."})
        self.home = self.configured("mail.a.example", "127.0.0.2", ["a.example"], self.dns)
        self.home.account(ALICE)

    def bounce(self):
        return eventually(lambda: inbox(self.home, ALICE), "the sender is told")[0]

    def assert_bounced(self, status, words):
        report = self.bounce()
        self.assertEqual(report.get_content_type(), "multipart/report")
        text, fields, original = report.get_payload()
        self.assertEqual(fields.get_content_type(), "message/delivery-status")
        recipient = fields.get_payload()[1]
        self.assertEqual(recipient["Action"], "failed")
        self.assertEqual(recipient["Status"], status)
        self.assertIn(words, " ".join(text.get_content().split()))
        self.assertIn("Pickle", original.as_string())
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")
        return recipient

    def test_a_user_whom_the_other_server_does_not_know(self):
        self.configured("mail.b.example", "127.0.0.3", ["b.example"], self.dns)
        self.send(self.home, ALICE, "nobody@b.example")
        recipient = self.assert_bounced("5.1.1", "nobody@b.example")
        self.assertIn("550", recipient["Diagnostic-Code"])
        self.assertIn("mail.b.example", recipient["Remote-MTA"])

    def test_a_domain_that_does_not_exist(self):
        self.send(self.home, ALICE, "bob@nothing.b.example")
        self.assert_bounced("5.1.2", "nothing.b.example")

    def test_a_domain_that_takes_no_mail(self):
        self.send(self.home, ALICE, "bob@null.example")
        self.assert_bounced("5.1.10", "null.example")

    def test_a_domain_that_leads_back_to_us(self):
        self.send(self.home, ALICE, "bob@loop.example")
        self.assert_bounced("5.4.6", "loop.example")

    def test_a_host_that_is_down_is_tried_again_when_an_operator_says_so(self):
        self.send(self.home, ALICE, BOB)
        entry = eventually(lambda: [e for e in queue(self.home, "list") if e["recipients"][0]["attempts"] == 1], "it has been tried")[0]
        self.assertIn("mail.b.example", entry["recipients"][0]["reason"])
        by_destination = queue(self.home, "list", "--by", "destination")
        self.assertEqual(by_destination[0]["destination"], "b.example")
        self.assertEqual(queue(self.home, "list", "--by", "reason")[0]["messages"], 1)
        self.assertIn("127.0.0.3", queue(self.home, "show", entry["id"])["dialogue"])
        away = self.configured("mail.b.example", "127.0.0.3", ["b.example"], self.dns)
        away.account(BOB)
        queue(self.home, "retry", "--destination", "b.example")
        self.assertEqual(len(eventually(lambda: inbox(away, BOB), "it arrives")), 1)
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")

    def test_what_waits_behind_a_host_that_is_down_is_hurried_too(self):
        """Nothing of it is tried before the host is looked at again: that an operator can have at once, by any of its messages."""
        self.send(self.home, ALICE, BOB)
        eventually(lambda: [e for e in queue(self.home, "list") if e["recipients"][0]["attempts"] == 1], "it has been tried")
        self.send(self.home, ALICE, BOB)
        self.assertEqual(len(queue(self.home, "list")), 2)
        away = self.configured("mail.b.example", "127.0.0.3", ["b.example"], self.dns)
        away.account(BOB)
        second = next(e for e in queue(self.home, "list") if e["recipients"][0]["attempts"] == 0)
        self.assertEqual(queue(self.home, "retry", second["id"])["messages"], 1)
        self.assertEqual(len(eventually(lambda: inbox(away, BOB), "the second arrives")), 1)
        queue(self.home, "retry", "--all")
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")

    def test_another_domain_at_the_same_hosts_is_hurried_too(self):
        self.send(self.home, ALICE, "x@one.same.example")
        eventually(lambda: [e for e in queue(self.home, "list") if e["recipients"][0]["attempts"] == 1], "it has been tried")
        self.send(self.home, ALICE, "y@two.same.example")
        sink = self.sink("127.0.0.3")
        self.assertEqual(queue(self.home, "retry", "--destination", "two.same.example")["messages"], 1)
        eventually(lambda: [to for _, to, _ in sink.messages] == [["y@two.same.example"]], "the other domain's message arrives")

    def test_the_second_host_takes_what_the_first_cannot(self):
        sink = self.sink("127.0.0.5")
        self.send(self.home, ALICE, "carol@c.example")
        eventually(lambda: sink.messages, "it arrives")
        self.assertEqual(sink.messages[0][:2], (ALICE, ["carol@c.example"]))

    def test_hold_release_and_drop(self):
        self.send(self.home, ALICE, BOB)
        eventually(lambda: [e for e in queue(self.home, "list") if e["recipients"][0]["attempts"] == 1], "it has been tried")
        self.assertEqual(queue(self.home, "hold", "--recipient", "*@b.example"), {"messages": 1, "recipients": 1})
        self.assertEqual(queue(self.home, "list")[0]["recipients"][0]["state"], "held")
        self.assertEqual(queue(self.home, "retry", "--all")["messages"], 0)
        entry = queue(self.home, "list", "--state", "held")[0]
        self.assertEqual(queue(self.home, "release", entry["id"])["recipients"], 1)
        self.assertEqual(queue(self.home, "drop", "--sender", "alice@*")["messages"], 1)
        self.assertEqual(queue(self.home, "list"), [])
        self.assertEqual(self.home.command("queue", "drop", check=False).returncode, 2)

    def test_where_mail_goes_is_shown(self):
        route = queue(self.home, "route", "bob@b.example")
        self.assertIn("mail.b.example", route["route"])
        nowhere = self.home.command("queue", "route", "null.example", check=False)
        self.assertEqual(nowhere.returncode, 9)

    def test_nothing_is_lost_when_the_server_is_killed(self):
        sink = self.sink("127.0.0.3")
        sent = set()
        for round in range(3):
            for n in range(10):
                body = f"letter {round}-{n}"
                self.send(self.home, ALICE, BOB, body=body + "\n")
                sent.add(body)
            self.home.kill()
            self.home.start()
        eventually(lambda: queue(self.home, "list") == [], "the queue is empty")
        self.assertEqual({email.message_from_bytes(body).get_payload().strip() for _, _, body in sink.messages}, sent)
        self.assertIn('"clean":true', self.home.command("--json", "store", "verify").stdout)


if __name__ == "__main__":
    unittest.main()
