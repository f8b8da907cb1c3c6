# What EHLO offers, and what it does not.
S 220 ...
C EHLO client.test
S 250-mail.example.test greets client.test
S 250-PIPELINING
S 250-SIZE {size:[0-9]+}
S 250-8BITMIME
S 250-BINARYMIME
S 250-CHUNKING
S 250-ENHANCEDSTATUSCODES
S 250-DSN
S 250-SMTPUTF8
S 250-LIMITS RCPTMAX={rcpts:[0-9]+}
S 250 HELP
C MAIL FROM:<tester@client.test> SIZE=99999999999
S 552 5.3.4 ...
C MAIL FROM:<tester@client.test> SIZE=many
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test> BODY=9BIT
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test> HOLDFOR=100
S 555 5.5.4 The parameter HOLDFOR is not known here
C MAIL FROM:<tester@client.test> SIZE=1000 BODY=8BITMIME
S 250 2.1.0 Ok
C RCPT TO:<{user}> NOTIFY=NEVER,DELAY
S 501 5.5.4 ...
C RCPT TO:<someone@elsewhere.test>
S 550 5.7.1 ...
C RCPT TO:<postmaster>
S 250 2.1.5 Ok
C QUIT
S 221 ...
S!
