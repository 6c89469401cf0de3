"""250 means on disk: clients send while the server is killed at random moments and started again."""
import hashlib
import json
import os
import random
import re
import threading
import unittest

from harness import ALICE, BOB, Scenario, Wire, eventually, messages

ROUNDS = int(os.environ.get("PACKETBOAT_CRASH_ROUNDS", "50"))
CLIENTS = 16


class Sender(threading.Thread):
    """Sends numbered messages one after another until its server goes away."""

    def __init__(self, port, number, prefix, seed):
        super().__init__(daemon=True)
        self.port, self.number, self.prefix = port, number, prefix
        self.random = random.Random(seed)
        self.acknowledged = {}  # id -> (recipient, digest of the body)

    def run(self):
        try:
            with Wire(self.port) as smtp:
                smtp.reply()
                smtp.ask("EHLO client.example\r\n")
                while True:
                    self.send_one(smtp)
        except (OSError, EOFError, ValueError):
            pass  # killed

    def send_one(self, smtp):
        name = f"{self.prefix}-{self.number}-{len(self.acknowledged)}"
        recipient = self.random.choice((ALICE, BOB))
        # Small ones ride in the store, those over 64 KiB become blobs, those over 1 MiB are spooled as they come.
        size = self.random.choice((100, 2000, 8000, 8000, 30_000, 100_000, 1_200_000 if self.number == 0 else 500))
        body = f"X-Id: {name}\r\n\r\n" + "".join(self.random.choices("abcdefgh\n", k=min(size, 3000))).replace("\n", "\r\n") * max(1, size // 3000)
        body += "\r\n"
        data = body.replace("\r\n.", "\r\n..")
        if self.random.random() < 0.5:
            smtp.say(f"MAIL FROM:<s@elsewhere.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
            replies = [smtp.reply() for _ in range(3)]
            smtp.say(data + ".\r\n")
        else:
            smtp.say(f"MAIL FROM:<s@elsewhere.test>\r\nRCPT TO:<{recipient}>\r\nBDAT {len(body)} LAST\r\n{body}")
            replies = [smtp.reply() for _ in range(2)]
        answer = smtp.reply()
        if not answer.startswith(b"250 ") or any(not r[:1] in b"23" for r in replies):
            raise ValueError(answer)
        self.acknowledged[name] = (recipient, hashlib.sha256(body.encode()).hexdigest())


class Crash(Scenario):
    server_runs = False

    def test_what_got_250_is_there_once_and_whole_after_sigkill(self):
        acknowledged = {}
        chance = random.Random(os.environ.get("PACKETBOAT_SEED", "1"))
        for n in range(ROUNDS):
            self.server.start()
            senders = [Sender(self.server.port("smtp"), i, f"r{n}", n * 100 + i) for i in range(CLIENTS)]
            for sender in senders:
                sender.start()
            # A random moment, counted in messages rather than in time.
            enough = chance.randrange(0, 120)
            eventually(lambda: sum(len(s.acknowledged) for s in senders) >= enough, "messages are acknowledged")
            self.server.kill()
            for sender in senders:
                sender.join()
                acknowledged.update(sender.acknowledged)
            if n % 10 == 9:
                self.verify()
        self.verify()
        self.server.start()
        found = {}
        for user in (ALICE, BOB):
            for message in messages(self.server, user):
                start = re.search(rb"(?m)^X-Id: ", message).start()
                name = message[start + 6:message.index(b"\r\n", start)].decode()
                self.assertNotIn(name, found, "twice")
                found[name] = (user, hashlib.sha256(message[start:]).hexdigest())
        missing = [name for name, what in acknowledged.items() if found.get(name) != what]
        self.assertEqual(missing, [])
        self.assertGreater(len(acknowledged), ROUNDS * 20)
        print(f"{len(acknowledged)} acknowledged, {len(found)} found", flush=True)

    def verify(self):
        done = self.server.command("--json", "store", "verify", check=False)
        self.assertEqual(json.loads(done.stdout)["findings"], [])


if __name__ == "__main__":
    unittest.main()
