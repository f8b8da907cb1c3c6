# A trusted proxy says who its client is (Postfix's XCLIENT_README), and the
# session begins anew.
setting proxy_clients = 127.0.0.1
S 220 ...
C EHLO proxy.test
S* 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT
S 250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE
S* 250 HELP
C XCLIENT NAME=client.test ADDR=192.0.2.7 NONSENSE=1
S 501 5.5.4 ...
C XCLIENT
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test>
S 250 2.1.0 ...
C XCLIENT NAME=client.test ADDR=192.0.2.7
S 503 5.5.1 ...
C RSET
S 250 2.0.0 Ok
C XCLIENT NAME=client.test ADDR=192.0.2.7 HELO=client.test PROTO=ESMTP
S 220 mail.example.test ESMTP Posthouse
C MAIL FROM:<tester@client.test>
S 503 5.5.1 EHLO ...
C EHLO client.test
S* 250 HELP
C XFORWARD NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 IDENT=4711 SOURCE=REMOTE
S 250 2.0.0 Ok
C XFORWARD ADDR=none
S 501 5.5.4 ...
C MAIL FROM:<tester@client.test>
S 250 2.1.0 ...
C RCPT TO:<{user}>
S 250 2.1.5 ...
C BDAT 0
S 250 2.0.0 ...
C XCLIENT NAME=client.test ADDR=192.0.2.7
S 503 5.5.1 There is a mail under way
C XFORWARD ADDR=192.0.2.8
S 503 5.5.1 There is a mail under way
C BDAT 0 LAST
S 250 2.0.0 ...
C QUIT
S 221 ...
S!
