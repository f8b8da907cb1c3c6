# What EHLO offers, and what it does not.
S 220 ...
C EHLO client.test
S 250-mail.example.test greets client.test
S 250-PIPELINING
S 250-SIZE {size:[0-9]+}
S 250-8BITMIME
S 250-ENHANCEDSTATUSCODES
S 250 HELP
C MAIL FROM:<tester@client.test> SIZE=99999999999
S 552 5.3.4 ...
C MAIL FROM:<tester@client.test> SIZE=many
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test> BODY=BINARYMIME
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test> RET=FULL
S 555 5.5.4 The parameter RET is not known here
C MAIL FROM:<tester@client.test> SIZE=1000 BODY=8BITMIME
S 250 2.1.0 Ok
C RCPT TO:<{user}> NOTIFY=NEVER
S 555 5.5.4 ...
C RCPT TO:<someone@elsewhere.test>
S 550 5.7.1 ...
C RCPT TO:<postmaster>
S 250 2.1.5 Ok
C QUIT
S 221 ...
S!
