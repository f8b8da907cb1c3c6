# Commands out of their turn, and words that are none.
S 220 mail.example.test ESMTP Posthouse
C MAIL FROM:<tester@client.test>
S 503 5.5.1 EHLO comes first...
C NOOP
S 250 2.0.0 Ok
C EHLO
S 501 5.5.4 ...
C EHLO client.test
S* 250 HELP
C RCPT TO:<{user}>
S 503 5.5.1 MAIL comes first
C DATA
S 503 5.5.1 MAIL comes first
C MAIL FROM:<tester@client.test>
S 250 2.1.0 Ok
C MAIL FROM:<tester@client.test>
S 503 5.5.1 ...
C DATA
S 503 5.5.1 RCPT comes first
C RCPT TO:<{user}>
S 250 2.1.5 Ok
C RSET
S 250 2.0.0 Ok
C RCPT TO:<{user}>
S 503 5.5.1 ...
C LHLO client.test
S 500 5.5.1 ...
C BDAT 0
S 503 5.5.1 ...
C FETCH 1
S 500 5.5.2 ...
C VRFY {user}
S 252 2.1.5 ...
C HELP
S 214-2.0.0 Commands here: ...MAIL RCPT DATA...
S 214 2.0.0 ...
C HELP RCPT
S 214-2.0.0 RCPT TO:<address> ...
S 214 2.0.0 ...
C QUIT
S 221 2.0.0 mail.example.test closes, good-bye
S!
