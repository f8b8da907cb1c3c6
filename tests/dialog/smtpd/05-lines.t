# Long lines: 998 octets of text and CR LF are right, one more is not.
S 220 ...
C EHLO client.test
S* 250 HELP
C MAIL FROM:<tester@client.test>
S 250 ...
C RCPT TO:<{user}>
S 250 ...
C DATA
S 354 ...
C {x*998}
C ..{x*997}
C .
S 250 2.0.0 Ok: queued as {id:[0-9A-F]{16}}
C MAIL FROM:<tester@client.test>
S 250 ...
C RCPT TO:<{user}>
S 250 ...
C DATA
S 354 ...
C {x*999}
C .
S 554 5.6.0 A line is longer than 998 octets
C NOOP {x*3000}
S 500 5.5.2 The line is too long
C MAIL FROM:<{x*65}@client.test>
S 501 5.1.7 ...
C NOOP
S 250 2.0.0 Ok
C DATA\x00
S 500 5.5.2 The line has a NUL octet
C QUIT
S 221 ...
S!
