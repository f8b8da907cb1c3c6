# SPDX-License-Identifier: ISC
"""What other servers have fallen for, and the tests that look whether this one
does. A test is named FILE:NAME, where FILE stands below tests/; a folder of
tests, a fuzz driver or a corpus by its path alone. make check-house looks whether
they exist."""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parents[1]

CLASSES = (
    ("an address becomes a command",
     ("system/test_deliver.py:test_quoting", "system/test_deliver.py:test_forged",
      "system/test_deliver.py:test_never_as_root",
      "system/test_breakout.py:test_calls")),
    ("a parser reads or writes outside its memory",
     ("fuzz", "system/test_smtp_model.py:test_sessions",
      "system/test_smtp_corpus.py", "system/test_imap_corpus.py")),
    ("what came before STARTTLS counts behind it, in a server",
     ("system/test_starttls_injection.py",)),
    ("the same in a client, and replies that nobody asked for",
     ("system/test_relay.py:test_early_replies_are_not_believed",
      "fuzz/smtp_talk.c")),
    ("STARTTLS is taken away, sessions of TLS are mistaken",
     ("system/test_tls.py:test_tickets",
      "system/test_tls_out.py:test_demands_of_the_settings",
      "system/test_tls_out.py:test_enforce",
      "system/test_sasl.py:test_an_offer_that_was_changed")),
    ("one message is read as two",
     ("system/test_smtp_smuggling.py",)),
    ("state stays behind after an error",
     ("system/test_smtp_model.py:test_sessions",
      "system/test_pop_model.py", "system/test_imap_model.py",
      "system/test_smtp_abuse.py:test_state_is_forgotten")),
    ("a message takes the processor for itself",
     ("unit/mail_addrlist.c:test_hostile", "unit/mail_mime.c:hostile",
      "system/test_shapes.py:test_many_messages",
      "system/test_flood.py:test_mails", "system/test_flood.py:test_search",
      "system/test_imap_mime.py:test_odd")),
    ("a stranger takes the memory",
     ("system/test_smtp_abuse.py:test_huge_lines",
      "system/test_smtp_abuse.py:test_little_chunks",
      "system/test_smtp_abuse.py:test_many_handshakes_begun",
      "system/test_stress.py:test_flood", "system/test_flood.py")),
    ("a login that goes wrong becomes one that does not, or another's",
     ("system/test_sasl.py:test_given_up_and_malformed",
      "system/test_sasl.py:test_exchanges_do_not_mix",
      "fuzz/auth_sasl.c")),
    ("a refusal tells who has an account",
     ("system/test_sasl.py:test_wrong_and_unknown_are_alike",)),
    ("one user reaches into the mail of another",
     ("system/test_acl.py:test_nothing_is_shared_by_itself",
      "system/test_breakout.py:test_mail_of_others",
      "system/test_breakout.py:test_a_login_of_another_process")),
    ("links and owners in the spool and the mailboxes are played with",
     ("system/test_privileges.py:test_descriptors_stay_below_their_directories",
      "system/test_deliver.py:test_what_is_not_written_to",
      "system/test_damage.py:test_files")),
    ("work that is broken off is never counted",
     ("system/test_smtp_abuse.py:test_aborted_mails",
      "system/test_smtp_abuse.py:test_aborted_chunks")),
    ("a helper is believed",
     ("system/test_breakout.py:test_what_is_mangled",
      "system/test_breakout.py:test_verdicts_about_what_was_not_asked",
      "system/test_sasl.py:test_tokens", "fuzz/message.c")),
    ("one that crashes takes others along",
     ("system/test_kill.py", "system/test_stress.py:test_auth_dies_in_a_login",
      "system/test_breakout.py:test_liar_of_more_trust",
      "system/test_breakout.py:test_liar_is_started_again")),
    ("a limit of nought is no limit",
     ("system/test_settings.py:test_nought_is_not_without_limit",)),
)


def missing():
    """Names of tests that do not exist."""
    for _, tests in CLASSES:
        for test in tests:
            file, _, name = test.partition(":")
            path = TESTS / file
            if not path.exists() or (name and not re.search(
                    rf"^(?:    def )?{name}\(", path.read_text(), re.M)):
                yield test
