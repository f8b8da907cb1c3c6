# LMTP (RFC 2033): LHLO, and a reply for each recipient after the dot.
open lmtp
S 220 mail.example.test LMTP Posthouse
C EHLO client.test
S 500 5.5.1 ...
C LHLO client.test
S 250-mail.example.test greets client.test
S* 250 HELP
C MAIL FROM:<>
S 250 ...
C RCPT TO:<nobody-of-that-name@example.test>
S 550 5.1.1 ...
C DATA
S 503 5.5.1 RCPT comes first
C RCPT TO:<{user}>
S 250 2.1.5 ...
C RCPT TO:<{local}+detail@example.test>
S 250 2.1.5 ...
C DATA
S 354 ...
C Subject: two replies
C
C text
C .
S 250 2.0.0 Ok: queued as {id:[0-9A-F]{16}}
S 250 2.0.0 Ok: queued as {id}
C QUIT
S 221 ...
S!
