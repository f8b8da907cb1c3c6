# Parts without their encoding, and NUL only where a client can take it (RFC 3516).
mail
From: Ann <ann@client.test>
Subject: binary
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Transfer-Encoding: base64

b25lAHR3bw==
--b
Content-Transfer-Encoding: x-uuencode

begin 644 x
--b--
.
S * OK ...
C a LOGIN {user} {password}
S a OK [...BINARY...
C b SELECT INBOX
S* b OK ...
C c FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1]<0.3> BINARY.PEEK[1]<4.9>)
S * 1 FETCH (BINARY.SIZE[1] 7 BINARY[1]<0> {n3:\{3\}}
S one BINARY[1]<4> {n3:\{3\}}
S two)
S c OK ...
C d FETCH 1 BINARY.PEEK[1]
S * 1 FETCH (BINARY[1] ~{n7:\{7\}}
S one\x00two)
S d OK ...
C e FETCH 1 BINARY[2]
S e NO [UNKNOWN-CTE] ...
C f APPEND INBOX ~{48+}
C Content-Transfer-Encoding: binary\r\n\r\none\x00two\r\n\xff\xfe
S* f OK [APPENDUID ...
C g FETCH 2 BINARY.PEEK[1]
S* * 2 FETCH (BINARY[1] ~{n11:\{11\}}
S one\x00two
S \xff\xfe)
S g OK ...
C h FETCH 2 (FLAGS BODY[1])
S* * 2 FETCH (FLAGS (\\Seen \\Recent) BODY[1] {n12:\{\d+\}}
S* h OK ...
