# SPDX-License-Identifier: ISC
"""Reading reports as the RFCs have them, apart from the code that writes them.

check() takes the octets of a mail and fails with the rule that is broken. The
grammar is that of RFC 3464 (delivery status), 6522 (multipart/report), 6533
(global parts), 3463 (status codes), 3834 (Auto-Submitted) and 5322 (lines and
dates); comments and folding are taken out first.
"""

import email
import email.policy
import email.utils
import re

ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+"
TEXT = r"[\x20-\x7e]*[\x21-\x7e]"
XTEXT = r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]|\\x\{[0-9A-F]{2,6}\})+"
DATE = "date"
STATUS = r"[245]\.\d{1,3}\.\d{1,3}"

# name: (what its value is, must it be there)
MESSAGE_FIELDS = {
    "original-envelope-id": (TEXT, False),
    "reporting-mta": (rf"{ATOM}\s*;\s*\S+", True),
    "dsn-gateway": (rf"{ATOM}\s*;\s*\S+", False),
    "received-from-mta": (rf"{ATOM}\s*;\s*\S+( \(\[[0-9A-Fa-f.:IPv]+\]\))?",
                          False),
    "arrival-date": (DATE, False),
}
RECIPIENT_FIELDS = {
    "original-recipient": (None, False),
    "final-recipient": (None, True),
    "action": (r"failed|delayed|delivered|relayed|expanded", True),
    "status": (STATUS, True),
    "remote-mta": (rf"{ATOM}\s*;\s*\S+", False),
    "diagnostic-code": (None, False),
    "last-attempt-date": (DATE, False),
    "final-log-id": (TEXT, False),
    "will-retry-until": (DATE, False),
}
CLASS = {"failed": "45", "delayed": "4", "delivered": "2", "relayed": "2",
         "expanded": "2"}
ORIGINALS = {"message/rfc822", "text/rfc822-headers", "message/global",
             "message/global-headers"}


class Broken(AssertionError):
    pass


def must(fact, rule):
    if not fact:
        raise Broken(rule)


def is_date(value):
    return re.fullmatch(
        r"[A-Z][a-z]{2}, [1-9]?\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d "
        r"[+-]\d{4}", value) and email.utils.parsedate_to_datetime(value)


def is_address(value, eight):
    kind, semicolon, address = value.partition(";")
    address = address.strip()
    if not semicolon or not re.fullmatch(ATOM, kind.strip()) or not address:
        return False
    if kind.strip().lower() != "utf-8":
        return bool(re.fullmatch(TEXT, address))
    if eight:
        return address.isprintable()
    return bool(re.fullmatch(rf"{XTEXT}@?{XTEXT}|{XTEXT}", address))


def is_diagnosis(value, eight):
    kind, _, text = value.partition(";")
    if kind.strip().lower() == "smtp":
        return bool(re.match(r"\s*[2-5]\d\d([ -]|$)", text))
    return bool(re.fullmatch(r"X-[A-Za-z0-9-]+", kind.strip())) and \
        (eight or bool(re.fullmatch(rf"\s*{TEXT}", text)))


def fields_of(block):
    """(name, value) of each, unfolded."""
    text = re.sub(r"\r\n(?=[ \t])", "", block)
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        must(colon and re.fullmatch(r"[\x21-\x39\x3b-\x7e]+", name),
             f"a field of a status part: {line!r}")
        yield name.lower(), value.strip()


def check_fields(block, known, eight):
    found = {}
    for name, value in fields_of(block):
        must(name not in found, f"{name} stands once")
        found[name] = value
        must(name in known or name.startswith("x-"), f"{name} is no field")
        rule = known.get(name, (TEXT, False))[0]
        if rule == DATE:
            must(is_date(value), f"{name} is a date: {value!r}")
        elif name.endswith("-recipient"):
            must(is_address(value, eight), f"{name} is typed: {value!r}")
        elif name == "diagnostic-code":
            must(is_diagnosis(value, eight), f"{name}: {value!r}")
        else:
            must(re.fullmatch(rule, value), f"{name}: {value!r}")
    for name, (_, needed) in known.items():
        must(not needed or name in found, f"{name} is there")
    return found


