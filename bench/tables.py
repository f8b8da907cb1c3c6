# SPDX-License-Identifier: ISC
"""What doc/PERFORMANCE.md shows: which figures, beside whom, and the aims."""

import dataclasses


@dataclasses.dataclass
class Row:
    title: str
    figure: str
    key: str
    unit: str
    peers: tuple
    more: bool              # is more better?
    aim: str


MTAS = ("postfix", "opensmtpd", "exim")
STORES = ("dovecot", "dovecot-tuned")
POSTFIX, DOVECOT = ("postfix",), ("dovecot",)

ROWS = (
    Row("SMTP in to mailbox, 4 KiB, 20 sessions, 20 messages each",
        "in, 20 a session", "rate", "a second", MTAS, True, "8 times"),
    Row("the same, a session for each message", "in, 1 a session", "rate",
        "a second", MTAS, True, ""),
    Row("its CPU", "in, 20 a session", "cpu_ms", "ms a message", MTAS, False,
        "6 times"),
    Row("beside Dovecot's LMTP", "in, 20 a session", "rate", "a second",
        DOVECOT, True, ""),
    Row("relay to one host", "relay, 1 domains", "rate", "a second", MTAS,
        True, "5 times"),
    Row("relay to 200 hosts", "relay, 200 domains", "rate", "a second", MTAS,
        True, "5 times"),
    Row("relay to one host that answers after 100 ms",
        "relay, 1 domains, 100 ms", "rate", "a second", POSTFIX, True,
        "10 times"),
    Row("relay to 200 hosts that do", "relay, 200 domains, 100 ms", "rate",
        "a second", POSTFIX, True, "10 times"),
    Row("25 MiB messages in to mailbox", "in, 25 MiB", "mb_rate", "MB/s",
        POSTFIX, True, "the disk's own rate"),
    Row("octets written for one of these", "in, 25 MiB", "written_ratio",
        "for each delivered", POSTFIX, False, "1"),
    Row("SMTP sessions", "sessions", "rate", "a second", MTAS, True,
        "2.5 times"),
    Row("SMTP sessions with STARTTLS", "tls", "rate", "a second", MTAS, True,
        ""),
    Row("POP3 login and STAT", "pop3 login", "rate", "a second", STORES, True,
        "20 times"),
    Row("POP3 RETR of 200 messages by 100 users", "pop3 RETR", "rate",
        "messages a second", STORES, True, "3 times"),
    Row("IMAP login and logout", "imap login", "rate", "a second", STORES,
        True, "10 times"),
    Row("connect, log in, SELECT of 100,000, log out", "SELECT, 100,000",
        "whole_ms", "ms", DOVECOT, False, "2 times"),
    Row("the slowest of these", "SELECT, 100,000", "max_ms", "ms", DOVECOT,
        False, "under 20 ms"),
    Row("SELECT alone", "SELECT, 100,000", "ms", "ms", DOVECOT, False,
        "0.3 ms"),
    Row("FETCH 1:* (FLAGS), 100,000", "FETCH FLAGS, 100,000", "ms", "ms",
        DOVECOT, False, "2 times"),
    Row("FETCH 1:* (FLAGS ENVELOPE), 100,000", "FETCH ENVELOPE, 100,000",
        "ms", "ms", DOVECOT, False, "5 times"),
    Row("STORE 1:* +FLAGS, 100,000", "STORE, 100,000", "ms", "ms", DOVECOT,
        False, "5 times, synced"),
    Row("APPEND of 4 KiB, 10 sessions", "imap APPEND, 10 clients", "rate",
        "a second", STORES, True, "3 times"),
    Row("SEARCH TEXT, 20,000", "SEARCH TEXT, 20,000", "ms", "ms", DOVECOT,
        False, "20 times"),
    Row("SEARCH SUBJECT, 20,000", "SEARCH SUBJECT, 20,000", "ms", "ms",
        DOVECOT, False, ""),
    Row("FETCH BODY[] of 20,000", "FETCH BODY[], 20,000", "ms", "ms", DOVECOT,
        False, ""),
    Row("from the acknowledgement of a delivery to EXISTS in IDLE",
        "imap IDLE", "ms", "ms", DOVECOT, False, "under 5 ms"),
    Row("memory of an idle SMTP session", "idle smtp", "kib", "KiB", MTAS,
        False, "24 KiB"),
    Row("memory of an idle POP3 session", "idle pop3", "kib", "KiB", DOVECOT,
        False, "24 KiB"),
    Row("memory of an IMAP session in IDLE", "idle imap", "kib", "KiB",
        DOVECOT, False, "24 KiB"),
    Row("taking in what another host defers", "deferred, taken in", "rate",
        "a second", POSTFIX, True, ""),
    Row("listing 20,000 of it", "deferred, listed", "s", "s", POSTFIX, False,
        ""),
)
_WORKS = (("in, 20 a session", "a message in"),
          ("relay, 1 domains", "a message relayed"),
          ("sessions", "an SMTP session"), ("tls", "one with STARTTLS"),
          ("pop3 RETR", "a message by POP3"), ("imap login", "an IMAP login"),
          ("imap APPEND, 10 clients", "an APPEND"))
