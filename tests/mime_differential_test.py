"""What mime/ reads of messages beside what Python's email package reads of the same: every difference is explained here, or a mistake."""
import collections
import datetime
import email
import email.policy
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from harness import BINARY, ROOT

DUMP = BINARY.parent / "mime_dump"
VECTORS = pathlib.Path(os.environ.get("PACKETBOAT_VECTORS", ROOT.parent / "shared/vectors")) / "mime"
# Folder and endings; the last two have decoded parts in .txt files beside their messages.
CORPUS = {"mail-parser/eml": [".eml"], "mimekit/messages": [".eml", ".msg", ".txt"], "ruby-mail/emails": [".eml"], "cpython/data": [".txt"],
          "flanker/messages": [".eml", ".txt"], "mailparser-node": [".eml"], "mime4j/testmsgs": [".msg"], "mimetools": [".msg"]}


def our_readings(files):
    files = list(map(str, files))
    done = subprocess.run([DUMP, *files], capture_output=True, check=True)
    return {file: json.loads(line) for file, line in zip(files, done.stdout.splitlines(), strict=True)}


class TheirReading:
    """The same as mime_dump's, by Python."""

    def __init__(self, message):
        self.message = message

    def field(self, name):
        try:
            return self.message[name]
        except Exception as error:  # its header parser raises what no message should make it raise
            return Raised(error)

    def subject(self):
        value = self.field("subject")
        return value if isinstance(value, Raised) else str(value or "").strip()

    def date(self):
        value = self.field("date")
        if value is None or isinstance(value, Raised):
            return value
        when = value.datetime
        return when and int((when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp())

    def addresses(self, name):
        value = self.field(name)
        if value is None or isinstance(value, Raised):
            return value or []
        return [{"name": one.display_name, "address": one.username + (one.domain and "@" + one.domain)} for one in value.addresses]

    def message_id(self):
        value = self.field("message-id")
        if value is None or isinstance(value, Raised):
            return value or []
        return re.findall(r"<([^<>]*)>", str(value)) or str(value).split()

    def part(self, part=None):
        part = self.message if part is None else part  # one without a header is false
        inside = part.get_payload() if part.is_multipart() else []
        out = {"type": part.get_content_type(), "charset": part.get_content_charset("") or "", "parts": []}
        try:
            out["disposition"] = part.get_content_disposition() or ""
            out["name"] = part.get_filename("")
        except Exception as error:
            out["disposition"] = out["name"] = Raised(error)
        if not inside or part.get_content_maintype() == "message":
            out["sha256"] = hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()
        # What else calls itself message/… it takes apart as well.
        if part.get_content_maintype() != "message" or out["type"] in ("message/rfc822", "message/global"):
            out["parts"] = [self.part(one) for one in inside]
        return out


class Raised(str):
    """In the place of a value: what was raised when it was asked for."""

    def __new__(cls, error):
        return super().__new__(cls, f"{type(error).__name__}: {error}")


def shape(part):
    return part["type"] + ("(" + ",".join(map(shape, part["parts"])) + ")" if part["parts"] else "")


def leaves(part):
    if part["parts"]:
        return [leaf for one in part["parts"] for leaf in leaves(one)]
    return [part]


Difference = collections.namedtuple("Difference", "file kind ours theirs")


def differences(file, ours, message, agreed):
    theirs = TheirReading(message)
    out = []

    def same(kind, our, their):
        if our == their and not isinstance(their, Raised):
            agreed[kind] += bool(our)  # what is empty for both is no agreement worth counting
            return True
        out.append(Difference(file, kind, our, their))
        return False

    same("subject", ours["subject"], theirs.subject())
    same("date", ours["date"], theirs.date())
    for name in ("from", "to", "cc"):
        same(name, ours[name], theirs.addresses(name))
    same("message_id", ours["message_id"], theirs.message_id())
    part = theirs.part()
    if not same("tree", shape(ours["part"]), shape(part)):
        return out  # what follows would compare one part with another
    for our, their in zip(leaves(ours["part"]), leaves(part)):
        for kind in ("charset", "disposition", "name"):
            same(kind, our[kind], their[kind])
        if not our["type"].startswith(("multipart/", "message/")):
            same("content", our["sha256"], their["sha256"])
    return out


# What breaks readers ("own/NAME" and "large/NAME" in the tables) is written by mime_dump: src/mime/testing/nasties.h.
def nasties(folder):
    subprocess.run([DUMP, "--nasties", folder], check=True)
    return {str(file.relative_to(folder)): file for file in sorted(pathlib.Path(folder).rglob("*")) if file.is_file()}


def is_raw_8bit(difference):
    theirs = difference.theirs if isinstance(difference.theirs, list) else [difference.theirs]
    text = "".join(str(v) for one in theirs for v in (one.values() if isinstance(one, dict) else [one]))
    return any(0xdc80 <= ord(c) <= 0xdcff or c == "\ufffd" for c in text)


def is_name_in_comment(difference):
    return difference.kind in ("from", "to", "cc") and difference.theirs == [{**one, "name": ""} for one in difference.ours]


def is_backslash(difference):
    return difference.kind == "name" and "\\" in difference.ours and difference.theirs == difference.ours.replace("\\", "")


def is_encoded_message(difference):
    return difference.kind == "tree" and difference.ours.replace("message/rfc822", "message/rfc822(text/plain)") == difference.theirs


# Ways to differ on purpose: so often in the collected messages, and so often in ours.
RULES = [
    (is_raw_8bit, "bytes that are not of their charset, or raw and beyond ASCII, are read as UTF-8 or else windows-1252; Python gives U+FFFD or surrogates", 24, 4),
    (is_name_in_comment, "a comment behind an old address is the sender's name; Python drops it", 17, 1),
    (is_backslash, "Windows wrote paths in quoted file names: a backslash is an escape before a quote only", 4, 0),
    (is_encoded_message, "an attached message that is encoded, which RFC 2046 §5.2.1 forbids, is a file: so have it Dovecot and Cyrus; Python parses the base64 as a message", 5, 1),
]
# The others, by kind and file; a file of which several parts differ stands with their number.
ROWS = {
    "a multipart that no delimiter ends keeps its last line end, which belongs to none; Python takes it off": {
        "content": ["flanker/messages/missing-final-boundary.eml", "mail-parser/eml/malformed/001.eml", "mail-parser/eml/malformed/006.eml",
                    "mail-parser/eml/malformed/008.eml", "mail-parser/eml/malformed/009.eml", "mail-parser/eml/malformed/011.eml",
                    "mail-parser/eml/malformed/012.eml", "mail-parser/eml/thirdparty/005.eml", "mimetools/mimetools-testmsgs/jt-0498.msg",
                    "mimetools/mimetools-testmsgs/multi-bad.msg", "own/no_closing_delimiter", "own/deep"]},
    "multiparts in one another with the same boundary: the innermost open one takes the delimiter, as Dovecot has it; Python's outer one does": {
        "tree": ["cpython/data/msg_15.txt", "cpython/data/msg_39.txt", "mail-parser/eml/malformed/003.eml", "mail-parser/eml/malformed/005.eml",
                 "mail-parser/eml/malformed/013.eml"]},
    "whatever follows a boundary on its line, it is a delimiter, as for Dovecot and Cyrus; Python wants the line to end": {
        "tree": ["mail-parser/eml/malformed/004.eml", "mail-parser/eml/malformed/007.eml", "mime4j/testmsgs/ending-boundaries.msg",
                 "ruby-mail/emails/mime_emails/raw_email4.eml", "own/text_after_delimiter"]},
    "two delimiters one after the other have an empty part between them; Python leaves it out, or takes what follows for it": {
        "tree": ["cpython/data/msg_37.txt", "mail-parser/eml/malformed/000.eml", "mimetools/mimetools-testmsgs/2002_06_12_doublebound.msg",
                 "mimetools/mimetools-testmsgs/double-bound.msg"],
        "content": ["mime4j/testmsgs/multipartemptypart.msg"]},
    "of a boundary longer than 70 characters we compare 80": {
        "tree": ["mail-parser/eml/malformed/016.eml", "mime4j/testmsgs/very-long-boundary.msg", "mime4j/testmsgs/very-very-long-boundary.msg"]},
    "spaces at the end of a quoted boundary count: a delimiter without them is none": {"tree": ["mime4j/testmsgs/weird-boundary.msg"]},
    "an empty boundary is none; Python takes every line that begins with -- for a delimiter": {"tree": ["own/empty_boundary"]},
    "a boundary with = that nobody quoted; Python reads no parameter": {
        "tree": ["ruby-mail/emails/mime_emails/raw_email_with_binary_encoded.eml", "ruby-mail/emails/mime_emails/raw_email_with_illegal_boundary.eml",
                 "ruby-mail/emails/plain_emails/raw_email_bad_time.eml"]},
    "a semicolon before a parameter may be missing; Python makes it a part of the type": {"tree": ["mail-parser/eml/malformed/017.eml"]},
    "a type that is empty is none, so the part is text/plain (RFC 2045 §5.2)": {"tree": ["own/type_without_type"]},
    "spaces in a file name that nobody quoted belong to it": {
        "name": ["ruby-mail/emails/attachment_emails/attachment_with_unquoted_name.eml", "own/unquoted_name"]},
    "encoded words in a file name are decoded, also where they are not quoted": {
        "name": ["mime4j/testmsgs/russian-headers.msg", "mimetools/mimetools-testmsgs/multi-2evil.msg", "mimetools/mimetools-testmsgs/russian.msg",
                 "ruby-mail/emails/attachment_emails/attachment_with_base64_encoded_name.eml"]},
    "an encoded word is no disposition": {"disposition": ["ruby-mail/emails/error_emails/multiple_invalid_content_dispositions.eml"]},
    "white space at the end of a quoted-printable line goes (RFC 2045 §6.7 (3)); Python keeps it where a soft line break comes before, or =XY": {
        "content": ["flanker/messages/bilingual-simple.eml", "flanker/messages/torture.eml", "mailparser-node/fixtures/nested.eml", "own/quoted_printable_of_junk",
                    "ruby-mail/emails/attachment_emails/attachment_message_rfc822_inline_image.eml"]},
    "the encoding is known with white space behind it; Python takes it for another": {
        "content": ["mail-parser/eml/thirdparty/003.eml", "mimetools/mimetools-testmsgs/twopart.msg"]},
    "base64 with too much padding, or text behind it: what can be read is; Python gives the encoded text, or stops": {
        "content": ["flanker/messages/enclosed-broken-body.eml", "mail-parser/eml/thirdparty/002.eml"]},
    "a byte order mark before the first field, or a first line that is broken, does not make all of it a body": {
        **{kind: ["mimekit/messages/feedback-report.txt"] for kind in ("from",)},
        "subject": ["mail-parser/eml/malformed/019.eml", "mimekit/messages/feedback-report.txt"],
        "date": ["mail-parser/eml/malformed/019.eml", "mimekit/messages/feedback-report.txt"],
        "to": ["mail-parser/eml/malformed/019.eml", "mimekit/messages/feedback-report.txt"],
        "message_id": ["mail-parser/eml/malformed/019.eml"],
        "tree": ["mail-parser/eml/malformed/019.eml", "mimekit/messages/feedback-report.txt"]},
    "an empty line in a fold does not end the header where it has white space; a line that is no field does (Python reads on, or ends before)": {
        "subject": ["mime4j/testmsgs/obsolete.msg"], "content": ["mime4j/testmsgs/obsolete.msg", "ruby-mail/emails/rfc2822/example13.eml"]},
    "white space before a field's colon is read over (RFC 5322 §4.5); Python takes the line for no field": {
        "from": ["ruby-mail/emails/rfc2822/example13.eml"], "to": ["ruby-mail/emails/rfc2822/example13.eml"]},
    "a CR alone is no line end to servers": {"subject": ["own/bare_cr"], "to": ["own/bare_cr"], "content": ["own/bare_cr", "large/nothing_but_cr"]},
    "parts nested deeper than a hundred are leaves (limits.h); Python raises": {"message": ["large/nested_parts", "large/nested_messages"]},
    "what is beyond our limits (limits.h) stays a part's text, or is left out: 10,000 parts and addresses, 100,000 fields": {
        "tree": ["large/too_many_parts"], "subject": ["large/too_many_fields"], "to": ["large/too_many_addresses"]},
    "control characters are no text": {"subject": ["own/nul"]},
    "white space between two encoded words is no text (RFC 2047 §6.2); Python keeps some of it, and adds some": {
        "from": ["ruby-mail/emails/error_emails/bad_subject.eml"],
        "to": ["mail-parser/eml/legacy/009.eml", "mail-parser/eml/legacy/011.eml", "mail-parser/eml/legacy/016.eml", "mail-parser/eml/legacy/023.eml"]},
    "Python raises on a group without an end": {
        "to": ["mimekit/messages/delivery-status-no-blank-line.txt", "mimekit/messages/delivery-status.anonymized.eml", "mimekit/messages/delivery-status.txt"]},
    "an @ in a name without quotes does not make an address of it: the one in brackets counts": {
        "from": ["mimekit/messages/issue358.txt"], "to": ["ruby-mail/emails/plain_emails/raw_email_with_at_display_name.eml"]},
    "two addresses with a space between them are two; a name without brackets around what follows it is a name": {
        "from": ["ruby-mail/emails/plain_emails/raw_email_multiple_from.eml", "ruby-mail/emails/plain_emails/mix_caps_content_type.eml"],
        "to": ["ruby-mail/emails/plain_emails/raw_email_multiple_from.eml"]},
    "no address at all, or half of one: we keep what there is, for people to see": {
        "to": ["mimekit/messages/stack-overflow.txt", "ruby-mail/emails/error_emails/missing_body.eml", "own/broken_addresses"],
        "cc": ["own/broken_addresses"]},
    "a message-id may have two @, as some have": {"message_id": ["ruby-mail/emails/plain_emails/raw_email_double_at_in_header.eml"]},
    "the zone is -0400; Python takes the comment before it for one that it does not know": {
        "date": ["flanker/messages/disposition-notification.eml", "mimekit/messages/disposition-notification.anonymized.eml",
                 "mimekit/messages/disposition-notification.txt"]},
    "ISO 8601 is a date": {"date": ["own/iso_date"]},
}


class Explained:
    """Takes differences; what is left over, on either side, is a mistake."""

    def __init__(self, is_own):
        self.is_own = is_own
        self.mistakes = []
        self.of_rules = [0] * len(RULES)
        self.of_rows = collections.Counter()
        self.rows = {}
        for kinds in ROWS.values():
            for kind, files in kinds.items():
                for file in files:
                    name, times = file if isinstance(file, tuple) else (file, 1)
                    if name.startswith(("own/", "large/")) == is_own:
                        self.rows[name, kind] = times

    def take(self, difference):
        if (difference.file, difference.kind) in self.rows:
            self.of_rows[difference.file, difference.kind] += 1
            return
        for i, (explains, *_) in enumerate(RULES):
            if explains(difference):
                self.of_rules[i] += 1
                return
        self.mistakes.append("%s: %s\n    ours:   %.300r\n    theirs: %.300r" % difference)

    def left_over(self):
        unused = [f"{self.of_rows[file, kind]} times instead of {times}: {file}, {kind}"
                  for (file, kind), times in sorted(self.rows.items()) if self.of_rows[file, kind] != times]
        for count, (_, reason, collected, own) in zip(self.of_rules, RULES):
            if count != (own if self.is_own else collected):
                unused.append(f"{count} times instead of {own if self.is_own else collected}: {reason}")
        return self.mistakes + unused

    def total(self):
        return sum(self.of_rules) + sum(self.of_rows.values())


@unittest.skipUnless(DUMP.exists(), "mime_dump is not built")
class Differential(unittest.TestCase):
    def compare(self, files):
        """`files`: their paths by their names; answers how often both read the same, and the differences."""
        ours = our_readings(files.values())
        agreed = collections.Counter()
        found = []
        for name, file in files.items():
            try:
                theirs = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            except RecursionError as error:
                found.append(Difference(name, "message", shape(ours[str(file)]["part"]), Raised(error)))
                continue
            found += differences(name, ours[str(file)], theirs, agreed)
        return agreed, found

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_generated_messages_are_read_alike(self):
        for line_end in ("crlf", "lf"):
            subprocess.run([DUMP, "--generate", self.folder.name, "150", line_end], check=True)
        files = {file.name: file for file in sorted(pathlib.Path(self.folder.name).iterdir())}
        agreed, found = self.compare(files)
        self.assertEqual(len(files), 300)
        self.assertEqual(found, [])
        for kind in ("date", "from", "to", "message_id", "tree"):
            self.assertEqual(agreed[kind], 300, kind)
        for kind in ("subject", "charset", "disposition", "name", "content"):
            self.assertGreater(agreed[kind], 50, kind)

    # Which mistakes Python makes is a matter of its version: the tables are those of Debian 12's.
    @unittest.skipUnless(sys.version_info[:2] == (3, 11), "the tables are those of Python 3.11")
    def test_nasties_are_read_alike(self):
        files = nasties(self.folder.name)
        self.assertGreater(len(files), 50)
        _, found = self.compare(files)
        explained = Explained(is_own=True)
        for difference in found:
            explained.take(difference)
        self.assertEqual(explained.left_over(), [])

    @unittest.skipUnless(sys.version_info[:2] == (3, 11), "the tables are those of Python 3.11")
    def test_collected_messages_are_read_alike(self):
        files = {str(file.relative_to(VECTORS)): file for folder, endings in CORPUS.items() for file in sorted((VECTORS / folder).rglob("*"))
                 if file.suffix in endings}
        if not files:
            self.skipTest("the collected messages are not here")
        agreed, found = self.compare(files)
        explained = Explained(is_own=False)
        for difference in found:
            explained.take(difference)
        print(f"{len(files)} collected messages, alike: {', '.join(f'{n} {kind}' for kind, n in agreed.most_common())}; "
              f"different for a reason: {explained.total()}", file=sys.stderr)
        self.assertEqual(explained.left_over(), [])
        self.assertGreater(agreed["tree"], len(files) * 8 // 10)  # what cannot be compared proves nothing


if __name__ == "__main__":
    unittest.main()
