# Parts of a message, and \Seen only where it belongs.
mail
From: Ann <ann@client.test>
Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

one
--b
Content-Type: message/rfc822

Subject: inner

two
--b--
.
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b SELECT INBOX
S* b OK ...
C c FETCH 1 (BODY.PEEK[1] BODY.PEEK[2.HEADER])
S * 1 FETCH (BODY[1] {n3:\{3\}}
S one BODY[2.HEADER] {n18:\{18\}}
S Subject: inner
S
S )
S c OK ...
C d FETCH 1 (BODY.PEEK[HEADER.FIELDS (FROM)] BODY[2.TEXT]<1.2>)
S * 1 FETCH (BODY[HEADER.FIELDS (FROM)] {n31:\{31\}}
S From: Ann <ann@client.test>
S
S  BODY[2.TEXT]<1> {n2:\{2\}}
S wo FLAGS (\\Seen \\Recent))
S d OK ...
C e FETCH 1 BODY.PEEK[7]
S * 1 FETCH (BODY[7] NIL)
S e OK ...
C f FETCH 1 ENVELOPE
S * 1 FETCH (ENVELOPE (... "parts" (("Ann" NIL "ann" "client.test")) ...))
S f OK ...
C g UID SEARCH SUBJECT PARTS NOT BODY three
S * SEARCH 1
S g OK ...