def check_recipient(block, eight):
    found = check_fields(block, RECIPIENT_FIELDS, eight)
    action = found["action"]
    must(found["status"][0] in CLASS[action], "status and action agree")
    must("will-retry-until" not in found or action == "delayed",
         "Will-Retry-Until is for delays")
    must("remote-mta" not in found or
         found["diagnostic-code"].startswith("smtp"),
         "Remote-MTA is who said it")
    return found


def check_status(part):
    """The fields of the mail, and those of each recipient."""
    eight = part.get_content_type() == "message/global-delivery-status"
    raw = part.octets.decode("utf-8" if eight else "ascii")
    must(raw.endswith("\r\n"), "a status part is lines")
    blocks = re.split(r"(?:\r\n){2,}", raw.strip("\r\n"))
    must(len(blocks) >= 2, "a status part has a recipient")
    return (check_fields(blocks[0], MESSAGE_FIELDS, eight),
            [check_recipient(b, eight) for b in blocks[1:]])


def check_lines(raw):
    must(b"\0" not in raw, "no NUL")
    bare = raw.replace(b"\r\n", b"")
    must(b"\r" not in bare and b"\n" not in bare, "lines end with CR LF")
    must(max(map(len, raw.split(b"\r\n"))) <= 998, "998 octets in a line")


def check_header(report):
    for name, least in (("From", 1), ("Date", 1), ("To", 1), ("Subject", 1),
                        ("Message-ID", 1), ("MIME-Version", 1),
                        ("Auto-Submitted", 1), ("Received", 1)):
        must(len(report.get_all(name, [])) == least, f"one {name}")
    must(report["Auto-Submitted"].startswith("auto-"), "RFC 3834")
    must(report.get("Return-Path", "<>") == "<>", "sent with MAIL FROM:<>")
    must(is_date(report["Date"]), "Date")


def check_text(part):
    must(part.get_content_type() == "text/plain", "the first part is text")
    text = part.octets.decode(part.get_param("charset"))
    must(text.isascii() == (part.get_param("charset") == "us-ascii"),
         "charset")
    must(all(len(line) <= 100 or " " not in line.strip()
             for line in text.split("\r\n")), "lines that can be read")
    return text


def cut(raw, report):
    """The octets of the parts, given to each as .octets"""
    border = b"\r\n--" + report.get_boundary().encode()
    pieces = raw.split(border)
    must(pieces[-1].startswith(b"--\r\n"), "the last boundary")
    must(len(pieces) == len(report.get_payload()) + 2, "boundaries")
    for part, piece in zip(report.get_payload(), pieces[1:]):
        _, _, part.octets = piece.partition(b"\r\n\r\n")
        must(part.get("Content-Transfer-Encoding", "7bit") ==
             ("7bit" if part.octets.isascii() else "8bit"),
             "a part is what it calls itself")


def check(raw):
    """(text, fields of the mail, fields of each recipient, original or None)"""
    check_lines(raw)
    report = email.message_from_bytes(raw, policy=email.policy.compat32)
    check_header(report)
    must(report.get_content_type() == "multipart/report" and
         report.get_param("report-type") == "delivery-status",
         "RFC 6522: multipart/report; report-type=delivery-status")
    must(len(report.get_payload()) in (2, 3), "two parts or three")
    cut(raw, report)
    text, status, *original = report.get_payload()
    must(status.get_content_type() in ("message/delivery-status",
                                       "message/global-delivery-status"),
         "the second part")
    must(not original or original[0].get_content_type() in ORIGINALS,
         "the third part")
    must(("global" in status.get_content_type()) ==
         (bool(original) and "global" in original[0].get_content_type()) or
         not original, "global parts go together")
    mail, rcpts = check_status(status)
    return check_text(text), mail, rcpts, (original or [None])[0]
