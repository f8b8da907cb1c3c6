# Commands that lead to nothing are counted until a mail is queued.
setting junk_max = 10
S 220 ...
C EHLO client.test
S* 250 HELP
C NOOP
S 250 2.0.0 Ok
C MAIL FROM:<tester@client.test>
S 250 2.1.0 ...
C RCPT TO:<{user}>
S 250 2.1.5 ...
C DATA
S 354 ...
C Subject: x
C .
S 250 2.0.0 ...
C NOOP
S 250 2.0.0 Ok
C RSET
S 250 2.0.0 Ok
C MAIL FROM:<tester@client.test>
S 250 2.1.0 ...
C RSET
S 250 2.0.0 Ok
C HELP NOOP
S 214-2.0.0 ...
S 214 2.0.0 ...
C VRFY alice
S 252 ...
C NOOP
S 250 2.0.0 Ok
C NOOP
S 250 2.0.0 Ok
C NOOP
S 250 2.0.0 Ok
C NOOP
S 250 2.0.0 Ok
C QUIT
S 421 4.7.0 mail.example.test Too many commands without a mail
S!