COSTS = tuple((figure, key, f"{what}, {title}")
              for key, what in (("cpu_ms", "CPU, ms"), ("syncs", "syncs"),
                                ("calls", "system calls"),
                                ("written_kib", "KiB written"))
              for figure, title in _WORKS)

LIMITS = {
    "append_sync": "4 KiB appended and synced",
    "overwrite_datasync": "4 KiB written over and synced",
    "create_sync_rename": "file of 4 KiB made, synced, renamed",
    "create_sync_rename_dirsync": "the same, its directory synced",
    "create_100_syncfs": "files made, one sync for each 100",
    "group_datasync": "4 KiB appended, synced by whoever comes first",
    "write_mib": "MiB written in a row, synced at the end",
    "tcp_round_trip": "round trips over loopback",
    "tcp_connect_round_trip": "the same with a connection for each",
    "descriptor_round_trip": "descriptors over a UNIX socket and back",
    "fork_exit": "fork and exit", "fork_exec": "fork, exec and exit",
    "bdb_put_nosync": "rows in Berkeley DB, not synced",
    "tls_handshake": "handshakes of TLS, both sides of them, over no network",
    "load, 1 a session": "the load generator, 1 message a session",
    "load, 20 a session": "the load generator, 20 messages a session",
    "load, sessions": "the load generator, sessions",
}


@dataclasses.dataclass
class Curve:
    name: str
    figure: str
    key: str
    title: str
    x: str
    y: str
    unit: str


GROWTH = (
    Curve("queue", "grow queue", "ms", "Delivery of a message while others "
          "are deferred", "messages in the queue", "ms", "ms"),
    Curve("restart", "grow queue", "start_s", "Restart with a full queue",
          "messages in the queue", "s", "s"),
    Curve("select", "grow mailbox", "select_ms", "SELECT",
          "messages in the mailbox", "ms", "ms"),
    Curve("flags", "grow mailbox", "flags_ms", "FETCH 1:* (FLAGS)",
          "messages in the mailbox", "ms", "ms"),
    Curve("append", "grow mailbox", "append_ms", "APPEND",
          "messages in the mailbox", "ms", "ms"),
    Curve("users", "grow users", "login_ms", "IMAP login",
          "users in the file", "ms", "ms"),
    Curve("recipients", "grow recipients", "rcpt_us",
          "One recipient of a message", "recipients of the message", "us",
          "us"),
    Curve("size", "grow size", "mb_rate", "A message in", "octets",
          "MB/s", "MB/s"),
    Curve("sessions", "grow sessions", "kib", "Memory of a session in IDLE",
          "sessions", "KiB", "KiB"),
    Curve("destinations", "grow destinations", "rate", "Relay", "hosts",
          "messages a second", "a second"),
)
