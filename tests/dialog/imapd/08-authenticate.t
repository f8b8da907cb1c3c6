# AUTHENTICATE and SASL-IR; a server of its own has the user that it names.
setting hostname = mail.example.test
S * OK [CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR ...AUTH=PLAIN...] ...
C a AUTHENTICATE PLAIN
S +\x20
C *
S a BAD Cancelled
C b AUTHENTICATE PLAIN =
S b ...
C c AUTHENTICATE NOSUCH
S c NO [CANNOT] ...
C d AUTHENTICATE LOGIN
S + VXNlcm5hbWU6
C YW5u
S + UGFzc3dvcmQ6
C c2VjcmV0
S d NO [AUTHENTICATIONFAILED] ...
C e STARTTLS
S e BAD There is no TLS here
C f AUTHENTICATE PLAIN
S +\x20
C AHVzZXIwQGV4YW1wbGUudGVzdABzZXNhbWU=
S f OK [CAPABILITY IMAP4rev1 ...] Logged in
C g AUTHENTICATE PLAIN
S g BAD Logged in already
C h STARTTLS
S h BAD Logged in already
C i LOGOUT
S * BYE...
S i OK...
S!
open imap second
S * OK...
C a AUTHENTICATE PLAIN AHVzZXIwQGV4YW1wbGUudGVzdABzZXNhbWU=
S a OK [CAPABILITY IMAP4rev1 ...] Logged in
